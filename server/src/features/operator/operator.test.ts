// The two questions of a load balancer, through HTTP.
import pg from 'pg'
import { expect, test, vi } from 'vitest'
import { call, startTestServer } from '../../testing/harness.ts'

test('healthz and readyz answer 200 while all is well, to anybody', async () => {
  const server = await startTestServer()
  try {
    expect((await call(server, 'GET', '/healthz')).body).toEqual({ status: 'ok' })
    const ready = await call(server, 'GET', '/readyz')
    expect([ready.status, ready.body]).toEqual([
      200,
      { status: 'ready', checks: { database: 'ok', changes: 'ok', counters: 'exact' } },
    ])
  } finally {
    await server.stop()
  }
})

test('readyz answers 503 while the database is away, healthz stays 200, and both recover', async () => {
  const server = await startTestServer()
  const admin = new pg.Client({ ...server.database, database: 'postgres' })
  await admin.connect()
  const connections = async (allowed: boolean) => {
    await admin.query(`ALTER DATABASE "${server.database.database}" ALLOW_CONNECTIONS ${allowed}`)
    if (!allowed)
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [server.database.database])
  }
  try {
    await connections(false)
    await vi.waitFor(async () => {
      const answer = await call(server, 'GET', '/readyz')
      expect([answer.status, answer.body.error?.code]).toEqual([503, 'UNAVAILABLE'])
      expect(answer.body.error.details.checks).toMatchObject({ database: 'failing' })
    }, 5_000)
    expect((await call(server, 'GET', '/healthz')).status).toBe(200)
    await connections(true)
    await vi.waitFor(async () => expect((await call(server, 'GET', '/readyz')).status).toBe(200), {
      timeout: 15_000,
      interval: 200,
    })
  } finally {
    await connections(true)
    await admin.end()
    await server.stop()
  }
})
