// What servers see of each other when they start: a setting that differs would only go wrong later, and for some requests.
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { signUp, startTestServer, type TestServer } from '../testing/harness.ts'

const [noRedis, otherSecret] = ['REDIS_URL is not set', 'AION_SECRET is not that of another server']
let first: TestServer
beforeAll(async () => {
  first = await startTestServer({ env: { REDIS_URL: '' } })
})
afterAll(() => first.stop())

it('is alone, and says nothing', () => {
  for (const sentence of [noRedis, otherSecret]) expect(first.logs()).not.toContain(sentence)
})

it('says that limits are counted apart, and that a secret differs', async () => {
  const same = await startTestServer({ beside: first, env: { REDIS_URL: '' } })
  expect(same.logs()).toContain(noRedis)
  expect(same.logs()).not.toContain(otherSecret)
  await same.stop()
  const other = await startTestServer({ beside: first, env: { REDIS_URL: '' }, secret: Buffer.alloc(32, 8) })
  expect(other.logs()).toContain(otherSecret)
  await other.stop()
})

it('does not start with a secret that did not make the trails, unless it is told to', async () => {
  const server = await startTestServer({ env: { REDIS_URL: '' } })
  await signUp(server)
  const secret = Buffer.alloc(32, 8)
  await expect(startTestServer({ beside: server, env: { REDIS_URL: '' }, secret })).rejects.toThrow(
    'is not the one that made the audit trail of this database: give this server the same as before',
  )
  const told = await startTestServer({ beside: server, env: { REDIS_URL: '', AION_SECRET_CHANGED: 'true' }, secret })
  expect(told.logs()).toContain('the trail of each workspace is broken where this server goes on')
  await told.stop()
  await server.stop()
})

it.skipIf(!inject('redis'))('says nothing of a server that has a Redis', async () => {
  const counted = await startTestServer({ beside: first, env: { REDIS_URL: inject('redis') } })
  expect(counted.logs()).not.toContain(noRedis)
  await counted.stop()
})

it('tells what became of a server while it connected anew', async () => {
  const other = await startTestServer({ beside: first, env: { REDIS_URL: '' } })
  const seen = (others: number[]) => vi.waitFor(() => expect(first.deps.changes.apart.others).toEqual(others), 10_000)
  other.deps.changes.apart.say(3)
  await seen([3])
  await first.deps.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'aion-listener:%:3'`)
  while (other.deps.changes.live) await setImmediate()
  // By then it is connecting, by the old name.
  await sleep(2)
  other.deps.changes.apart.say(null)
  await vi.waitFor(() => expect(other.deps.changes.live).toBe(true), 10_000)
  await sleep(1_000)
  await seen([])
  await other.stop()
})
