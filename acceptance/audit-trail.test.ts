// The audit trail's guide as its reader runs it, and its promise from outside: an edit in the database is found and named.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, signUp, succeed } from './support/client.ts'
import { databaseOf } from './support/database.ts'
import { snippets } from './support/documents.ts'
import { bash } from './support/run.ts'
import { relaxed, type Server, startServer } from './support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer(relaxed)
})
afterAll(() => server.discard())

test('the snippets of docs/guide/audit-trail.md work', async () => {
  const owner = await signUp(server.url)
  await createKey(server.url, owner.session)
  const env = { AION: server.url, SESSION: owner.session }
  const { code, stderr, stdout } = await bash(snippets('docs/guide/audit-trail.md', 'bash').join('\n'), env)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  expect(stdout).toContain('"event_type":"api_key.created"')
  expect(stdout).toMatch(/\{"intact":true,"rows":\d+,"first_sequence":1\}$/)
})

test('S41 what is edited or removed behind the server is named to the admin', async () => {
  const owner = await signUp(server.url)
  for (let count = 0; count < 3; count++) await createKey(server.url, owner.session)
  const verify = () => succeed(call(server.url, 'POST', '/api/v2/tenant/audit-verify', { token: owner.session }))
  const listed = await succeed(
    call(server.url, 'GET', '/api/v2/tenant/audit-logs?event_type=api_key.created', { token: owner.session }),
  )
  const { id, sequence } = (listed.at('entries') as { id: string; sequence: number }[])[1] ?? { id: '', sequence: 0 }
  const database = await databaseOf(server)
  await database.query(`UPDATE audit_events SET ip_address = '192.0.2.1' WHERE id = $1`, [id])
  expect(JSON.parse((await verify()).raw)).toMatchObject({ intact: false, sequence, event_id: id })
  await database.query('DELETE FROM audit_events WHERE id = $1', [id])
  expect(JSON.parse((await verify()).raw)).toMatchObject({ intact: false, sequence, event_id: null })
  await database.end()
})
