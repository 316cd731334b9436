// When a part of us fails in the middle of deciding who may enter, nobody is let in, and the answer says to come back.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, inject, it } from 'vitest'
import { call, createKey, signUp, startTestServer } from '../testing/harness.ts'

it('S35 lets nobody in while the database is gone, and everybody again when it is back', async () => {
  const server = await startTestServer()
  const person = await signUp(server)
  const { api_key } = await createKey(server, person)
  const use = (token: string) => call(server, 'GET', '/api/v2/user-files', { token })
  expect([(await use(api_key)).status, (await use(person.token)).status]).toEqual([200, 200])

  const admin = new pg.Client({ ...inject('database') })
  await admin.connect()
  const name = server.database.database
  await admin.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`)
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
  await sleep(100)
  for (const token of [api_key, person.token]) {
    const answer = await use(token)
    expect([answer.status, answer.body.error.code, answer.headers.get('retry-after')]).toEqual([503, 'UNAVAILABLE', '2'])
    expect(answer.text).not.toMatch(/select|postgres|stack|at /i)
  }
  const login = await call(server, 'POST', '/api/v2/auth/session/login', {
    body: { email: person.email, password: person.password },
  })
  expect(login.status).toBe(503)
  expect((await call(server, 'GET', '/healthz')).status).toBe(200)
  expect((await call(server, 'GET', '/readyz')).status).toBe(503)

  await admin.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`)
  await admin.end()
  await expect.poll(async () => (await use(api_key)).status, { timeout: 30_000 }).toBe(200)
  expect((await use(person.token)).status).toBe(200)
  await server.stop()
})

it('gives up a query that takes longer than AION_STATEMENT_TIMEOUT, and says to come back', async () => {
  const server = await startTestServer({ env: { AION_STATEMENT_TIMEOUT: '1' } })
  const person = await signUp(server)
  const other = new pg.Client({ ...server.database })
  await other.connect()
  await other.query('BEGIN; LOCK TABLE audit_events')
  const answer = await call(server, 'GET', '/api/v2/tenant/audit-logs', { token: person.token })
  expect([answer.status, answer.body.error.code, answer.headers.get('retry-after')]).toEqual([503, 'UNAVAILABLE', '2'])
  await other.end()
  expect((await call(server, 'GET', '/api/v2/tenant/audit-logs', { token: person.token })).status).toBe(200)
  await server.stop()
})

it('S20 follows no address that a link or a form names', async () => {
  const server = await startTestServer()
  for (const target of [
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    'https://good.evil.example',
    '%252F%252Fevil.example',
  ])
    for (const name of ['next', 'redirect', 'redirect_uri', 'callback', 'return_to'])
      for (const path of ['/auth/verify-email', '/auth/reset-password', '/']) {
        const answer = await call(server, 'GET', `${path}?token=x&${name}=${encodeURIComponent(target)}`)
        expect(answer.headers.get('location')).toBeNull()
        expect(answer.text).not.toContain('evil')
        expect(answer.text).not.toContain('javascript:')
      }
  await server.stop()
})
