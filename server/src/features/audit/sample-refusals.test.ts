// Refusals in the trail: exact counts, few rows.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { createRefusalSampler } from './sample-refusals.ts'
import { verifyChain } from './verify-chain.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

/** Refusals are answered by a second server, whose clean stop writes what it has counted. */
async function refusedBy(work: (other: TestServer) => Promise<void>): Promise<void> {
  const other = await startTestServer({ beside: server })
  await work(other).finally(() => other.stop())
}

const rowsOf = ({ tenantId }: Person, type: string) =>
  server.db
    .selectFrom('audit_events')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('event_type', '=', type)
    .orderBy('sequence')
    .execute()
const total = (rows: { metadata: unknown }[]) =>
  rows.reduce((sum, { metadata }) => sum + (metadata as { count: number }).count, 0)
const list = (other: TestServer, token: string) => call(other, 'GET', '/api/v2/user-files', { token })

test('a flood against a limit is one or two rows with the exact count', async () => {
  const ada = await signUp(server)
  const { id, api_key } = await createKey(server, ada)
  let refused = 0
  await refusedBy(async (other) => {
    for (let times = 0; times < 10; times++) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => list(other, api_key)))
      refused += answers.filter(({ status }) => status === 429).length
    }
  })
  const rows = await rowsOf(ada, 'security.rate_limit_exceeded')
  expect(total(rows)).toBe(refused)
  expect(refused).toBeGreaterThan(400)
  expect(rows.length).toBeLessThanOrEqual(2)
  expect(rows[0]).toMatchObject({
    api_key_id: id,
    user_id: ada.userId,
    ip_address: '127.0.0.1',
    result: 'denied',
    severity: 'warning',
    error_message: 'RATE_LIMIT_ERROR',
    metadata: { code: 'RATE_LIMIT_ERROR', method: 'GET', route: '/api/v2/user-files' },
  })
  expect(await verifyChain(server.db, server.deps.audit, ada.tenantId)).toMatchObject({ intact: true })
})

test('what a key may not do, where it may not be used, and that it is dead, each under its own type', async () => {
  const ada = await signUp(server)
  const reader = await createKey(server, ada, { scopes: ['read'] })
  const pinned = await createKey(server, ada, { allowed_ips: ['192.0.2.0/24'] })
  const revoked = await createKey(server, ada)
  const expired = await createKey(server, ada)
  await call(server, 'DELETE', `/api/v2/api-keys/${revoked.id}`, { token: ada.token })
  await server.db
    .updateTable('api_keys')
    .set({ expires_at: new Date(0) })
    .where('id', '=', expired.id)
    .execute()
  await refusedBy(async (other) => {
    for (let times = 0; times < 3; times++) await call(other, 'DELETE', '/api/v2/user-files/x', { token: reader.api_key })
    await call(other, 'GET', '/api/v2/api-keys', { token: reader.api_key })
    for (const key of [pinned, revoked, expired]) await list(other, key.api_key)
  })
  const denied = await rowsOf(ada, 'permission.denied')
  expect(total(denied)).toBe(4)
  expect(denied[0]).toMatchObject({ api_key_id: reader.id })
  const failed = await rowsOf(ada, 'api_key.failed')
  expect(total(failed)).toBe(3)
  expect(Object.fromEntries(failed.map((row) => [row.api_key_id, row.error_message]))).toEqual({
    [pinned.id]: 'IP_NOT_ALLOWED',
    [revoked.id]: 'REVOKED_API_KEY',
    [expired.id]: 'EXPIRED_API_KEY',
  })
})

test('strangers and fresh proofs leave nothing', async () => {
  const ada = await signUp(server)
  const before = await server.db.selectFrom('audit_events').select('id').execute()
  await server.db
    .updateTable('sessions')
    .set({ authenticated_at: new Date(0) })
    .where('user_id', '=', ada.userId)
    .execute()
  await refusedBy(async (other) => {
    await list(other, `aion_live_${'x'.repeat(38)}`)
    await list(other, 'ses_unknown')
    await call(other, 'POST', '/api/v2/api-keys', { token: ada.token, body: { name: 'stale' } })
  })
  expect(await server.db.selectFrom('audit_events').select('id').execute()).toHaveLength(before.length)
})

test('at most a row a minute, then one with all that came since; nothing is lost when the database is away', async () => {
  const ada = await signUp(server)
  const clock = fakeClock()
  const { db, audit, log } = server.deps
  let away = false
  const transaction = () => {
    if (away) throw new Error('the database is away')
    return db.transaction()
  }
  const sampler = createRefusalSampler({ db: { transaction } as never, audit, clock, log })
  const note = (times: number) => {
    const request = { method: 'GET', ip: '192.0.2.1', routeOptions: { url: '/x' }, principal: null }
    const subject = { keyId: '6d0ae2a4-2c93-4d5d-9d4e-3d7b1f9fd0a1', tenantId: ada.tenantId, userId: ada.userId }
    for (let count = 0; count < times; count++) sampler.note(request as never, 'IP_NOT_ALLOWED', subject)
  }
  const counts = async () => (await rowsOf(ada, 'api_key.failed')).map(({ metadata }) => (metadata as { count: number }).count)
  note(3)
  await sampler.flush()
  note(1_000)
  await sampler.flush()
  expect(await counts()).toEqual([3])
  clock.advance(60_000)
  await sampler.flush()
  expect(await counts()).toEqual([3, 1_000])
  note(5)
  clock.advance(60_000)
  away = true
  await sampler.flush()
  note(2)
  away = false
  await sampler.stop()
  expect(await counts()).toEqual([3, 1_000, 7])
})

test('more callers than are told apart are counted per workspace', async () => {
  const ada = await signUp(server)
  const { audit, log } = server.deps
  const clock = fakeClock()
  let writes = 0
  const counting = { transaction: () => ({ execute: async () => void writes++ }) }
  const sampler = createRefusalSampler({ db: counting as never, audit, clock, log })
  const request = { method: 'GET', ip: '192.0.2.1', routeOptions: { url: '/x' }, principal: null }
  for (let key = 0; key < 10_500; key++)
    sampler.note(request as never, 'IP_NOT_ALLOWED', { keyId: String(key), tenantId: ada.tenantId, userId: ada.userId })
  await sampler.flush()
  expect(writes).toBe(10_001)
})
