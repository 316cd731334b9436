// aion-admin as an operator runs it: a process of its own beside running servers, which see the change with their next request.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCredentials, sealCredentials } from './features/own-bucket/seal-credentials.ts'
import { call, createKey, signUp, startTestServer, type TestServer } from './testing/harness.ts'

const bin = fileURLToPath(new URL('../bin/aion-admin.js', import.meta.url))
/** The master that the harness gives its servers. */
const secret = '\u0007'.repeat(32)

let server: TestServer
let second: TestServer
beforeAll(async () => {
  server = await startTestServer()
  second = await startTestServer({ beside: server })
})
afterAll(async () => {
  await second.stop()
  await server.stop()
})

function databaseUrl(): string {
  const { user, password, host, port, database } = server.database
  const credentials = encodeURIComponent(String(user)) + (password ? `:${encodeURIComponent(String(password))}` : '')
  return `postgresql://${credentials}@${encodeURIComponent(String(host))}:${port ?? 5432}/${database}`
}

interface Outcome {
  code: number
  out: string
  err: string
}

function run(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const given = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: databaseUrl(),
      AION_SECRET: secret,
      AION_DATA_DIR: server.dataDir,
      ...env,
    }
    execFile(process.execPath, [bin, ...args], { env: given }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })
}

describe('plan set', () => {
  test('by address and by id: the next request on either server sees it', async () => {
    const owner = await signUp(server)
    const { api_key } = await createKey(server, owner)
    const use = (on: TestServer) => call(on, 'GET', '/api/v2/user-files', { token: api_key })
    for (const on of [server, second]) expect((await use(on)).status).toBe(200)
    const down = await run(['plan', 'set', owner.email.toUpperCase(), 'free'])
    for (const on of [server, second]) expect((await use(on)).body.error.code).toBe('INSUFFICIENT_SUBSCRIPTION_TIER')
    expect(down).toEqual({ code: 0, out: `Tenant ${owner.tenantId} is on FREE (before: STARTER).\n`, err: '' })
    expect((await run(['plan', 'set', owner.tenantId, 'Professional'])).code).toBe(0)
    for (const on of [server, second]) {
      const answer = await use(on)
      expect([answer.status, answer.headers.get('x-ratelimit-limit')]).toEqual([200, '100'])
    }
    const event = await server.db
      .selectFrom('audit_events')
      .selectAll()
      .where('tenant_id', '=', owner.tenantId)
      // The uses of the key are noted too, some seconds later.
      .where('action', '=', 'plan.set')
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow()
    expect(event).toMatchObject({
      event_type: 'tenant.updated',
      action: 'plan.set',
      user_id: null,
      metadata: { from: 'free', to: 'professional', by: 'operator' },
    })
  })

  test('exit 1 and a sentence for somebody unknown', async () => {
    expect(await run(['plan', 'set', 'nobody@example.com', 'starter'])).toEqual({
      code: 1,
      out: '',
      err: 'Nobody has signed up as nobody@example.com.\n',
    })
    const id = '123e4567-e89b-42d3-a456-426614174000'
    expect(await run(['plan', 'set', id, 'starter'])).toEqual({ code: 1, out: '', err: `There is no tenant ${id}.\n` })
  })
})

test('user verify opens what an unverified address may not reach', async () => {
  const person = await signUp(server, { verified: false })
  const reach = async () => (await call(server, 'GET', '/api/v2/api-keys', { token: person.token })).status
  expect(await reach()).toBe(403)
  expect(await run(['user', 'verify', person.email])).toEqual({ code: 0, out: `${person.email} is verified.\n`, err: '' })
  expect(await reach()).toBe(200)
  expect((await run(['user', 'verify', person.email])).out).toBe(`${person.email} was verified already.\n`)
  expect((await run(['user', 'verify', 'nobody@example.com'])).code).toBe(1)
})

test('member add gives a role and changes it, never the owner’s', async () => {
  const owner = await signUp(server)
  const other = await signUp(server)
  const within = { token: other.token, headers: { 'x-tenant-id': owner.tenantId } }
  const read = async () => (await call(server, 'GET', '/api/v2/api-keys', within)).status
  const create = async () => (await call(server, 'POST', '/api/v2/api-keys', { ...within, body: { name: 'n' } })).status
  expect(await read()).toBe(404)
  expect((await run(['member', 'add', owner.tenantId, other.email, 'viewer'])).code).toBe(0)
  expect([await read(), await create()]).toEqual([200, 403])
  expect((await run(['member', 'add', owner.tenantId, other.email, 'admin'])).out).toContain('(before: viewer)')
  expect(await create()).toBe(201)
  expect((await run(['member', 'add', owner.tenantId, other.email, 'admin'])).code).toBe(1)
  expect((await run(['member', 'add', owner.tenantId, owner.email, 'viewer'])).err).toBe("The owner's role cannot be changed.\n")
  expect((await run(['member', 'add', owner.tenantId, 'nobody@example.com', 'viewer'])).code).toBe(1)
})

describe('audit verify', () => {
  test('proves an intact trail, names a broken row and exits with 1', async () => {
    const owner = await signUp(server)
    expect(await run(['audit', 'verify', owner.tenantId])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^The trail is intact: \d+ rows\.\n$/),
    })
    const rows = server.db.updateTable('audit_events').where('tenant_id', '=', owner.tenantId)
    await rows.set({ ip_address: '192.0.2.99' }).where('sequence', '=', 2).execute()
    const broken = await run(['audit', 'verify'])
    expect(broken.code).toBe(1)
    expect(broken.out).toMatch(
      new RegExp(`BROKEN tenant ${owner.tenantId} at row 2 \\([0-9a-f-]{36}\\): this row or its link was altered`),
    )
  })
})

test('secrets rotate seals the credentials of buckets anew; running servers open them as before', async () => {
  const { tenantId } = await signUp(server)
  const { secrets } = server.deps
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'of-the-bucket' }
  const sealed = sealCredentials(secrets, 1, tenantId, credentials)
  const row = { tenant_id: tenantId, bucket_name: 'a-bucket', region: 'eu-west-1', key_version: 1, credentials: sealed }
  await server.db
    .insertInto('own_buckets')
    .values({ ...row, configured_at: new Date() })
    .execute()
  expect(await run(['secrets', 'rotate'])).toMatchObject({
    code: 0,
    out: 'Key 2 seals the credentials of buckets from now on; 1 was sealed anew.\n',
  })
  const after = await server.db.selectFrom('own_buckets').selectAll().executeTakeFirstOrThrow()
  expect([after.key_version, after.credentials.equals(sealed)]).toEqual([2, false])
  expect(openCredentials(second.deps.secrets, 2, tenantId, after.credentials)).toEqual(credentials)
  expect((await run(['secrets', 'rotate', 'now'])).code).toBe(2)
})

describe('what is wrong is said', () => {
  test('--help exits with 0, nonsense with 2', async () => {
    const helped = await run(['--help'], { DATABASE_URL: '' })
    expect([helped.code, helped.err]).toEqual([0, ''])
    expect(helped.out).toContain('aion-admin plan set')
    expect((await run(['plan', 'set'])).code).toBe(2)
    expect((await run([])).code).toBe(2)
  })

  test('another secret changes nothing', async () => {
    const owner = await signUp(server)
    const refused = await run(['plan', 'set', owner.tenantId, 'free'], { AION_SECRET: 'x'.repeat(40) })
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('not the secret of the server')])
    const status = await call(server, 'GET', '/api/v2/payment/subscription/status', { token: owner.token })
    expect(status.body.plan_name).toBe('Starter')
  })

  test('a database that is not there, a data directory that is not there, a configuration that is wrong', async () => {
    const away = await run(['audit', 'verify'], { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' })
    expect([away.code, away.err]).toEqual([1, expect.stringContaining('cannot be reached (ECONNREFUSED)')])
    const missing = await run(['audit', 'verify'], { DATABASE_URL: '', AION_DATA_DIR: '/nowhere/at/all' })
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('There is no data directory /nowhere/at/all')])
    const wrong = await run(['audit', 'verify'], { PORT: 'x' })
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('PORT must be')])
  })
})

test('starts the embedded database when none runs, and stops it again', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'aion-admin-'))
  try {
    const env = { DATABASE_URL: '', AION_DATA_DIR: dataDir, AION_SECRET: '' }
    expect(await run(['audit', 'verify'], env)).toEqual({ code: 0, out: 'All 0 trails are intact: 0 rows.\n', err: '' })
    expect((await run(['user', 'verify', 'nobody@example.com'], env)).err).toBe('Nobody has signed up as nobody@example.com.\n')
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
