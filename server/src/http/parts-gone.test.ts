// What is answered while PostgreSQL or Redis is gone, or as slow as gone: the real parts, behind a wire that is cut or held.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../testing/harness.ts'
import { layWire, type Wire } from '../testing/wire.ts'
import { createStrain } from './overload.ts'

const redis = inject('redis')
const database = inject('database')
const socket = `${database.host}/.s.PGSQL.${database.port}`
const toDatabase = database.host?.startsWith('/') ? { path: socket } : { host: database.host, port: Number(database.port) }
const through = (wire: Wire) => ({ host: '127.0.0.1', port: wire.port })

/** A read that needs no row: what is left of a request once the key has been decided on. */
const read = (server: TestServer, key: string) => call(server, 'GET', `/api/v2/nothing-${randomUUID()}`, { token: key })
const write = (server: TestServer, key: string) =>
  call(server, 'POST', '/api/v2/uploads/request-presigned-url', {
    token: key,
    body: { filename: 'a.png', content_type: 'image/png', size_bytes: 100 },
  })
const outage = (answer: Awaited<ReturnType<typeof call>>) => [
  answer.status,
  answer.body.error?.code,
  answer.headers.get('retry-after'),
]
const gone = [503, 'UNAVAILABLE', '2']
const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const begun = performance.now()
  return [await work(), performance.now() - begun]
}
const counters = async (server: TestServer) => (await call(server, 'GET', '/readyz')).body.checks.counters
const stalls = { retry: 2 }
const ready = (server: TestServer) => expect.poll(async () => (await call(server, 'GET', '/readyz')).status, { timeout: 15_000 })

describe('one server whose PostgreSQL lives, and something in it does not move', () => {
  let server: TestServer
  let busy: Person
  let other: Person
  let busyKey: string
  beforeAll(async () => {
    server = await startTestServer({ env: { REDIS_URL: '', AION_STATEMENT_TIMEOUT: '4', AION_DATABASE_POOL: '5' } })
    busy = await signUp(server)
    other = await signUp(server)
    busyKey = (await createKey(server, busy)).id
  })
  afterAll(() => server.stop())

  it('a locked row holds up who needs it for two seconds, and nobody else', async () => {
    const rename = () => call(server, 'PUT', `/api/v2/api-keys/${busyKey}`, { token: busy.token, body: { name: 'New' } })
    const holder = await server.deps.pool.connect()
    try {
      await holder.query('BEGIN')
      await holder.query('SELECT 1 FROM api_keys WHERE id = $1 FOR UPDATE', [busyKey])
      const [[refused, created], took] = await timed(() => Promise.all([rename(), createKey(server, other)]))
      expect(outage(refused)).toEqual(gone)
      expect(created.api_key).toMatch(/^aion_/)
      expect(took).toBeLessThan(3_900)
    } finally {
      await holder.query('ROLLBACK')
      holder.release()
    }
    expect((await rename()).status).toBe(200)
  })

  it('a connection on which nothing comes back is given up', async () => {
    const { rows } = await server.deps.pool.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'aionvision'`,
    )
    for (const { pid } of rows) process.kill(pid, 'SIGSTOP')
    try {
      const asked = Array.from({ length: rows.length }, () => call(server, 'GET', '/api/v2/api-keys', { token: busy.token }))
      const [answers, took] = await timed(() => Promise.all(asked))
      // Who came later found a connection that had been made anew.
      expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toContain(503)
      expect(took).toBeLessThan(9_000)
      expect((await call(server, 'GET', '/api/v2/api-keys', { token: busy.token })).status).toBe(200)
    } finally {
      for (const { pid } of rows) process.kill(pid, 'SIGCONT')
    }
  })

  it('a database that takes no writes is not ready', async () => {
    await server.deps.pool.query(
      'DO $$ BEGIN EXECUTE format($q$ALTER DATABASE %I SET default_transaction_read_only = on$q$, current_database()); END $$',
    )
    await server.deps.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'aionvision'`,
    )
    await ready(server).toBe(503)
  })
})

describe('one server whose PostgreSQL is gone', () => {
  let wire: Wire
  let server: TestServer
  let person: Person
  let key: string
  /** Never used, so in no memory. */
  let cold: string
  beforeAll(async () => {
    wire = await layWire(toDatabase)
    server = await startTestServer({
      database: through(wire),
      env: { REDIS_URL: '', AION_REQUESTS_MAX: '10', AION_PLAN_OVERRIDES: '{"starter":{"requestsPerMinute":1000}}' },
    })
    person = await signUp(server)
    key = (await createKey(server, person)).api_key
    cold = (await createKey(server, person)).api_key
    // It has asked how many servers there are.
    await sleep(400)
  })
  afterAll(async () => {
    wire.set('whole')
    await server.stop()
    wire.close()
  })

  it.each(['cut', 'held'] as const)(
    '%s: a key in memory still answers reads, a write is 503 within a second, and it returns',
    async (fault) => {
      await ready(server).toBe(200)
      expect((await read(server, key)).status).toBe(404)
      wire.set(fault)
      const [answer, took] = await timed(() => write(server, key))
      expect(outage(answer)).toEqual(gone)
      expect(took).toBeLessThan(1_500)
      const admitted = await read(server, key)
      expect([admitted.status, admitted.headers.get('x-ratelimit-limit')]).toEqual([404, '1000'])
      expect(outage(await read(server, cold))).toEqual(gone)
      expect((await call(server, 'GET', '/readyz')).status).toBe(503)
      expect(server.logs()).toContain('trusted for 30 s at most')
      wire.set('whole')
      await ready(server).toBe(200)
      expect((await write(server, key)).status).toBe(200)
    },
  )

  it('more requests than may be under way are refused at once; health stays green; what was accepted is answered', async () => {
    await ready(server).toBe(200)
    await read(server, key)
    wire.set('held')
    const held = Array.from({ length: 10 }, () => write(server, key))
    // Reads would be answered: until the wire is known to be held, only the ten stand in their way.
    await expect.poll(async () => outage(await read(server, key)), { timeout: 2_000, interval: 5 }).toEqual(gone)
    expect(server.logs()).toContain('overload: requests are refused')
    expect((await call(server, 'GET', '/healthz')).status).toBe(200)
    for (const answer of await Promise.all(held)) expect(outage(answer)).toEqual(gone)
    expect((await read(server, key)).status).toBe(404)
    wire.set('whole')
    await ready(server).toBe(200)
  })
})

it('one stall is no overload, three samples in a row are', () => {
  const judge = createStrain()
  const [good, stall, full] = [
    { lagMs: 5, memoryShare: 0.5 },
    { lagMs: 4_000, memoryShare: 0.5 },
    { lagMs: 5, memoryShare: 0.95 },
  ]
  expect([stall, good, stall, full, good, full, full, stall, stall, good].map(judge)).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
    false,
    true,
    true,
    false,
  ])
})

describe.skipIf(!redis)('one of two servers on one Redis', () => {
  let server: TestServer
  let cutOff: TestServer
  let person: Person
  const wires: Wire[] = []
  beforeAll(async () => {
    const { hostname, port } = new URL(redis)
    wires.push(await layWire(toDatabase), await layWire({ host: hostname, port: Number(port) }))
    const [toPostgres, toRedis] = wires
    if (!toPostgres || !toRedis) return
    const env = { AION_REDIS_PREFIX: `parts:${randomUUID()}:` }
    server = await startTestServer({ env: { ...env, REDIS_URL: redis } })
    cutOff = await startTestServer({
      beside: server,
      database: through(toPostgres),
      env: { ...env, REDIS_URL: `redis://127.0.0.1:${toRedis.port}` },
    })
    person = await signUp(server)
  })
  afterAll(async () => {
    for (const wire of wires) wire.set('whole')
    await cutOff.stop()
    await server.stop()
    for (const wire of wires) wire.close()
  })

  beforeEach(async () => {
    for (const wire of wires) wire.set('whole')
    await ready(cutOff).toBe(200)
    await expect.poll(() => counters(cutOff), { timeout: 30_000 }).toBe('exact')
  })

  // A machine that stalls for a second is deaf for that second: again, then.
  it(
    'without PostgreSQL it hears of a revocation through Redis, and without both it trusts nobody within a second',
    stalls,
    async () => {
      const [kept, revoked] = [await createKey(server, person), await createKey(server, person)]
      for (const { api_key } of [kept, revoked]) expect((await read(cutOff, api_key)).status).toBe(404)
      wires[0]?.set('held')
      expect(outage(await write(cutOff, kept.api_key))).toEqual(gone)
      for (const { api_key } of [kept, revoked]) expect((await read(cutOff, api_key)).status).toBe(404)
      expect((await call(server, 'DELETE', `/api/v2/api-keys/${revoked.id}`, { token: person.token })).status).toBe(204)
      await expect.poll(async () => (await read(cutOff, revoked.api_key)).status, { timeout: 1_000, interval: 10 }).toBe(503)
      expect((await read(cutOff, kept.api_key)).status).toBe(404)
      wires[1]?.set('held')
      await expect.poll(async () => outage(await read(cutOff, kept.api_key)), { timeout: 1_500, interval: 20 }).toEqual(gone)
      for (const wire of wires) wire.set('whole')
      await ready(cutOff).toBe(200)
      expect((await read(cutOff, kept.api_key)).status).toBe(404)
      expect((await read(cutOff, revoked.api_key)).status).toBe(401)
    },
  )

  it('without Redis it stays ready and says that it counts its share', async () => {
    wires[1]?.set('cut')
    await expect.poll(() => counters(cutOff), { timeout: 3_000 }).toBe('shares')
    expect(cutOff.logs()).toContain('Redis does not answer')
    const { headers } = await read(cutOff, (await createKey(cutOff, person)).api_key)
    const told = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'ratelimit-policy'].map((name) => headers.get(name))
    expect(told).toEqual(['15', '14', '"key";q=15;w=60'])
    wires[1]?.set('whole')
    await expect.poll(() => counters(cutOff), { timeout: 30_000 }).toBe('exact')
  })
})
