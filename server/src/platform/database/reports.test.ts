// Usage and the trail read on a real standby: never older than what the primary had, whatever becomes of the standby.
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { makePostgres, type OwnPostgres } from '../../testing/own-postgres.ts'
import { layWire, type Wire } from '../../testing/wire.ts'

let primary: OwnPostgres
let standby: OwnPostgres
let wire: Wire
let server: TestServer
let person: Person
let key: string
let calls = 0

const on = (port: number) => ({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })

beforeAll(async () => {
  primary = await makePostgres({ settings: { wal_level: 'replica', max_wal_senders: '3' } })
  standby = await makePostgres({ standbyOf: primary })
  await primary.start()
  await standby.start()
  wire = await layWire({ host: '127.0.0.1', port: standby.port })
  server = await startTestServer({
    database: on(primary.port),
    env: {
      DATABASE_URL: 'postgres://not.read.here/',
      DATABASE_REPLICA_URL: `postgres://postgres@127.0.0.1:${wire.port}/postgres`,
      AION_PLAN_OVERRIDES: '{"starter":{"activeKeys":100}}',
    },
  })
  person = await signUp(server)
  key = (await createKey(server, person)).api_key
})
afterAll(async () => {
  wire?.set('whole')
  await server?.stop()
  wire?.close()
  await standby?.discard()
  await primary?.discard()
})

const session = (path: string) => call(server, 'GET', `/api/v2${path}`, { token: person.token })
const where = async () => (await call(server, 'GET', '/readyz')).body.checks?.reports
const settled = (place: 'replica' | 'primary') => expect.poll(where, { timeout: 20_000 }).toBe(place)

/** The newest entry of the trail has to be in what is read at once afterwards. */
async function writeAndRead(): Promise<void> {
  const { id } = await createKey(server, person)
  expect((await session('/tenant/audit-logs?limit=1')).body.entries[0].resource_id).toBe(id)
}

async function writeAndExport(): Promise<void> {
  const { id } = await createKey(server, person)
  expect((await session('/tenant/audit-export')).text.trimEnd().split('\n').at(-1)).toContain(id)
}

/** Requests are written when somebody asks for them, once a second at most. */
async function countOneMore(): Promise<void> {
  expect((await call(server, 'GET', '/api/v2/user-files?limit=1', { token: key })).status).toBe(200)
  calls++
  await sleep(1_100)
  const summary = await session('/usage/summary')
  const details = await session('/usage/details')
  expect([summary.body.usage.total_requests, details.body.pagination.total_count]).toEqual([calls, calls])
}

async function reportsFrom(place: 'replica' | 'primary'): Promise<number> {
  const { text } = await call(server, 'GET', '/metrics')
  return Number(new RegExp(`aion_reports_total\\{from="${place}"\\} (\\d+)`).exec(text)?.[1])
}

test('the standby answers, and nothing that was acknowledged is missing', async () => {
  await settled('replica')
  const before = await reportsFrom('replica')
  for (let round = 0; round < 20; round++) await writeAndRead()
  await writeAndExport()
  await countOneMore()
  expect((await reportsFrom('replica')) - before).toBeGreaterThanOrEqual(20)
})

test('behind: the primary answers, and the standby again once it has caught up', async () => {
  await settled('replica')
  await standby.query('SELECT pg_wal_replay_pause()')
  const before = await reportsFrom('primary')
  await writeAndRead()
  expect(await reportsFrom('primary')).toBeGreaterThan(before)
  expect(await where()).toBe('primary')
  expect(server.logs()).toContain('it is more than 100 ms behind')
  await standby.query('SELECT pg_wal_replay_resume()')
  await settled('replica')
  expect(server.logs()).toContain('the replica answers reports again')
  await countOneMore()
})

test('busy with other reports: it is not taken for gone', async () => {
  await settled('replica')
  const before = await reportsFrom('replica')
  const held = new pg.Client(on(standby.port))
  await held.connect()
  await held.query('SELECT pg_advisory_lock(1)')
  const long = Array.from({ length: 20 }, () =>
    server.deps.reports.read((db) => sql`SELECT pg_advisory_xact_lock_shared(1)`.execute(db)),
  )
  const waiting = `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
  await expect.poll(async () => (await held.query(waiting)).rows[0].count, { timeout: 10_000 }).toBe(20)
  await writeAndRead()
  expect(await where()).toBe('replica')
  await held.end()
  await Promise.all(long)
  expect((await reportsFrom('replica')) - before).toBe(20)
})

test('a report that it refuses is no reason to leave it', async () => {
  await settled('replica')
  const refused = server.deps.reports.read((db) => sql`SELECT 1 / 0`.execute(db))
  await expect(refused).rejects.toThrow('division by zero')
  expect(await where()).toBe('replica')
})

test.each(['cut', 'held'] as const)('%s: the primary answers, within two seconds', async (fault) => {
  await settled('replica')
  wire.set(fault)
  const begun = performance.now()
  await writeAndRead()
  await writeAndExport()
  expect(performance.now() - begun).toBeLessThan(2_000)
  expect(await where()).toBe('primary')
  wire.set('whole')
  await settled('replica')
})

test('a database that is no copy is not asked', async () => {
  const other = await makePostgres()
  await other.start()
  const second = await startTestServer({
    database: on(primary.port),
    env: {
      DATABASE_URL: 'postgres://not.read.here/',
      DATABASE_REPLICA_URL: `postgres://postgres@127.0.0.1:${other.port}/postgres`,
    },
  })
  try {
    await expect.poll(() => second.logs(), { timeout: 10_000 }).toContain('it is no copy of the database at DATABASE_URL')
    expect((await call(second, 'GET', '/readyz')).body.checks.reports).toBe('primary')
  } finally {
    await second.stop()
    await other.discard()
  }
})

test('promoted: it is a database of its own from then on, and is not asked', async () => {
  await settled('replica')
  await standby.query('SELECT pg_promote()')
  await writeAndRead()
  expect(await where()).toBe('primary')
  expect(server.logs()).toContain('it is no standby')
  await writeAndRead()
})
