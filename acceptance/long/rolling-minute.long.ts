// Three minutes of a random schedule, on one server and on three with a Redis: never more than the limit in any rolling minute, and no less for who asks.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { anyOf } from '../support/acknowledged.ts'
import { call, createKey, type Person, signUp } from '../support/client.ts'
import { databaseUrlOf } from '../support/database.ts'
import { startRedis } from '../support/redis.ts'
import { type Admission, leastIn, worstMinute } from '../support/rolling-minute.ts'
import { type Server, startServer, unlimited } from '../support/server.ts'

const durationMs = 180_000
const redis = await startRedis()
afterAll(() => redis?.kill())

async function startSeveral(count: number, limit: number): Promise<{ servers: Server[]; owner: Person }> {
  const env = {
    ...unlimited({ starter: { requestsPerMinute: limit } }),
    ...(count > 1 && { REDIS_URL: redis?.url ?? '', AION_SECRET: 'one secret for all of the servers, 32 bytes at least' }),
  }
  const first = await startServer(env)
  // A mail lands in the outbox of the server that sends it: while there is one, it is that one's.
  const owner = await signUp(first.url)
  const servers = [first]
  while (servers.length < count) servers.push(await startServer({ ...env, DATABASE_URL: databaseUrlOf(first) }))
  return { servers, owner }
}

describe.each([
  { count: 1, limit: 30 },
  { count: 3, limit: 100 },
])('servers: $count, limit: $limit', ({ count, limit }) => {
  test.skipIf(count > 1 && !redis)(
    'S15: over three minutes, bursts across the edges included',
    async () => {
      const { servers, owner } = await startSeveral(count, limit)
      const urls = servers.map(({ url }) => url)
      const [first = ''] = urls
      const key = async () => (await createKey(first, owner.session)).key
      const keys = { random: await key(), edge: await key(), patient: await key(), restless: await key() }
      const admitted: Record<keyof typeof keys, Admission[]> = { random: [], edge: [], patient: [], restless: [] }
      const start = performance.now()
      const elapsed = () => performance.now() - start
      const attempt = async (name: keyof typeof keys) => {
        const sent = performance.now()
        const answer = await call(anyOf(urls), 'GET', '/api/v2/user-files?limit=1', { token: keys[name] })
        if (answer.status === 200) admitted[name].push({ sent, answered: performance.now() })
        else expect(answer.status).toBe(429)
        return answer
      }
      const burst = (name: keyof typeof keys, size: number) => Promise.all(Array.from({ length: size }, () => attempt(name)))
      const bursts = async () => {
        while (elapsed() < durationMs) {
          await burst('random', 1 + Math.floor((Math.random() * 4 * limit) / 3))
          await sleep(Math.random() ** 3 * 12_000)
        }
      }
      const edges = async () => {
        // The whole minute's number just before a full minute, and again just after: what a fixed window lets through.
        for (const at of [59_000, 61_000, 120_500, 121_500, 182_000]) {
          await sleep(Math.max(0, at - elapsed()))
          await burst('edge', Math.ceil((4 * limit) / 3))
        }
      }
      const waiting = async () => {
        while (elapsed() < durationMs) {
          const answer = await attempt('patient')
          if (answer.status !== 429) continue
          await sleep(Number(answer.headers.get('retry-after')) * 1_000)
          expect((await attempt('patient')).status).toBe(200)
        }
      }
      const asking = async () => {
        for (; elapsed() < durationMs; await sleep(20)) await attempt('restless')
      }
      await Promise.all([bursts(), edges(), waiting(), asking()])
      const figures = Object.entries(admitted).map(
        ([name, all]) => `${name} ${all.length}, at most ${worstMinute(all)} in a minute`,
      )
      // What comes free is asked for within a second.
      const least = leastIn(admitted.restless, 61_000, start, start + durationMs)
      console.log(`${count} servers, limit ${limit}: ${figures.join('; ')}; restless at least ${least}`)
      for (const [name, admissions] of Object.entries(admitted)) expect(worstMinute(admissions), name).toBeLessThanOrEqual(limit)
      expect(admitted.edge).toHaveLength(3 * limit)
      expect(admitted.patient.length).toBeGreaterThanOrEqual(3 * limit)
      expect(admitted.random.length).toBeGreaterThanOrEqual(2 * limit)
      expect(least).toBeGreaterThanOrEqual(limit - 1)
      for (const server of servers.reverse()) await server.discard()
    },
    300_000,
  )
})
