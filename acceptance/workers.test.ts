// Two processes on one port are one server: one limit, one revocation, and the death of one of them is nothing to clients.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, type Person, signUp, succeed } from './support/client.ts'
import { relaxed, type Server, spawnServer, startServer, temporaryDirectory, workersOf } from './support/server.ts'

/** More for a series: `WORKER_ROUNDS=1000`. */
const rounds = Number(process.env.WORKER_ROUNDS ?? 30)
const limit = 100
const env = {
  ...relaxed,
  AION_WORKERS: '2',
  AION_LIMIT_UNAUTHENTICATED: 'off',
  AION_TENANT_CEILING_FACTOR: '0',
  AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: limit }, enterprise: { requestsPerMinute: 1_000_000 } }),
}
let server: Server
let starter: Person
let enterprise: Person
beforeAll(async () => {
  server = await startServer(env)
  starter = await signUp(server.url)
  enterprise = await signUp(server.url, 'enterprise')
}, 120_000)
afterAll(() => server.discard())

/** Connections go to the workers in turn: each agent has one of each. */
const lanes = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
afterAll(() => {
  for (const agent of lanes) agent.destroy()
})

async function use(lane: number, key: string): Promise<number> {
  const agent = lanes[lane % lanes.length]
  const headers = { authorization: `Bearer ${key}` }
  const [answer] = await once(request(`${server.url}/api/v2/user-files?limit=1`, { agent, headers }).end(), 'response')
  await once(answer.resume(), 'end')
  return answer.statusCode
}

const workers = () => workersOf(server.child)

test(`600 requests over two workers: ${limit} get in, exactly`, async () => {
  const { key } = await createKey(server.url, starter.session)
  const answers = await Promise.all(Array.from({ length: 600 }, (_, index) => use(index, key)))
  expect(answers.filter((status) => status === 200)).toHaveLength(limit)
  expect(answers.filter((status) => status === 429)).toHaveLength(600 - limit)
})

test('a worker that hangs is ended, and another takes its place', async () => {
  const { key } = await createKey(server.url, enterprise.session)
  // One of each on the kept connections.
  await Promise.all([0, 1, 2, 3].map((lane) => use(lane, key)))
  const [hung = 0, whole = 0] = workers()
  process.kill(hung, 'SIGSTOP')
  const asked = [0, 1, 2, 3].map((lane) => use(lane, key).catch(() => 'broken off'))
  expect(new Set(await Promise.all(asked))).toEqual(new Set([200, 'broken off']))
  await expect.poll(() => workers().length, { timeout: 20_000 }).toBe(2)
  expect(workers()).toContain(whole)
  expect(workers()).not.toContain(hung)
  expect(await use(0, key)).toBe(200)
}, 60_000)

test(`${rounds} revocations: none outlives its answer, whichever worker is asked`, async () => {
  let before = 0
  let after = 0
  for (let round = 0; round < rounds; round++) {
    const { id, key } = await createKey(server.url, enterprise.session)
    let revoked = false
    const lane = async (index: number) => {
      for (let more = 3; more > 0; ) {
        const late = revoked
        const status = await use(index, key)
        if (status === 200 && !late) before++
        if (status === 200 && late) after++
        if (late) more--
      }
    }
    const asking = lanes.map((_, index) => lane(index))
    await sleep(30)
    await succeed(call(server.url, 'DELETE', `/api/v2/api-keys/${id}`, { token: enterprise.session }))
    revoked = true
    await Promise.all(asking)
  }
  expect(before).toBeGreaterThan(rounds)
  expect(after).toBe(0)
}, 600_000)

test('a worker that is killed is replaced, and its counts are not lost', async () => {
  const { key } = await createKey(server.url, starter.session)
  for (let count = 0; count < limit; count++) expect(await use(count, key)).toBe(200)
  const [first, second] = workers()
  expect(workers()).toHaveLength(2)
  if (first) process.kill(first, 'SIGKILL')
  for (const deadline = Date.now() + 20_000; workers().filter((pid) => pid !== first).length < 2; await sleep(50))
    if (Date.now() > deadline) throw new Error('no other worker came')
  expect(workers()).toContain(second)
  // A lane of the dead one is broken once.
  for (let lane = 0; lane < lanes.length; lane++) await use(lane, key).catch(() => {})
  for (let lane = 0; lane < lanes.length; lane++) expect(await use(lane, key)).toBe(429)
})

test('SIGTERM drains them all, and the limits are known to the next ones', async () => {
  const { key } = await createKey(server.url, starter.session)
  for (let count = 0; count < limit; count++) expect(await use(count, key)).toBe(200)
  expect(await server.stop()).toBe(0)
  server = await startServer(env, server.dataDir)
  expect(await use(0, key).catch(() => use(0, key))).toBe(429)
})

test('a worker that is killed before it is ready ends the start, with a sentence', async () => {
  const dataDir = await temporaryDirectory()
  const child = spawnServer({ AION_WORKERS: '2', AION_DATA_DIR: dataDir })
  const ended = once(child, 'close')
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  let [worker] = workersOf(child)
  for (; !worker && child.exitCode === null; await sleep(5)) [worker] = workersOf(child)
  if (worker) process.kill(worker, 'SIGKILL')
  expect([await ended, await said]).toEqual([
    [1, null],
    ['', 'A worker was ended by SIGKILL before it was ready: start again.\n'],
  ])
  await rm(dataDir, { recursive: true })
})
