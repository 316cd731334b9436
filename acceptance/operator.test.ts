// aion-admin from the shell: joins a running server's database and is back when the server has taken the change; works without one too.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backendsOf } from './support/backends.ts'
import { call, createKey, register, signIn, signUp } from './support/client.ts'
import { type Run, run } from './support/run.ts'
import { relaxed, repository, type Server, startServer } from './support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer(relaxed)
})
afterAll(() => server.discard())

async function admin(...words: string[]): Promise<Run> {
  const env = { AION_DATA_DIR: server.dataDir, ...(await backendsOf(server.dataDir)) }
  return run(process.execPath, [join(repository, 'server/bin/aion-admin.js'), ...words], '', env, repository)
}

test('a plan set from the shell decides the very next request', async () => {
  const owner = await signUp(server.url)
  const { key } = await createKey(server.url, owner.session)
  const use = async () => (await call(server.url, 'GET', '/api/v2/user-files', { token: key })).status
  expect(await use()).toBe(200)
  for (const [plan, status] of [
    ['free', 403],
    ['professional', 200],
    ['free', 403],
  ] as const) {
    const { code, stderr } = await admin('plan', 'set', owner.email, plan)
    expect(`${code} ${stderr}`).toBe('0 ')
    expect(await use()).toBe(status)
  }
})

test('an address verified from the shell opens the session that is signed in', async () => {
  const { email, password } = await register(server.url)
  const session = await signIn(server.url, email, password)
  const look = async () => (await call(server.url, 'GET', '/api/v2/user-files', { token: session })).status
  expect(await look()).toBe(403)
  expect((await admin('user', 'verify', email)).code).toBe(0)
  expect(await look()).toBe(200)
})

test('what it cannot do it says in a sentence, with exit code 1', async () => {
  const { code, stderr } = await admin('plan', 'set', 'nobody@example.com', 'starter')
  expect(code).toBe(1)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test('with no server running it starts the database for itself, and leaves nothing running', async () => {
  const { email, password } = await register(server.url)
  await server.stop()
  expect((await admin('user', 'verify', email)).code).toBe(0)
  expect((await admin('plan', 'set', email, 'starter')).code).toBe(0)
  expect((await admin('audit', 'verify')).code).toBe(0)
  server = await startServer(relaxed, server.dataDir)
  const session = await signIn(server.url, email, password)
  expect((await createKey(server.url, session)).key).toMatch(/^aion_live_/)
})
