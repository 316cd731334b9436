// One of three servers is cut off from a Redis that the others reach: what it admits by its share is not admitted on top of the limit.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { publishAndAwaitServers } from '../../platform/await-servers.ts'
import { fakeClock, startTestServer, type TestServer } from '../../testing/harness.ts'
import { layWire, type Wire } from '../../testing/wire.ts'

const url = inject('redis')
const windowMs = 60_000
const clock = fakeClock()
let way: Wire
let servers: TestServer[] = []
beforeAll(async () => {
  if (!url) return
  const { hostname, port } = new URL(url)
  way = await layWire({ host: hostname, port: Number(port) })
  const common = { clock, env: { REDIS_URL: url, AION_REDIS_PREFIX: `apart:${randomUUID()}:` } }
  const first = await startTestServer(common)
  const second = await startTestServer({ ...common, beside: first })
  const cut = await startTestServer({
    ...common,
    beside: first,
    env: { ...common.env, REDIS_URL: `redis://127.0.0.1:${way.port}` },
  })
  servers = [first, second, cut]
}, 60_000)
afterAll(async () => {
  for (const server of servers.reverse()) await server.stop()
  way?.close()
})

const limiters = () => servers.map(({ deps }) => deps.limiter)
const see = (others: number[][]) =>
  vi.waitFor(() => expect(servers.map(({ deps }) => deps.changes.apart.others)).toEqual(others), {
    timeout: 20_000,
    interval: 20,
  })

const logged = (sentence: string) => vi.waitFor(() => expect(servers[0]?.logs()).toContain(sentence), 5_000)

/** By each server, of 200 it is asked for. */
async function admitted(name: string, limit: number): Promise<number[]> {
  const asked = limiters().map((limiter) => Array.from({ length: 200 }, () => limiter.decide(name, limit, windowMs)))
  return Promise.all(asked.map(async (decisions) => (await Promise.all(decisions)).filter(({ allowed }) => allowed).length))
}
const sum = ([first = 0, second = 0, third = 0]: number[]) => first + second + third

it.skipIf(!url)('the others leave it its share, say so, and take it back', async () => {
  await see([[], [], []])
  way.set('cut')
  await vi.waitFor(() => expect(limiters().map((limiter) => limiter.exact())).toEqual([true, true, false]), 20_000)
  await see([[3], [3], []])
  const first = await admitted('key', 100)
  expect([sum(first), first[2]]).toEqual([100, 33])
  expect(sum(await admitted('rare', 2))).toBe(2)
  expect(await limiters()[0]?.peek({ name: 'key', limit: 100, windowMs })).toMatchObject({ limit: 100, remaining: 0 })
  await logged('Another server does not reach Redis')
  const { pool, db } = (servers[0] as TestServer).deps
  await publishAndAwaitServers(pool, db, async () => {}, { kind: 'key', id: randomUUID() }, 2_000)
  way.set('whole')
  await see([[], [], []])
  await vi.waitFor(() => expect(limiters().map((limiter) => limiter.exact())).toEqual([true, true, true]), 20_000)
  expect(await admitted('key', 100)).toEqual([0, 0, 0])
  expect(sum(await admitted('other', 100))).toBe(100)
  clock.advance(windowMs)
  expect(sum(await admitted('key', 100))).toBe(100)
  await logged('Every server reaches Redis again')
})
