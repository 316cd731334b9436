// Servers that are cut off from Redis, one alone or one after the other: PostgreSQL tells how many share a limit, and whom a share is left to.
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { publishAndAwaitServers } from '../../platform/await-servers.ts'
import { fakeClock, startTestServer, type TestServer } from '../../testing/harness.ts'
import { layWire, type Wire, type WireState } from '../../testing/wire.ts'

const url = inject('redis')
const windowMs = 60_000
const clock = fakeClock()
const prefix = `apart:${randomUUID()}:`
const ways: Wire[] = []
const servers: TestServer[] = []

/** It knows of no others, as on the empty disk of a container. */
async function begin(state: WireState): Promise<void> {
  const { hostname, port } = new URL(url)
  const way = await layWire({ host: hostname, port: Number(port) })
  way.set(state)
  if (servers[0]) await rm(join(servers[0].dataDir, 'servers'), { force: true })
  const env = { REDIS_URL: `redis://127.0.0.1:${way.port}`, AION_REDIS_PREFIX: prefix }
  ways.push(way)
  servers.push(await startTestServer({ clock, env, beside: servers[0] }))
}

beforeAll(async () => {
  if (url) for (const _ of [1, 2, 3]) await begin('whole')
}, 60_000)
afterAll(async () => {
  for (const server of servers.reverse()) await server.stop()
  for (const way of ways) way.close()
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
const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0)
const areExact = (expected: boolean[]) =>
  vi.waitFor(() => expect(limiters().map((limiter) => limiter.exact())).toEqual(expected), 20_000)
/** Each time of a key that nobody has used. */
const shareOut = (expected: number[]) =>
  vi.waitFor(async () => expect(await admitted(randomUUID(), 100)).toEqual(expected), { timeout: 5_000, interval: 100 })

it.skipIf(!url)('the others leave it its share, say so, and take it back', async () => {
  await see([[], [], []])
  ways[2]?.set('cut')
  await areExact([true, true, false])
  await see([[3], [3], []])
  const first = await admitted('key', 100)
  expect([sum(first), first[2]]).toEqual([100, 33])
  expect(sum(await admitted('rare', 2))).toBe(2)
  expect(await limiters()[0]?.peek({ name: 'key', limit: 100, windowMs })).toMatchObject({ limit: 100, remaining: 0 })
  await logged('Another server does not reach Redis')
  const { pool, db } = (servers[0] as TestServer).deps
  await publishAndAwaitServers(pool, db, async () => {}, { kind: 'key', id: randomUUID() }, 2_000)
  ways[2]?.set('whole')
  await see([[], [], []])
  await areExact([true, true, true])
  expect(await admitted('key', 100)).toEqual([0, 0, 0])
  expect(sum(await admitted('other', 100))).toBe(100)
  clock.advance(windowMs)
  expect(sum(await admitted('key', 100))).toBe(100)
  await logged('Every server reaches Redis again')
})

it.skipIf(!url)(
  'each is one of as many as there are: who begins meanwhile is counted, and who ended no longer, after a minute',
  async () => {
    ways[2]?.set('cut')
    await areExact([true, true, false])
    // Until Redis has heard nothing of it for so long that it counts two.
    await sleep(11_000)
    for (const way of ways) way.set('cut')
    await areExact([false, false, false])
    await shareOut([33, 33, 33])

    await begin('cut')
    await shareOut([25, 25, 25, 25])
    await servers.pop()?.stop()
    ways.pop()?.close()
    await sleep(2_000)
    await shareOut([25, 25, 25])
    clock.advance(windowMs)
    await shareOut([33, 33, 33])

    for (const way of ways) way.set('whole')
    await areExact([true, true, true])
    expect(sum(await admitted('afterwards', 100))).toBe(100)
  },
  60_000,
)

it.skipIf(!url)('a server that counts elsewhere is noticed by both', async () => {
  const elsewhere = { REDIS_URL: url, AION_REDIS_PREFIX: `elsewhere:${randomUUID()}:` }
  const sentence = 'Not every server of this database counts in this Redis'
  const logs = () => servers.map((server) => server.logs().includes(sentence))
  expect(logs()).not.toContain(true)
  const other = await startTestServer({ env: elsewhere, beside: servers[0] })
  await vi.waitFor(() => expect([...logs(), other.logs().includes(sentence)]).not.toContain(false), 25_000)
  await other.stop()
})
