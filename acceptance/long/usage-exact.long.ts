// 100,000 requests of 50 keys: after a clean stop and a new start every figure of /usage is the load generator's own.
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, signIn, signUp, succeed } from '../support/client.ts'
import { relaxed, type Server, startServer, temporaryDirectory } from '../support/server.ts'

const requests = Number(process.env.USAGE_REQUESTS ?? 100_000)
const keyCount = 50
const connections = 64
const env = {
  ...relaxed,
  AION_TENANT_CEILING_FACTOR: '0',
  AION_PLAN_OVERRIDES: JSON.stringify({ enterprise: { requestsPerMinute: 100_000_000, activeKeys: 1_000 } }),
}

let dataDir: string
let server: Server | undefined
beforeAll(async () => {
  dataDir = await temporaryDirectory()
})
afterAll(async () => {
  await server?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

/** What was answered, as the one who asked counted it. */
class Tally {
  readonly byKey = new Map<string, { total: number; below400: number }>()
  readonly byRoute = new Map<string, number>()
  readonly byStatus = new Map<number, number>()
  total = 0
  below400 = 0

  add(keyId: string, route: string, status: number): void {
    const key = this.byKey.get(keyId) ?? { total: 0, below400: 0 }
    this.byKey.set(keyId, key)
    for (const counts of [this, key]) {
      counts.total++
      if (status < 400) counts.below400++
    }
    this.byRoute.set(route, (this.byRoute.get(route) ?? 0) + 1)
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1)
  }
}

/** Every kind of answer: stored rows, no such row, no such path, a refused value, no right, too often. */
const kinds = [
  ['GET', '/api/v2/user-files?limit=1', 'GET /api/v2/user-files'],
  ['GET', `/api/v2/user-files/${randomUUID()}`, 'GET /api/v2/user-files/:image_id'],
  ['GET', '/api/v2/nowhere', 'GET (unknown)'],
  ['GET', '/api/v2/user-files?limit=0', 'GET /api/v2/user-files'],
  ['DELETE', `/api/v2/user-files/${randomUUID()}`, 'DELETE /api/v2/user-files/:image_id'],
  ['GET', '/api/v2/usage/tokens/monthly', 'GET /api/v2/usage/tokens/monthly'],
] as const

/** The status, or null for a request that the server never took. */
function ask(agent: Agent, url: string, method: string, path: string, key: string): Promise<number | null> {
  return new Promise((resolve) => {
    const sent = request(url + path, { method, agent, headers: { authorization: `Bearer ${key}` } }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? null))
    })
    sent.once('error', () => resolve(null)).end()
  })
}

async function load(url: string, keys: readonly { id: string; key: string }[], count: number, tally: Tally): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  let next = 0
  const worker = async () => {
    while (next < count) {
      const index = next++
      const { id, key } = keys[index % keys.length] ?? { id: '', key: '' }
      const [method, path, route] = kinds[Math.floor(index / keys.length) % kinds.length] ?? kinds[0]
      const status = await ask(agent, url, method, path, key)
      if (status === null) return
      tally.add(id, route, status)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  agent.destroy()
}

/** Every figure against the tally; the totals by the owner, each key's by the key itself, whose own question comes after its answer. */
async function compare(url: string, session: string, keys: readonly { id: string; key: string }[], tally: Tally): Promise<void> {
  const read = (path: string, token: string) => succeed(call(url, 'GET', `/api/v2/usage/${path}`, { token }))
  const summary = await read('summary', session)
  expect(summary.at('usage')).toEqual({
    describe_count: 0,
    total_requests: tally.total,
    successful_requests: tally.below400,
    failed_requests: tally.total - tally.below400,
  })
  for (const unit of ['hour', 'day', 'month']) {
    const points = (await read(`by-period?period_type=${unit}`, session)).at('data') as { value: number }[]
    expect(
      points.reduce((sum, { value }) => sum + value, 0),
      unit,
    ).toBe(tally.total)
  }
  const details = await read('details', session)
  expect(details.at('pagination.total_count')).toBe(tally.total)
  expect(details.at('pagination.available_count')).toBe(Math.min(10_000, tally.total))
  type Endpoint = { method: string; endpoint: string; request_count: number }
  const endpoints = (await read('top-endpoints?limit=50', session)).at('endpoints') as Endpoint[]
  expect(new Map(endpoints.map(({ method, endpoint, request_count }) => [`${method} ${endpoint}`, request_count]))).toEqual(
    new Map([...tally.byRoute].sort(([, a], [, b]) => b - a)),
  )
  for (const { id, key } of keys) {
    const own = await read(`summary?api_key_id=${id}`, key)
    expect([own.at('usage.total_requests'), own.at('usage.successful_requests')]).toEqual([
      tally.byKey.get(id)?.total,
      tally.byKey.get(id)?.below400,
    ])
  }
}

async function begin(): Promise<{ email: string; password: string; keys: { id: string; key: string }[] }> {
  server ??= await startServer(env, dataDir)
  const owner = await signUp(server.url, 'enterprise')
  const keys = []
  for (let index = 0; index < keyCount; index++)
    keys.push(await createKey(server.url, owner.session, { name: `k${index}`, scopes: ['read'] }))
  return { ...owner, keys }
}

async function restart(): Promise<string> {
  expect(await server?.stop()).toBe(0)
  server = await startServer(env, dataDir)
  return server.url
}

test(`${requests} requests of ${keyCount} keys are counted exactly`, async () => {
  const { email, password, keys } = await begin()
  const tally = new Tally()
  const before = performance.now()
  await load(server?.url ?? '', keys, requests, tally)
  const seconds = (performance.now() - before) / 1_000
  expect(tally.total).toBe(requests)
  const url = await restart()
  await compare(url, await signIn(url, email, password), keys, tally)
  const statuses = [...tally.byStatus].sort().map(([status, count]) => `${status}: ${count}`)
  console.log(`${tally.total} requests in ${seconds.toFixed(1)} s (${statuses.join(', ')}), all counted`)
}, 600_000)

test('a stop in the middle of the load counts what was answered, no more and no less', async () => {
  const { email, password, keys } = await begin()
  const tally = new Tally()
  const loaded = load(server?.url ?? '', keys, requests, tally)
  while (tally.total < requests / 10) await new Promise((resolve) => setTimeout(resolve, 5))
  const url = await restart()
  await loaded
  expect(tally.total).toBeLessThan(requests)
  await compare(url, await signIn(url, email, password), keys, tally)
  console.log(`stopped after ${tally.total} requests, all counted`)
}, 600_000)
