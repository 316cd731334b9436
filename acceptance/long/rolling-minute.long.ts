// Three minutes of a random schedule against a limit of 30: never more than 30 in any rolling minute, and no less for who waits as told.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, signUp } from '../support/client.ts'
import { type Admission, worstMinute } from '../support/rolling-minute.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer(relaxed)
})
afterAll(() => server.discard())

const durationMs = 180_000

test('S15: over three minutes, bursts across the edges included', async () => {
  const owner = await signUp(server.url)
  const random = await createKey(server.url, owner.session)
  const edge = await createKey(server.url, owner.session)
  const patient = await createKey(server.url, owner.session)
  const start = performance.now()
  const elapsed = () => performance.now() - start
  const attempt = async (key: string, admissions: Admission[]) => {
    const sent = performance.now()
    const answer = await call(server.url, 'GET', '/api/v2/user-files?limit=1', { token: key })
    if (answer.status === 200) admissions.push({ sent, answered: performance.now() })
    else expect(answer.status).toBe(429)
    return answer
  }
  const admitted = { random: [] as Admission[], edge: [] as Admission[], patient: [] as Admission[] }
  const bursts = async () => {
    while (elapsed() < durationMs) {
      await Promise.all(Array.from({ length: 1 + Math.floor(Math.random() * 40) }, () => attempt(random.key, admitted.random)))
      await sleep(Math.random() ** 3 * 12_000)
    }
  }
  const edges = async () => {
    // The whole minute's number just before a full minute, and again just after: what a fixed window lets through.
    for (const at of [59_000, 61_000, 120_500, 121_500, 182_000]) {
      await sleep(Math.max(0, at - elapsed()))
      await Promise.all(Array.from({ length: 40 }, () => attempt(edge.key, admitted.edge)))
    }
  }
  const waits: number[] = []
  const waiting = async () => {
    while (elapsed() < durationMs) {
      const answer = await attempt(patient.key, admitted.patient)
      if (answer.status !== 429) continue
      waits.push(Number(answer.headers.get('retry-after')))
      await sleep(Number(answer.headers.get('retry-after')) * 1_000)
      expect((await attempt(patient.key, admitted.patient)).status).toBe(200)
    }
  }
  await Promise.all([bursts(), edges(), waiting()])
  for (const [name, admissions] of Object.entries(admitted)) expect(worstMinute(admissions), name).toBeLessThanOrEqual(30)
  expect(admitted.edge).toHaveLength(90)
  expect(admitted.patient.length).toBeGreaterThanOrEqual(90)
  expect(admitted.random.length).toBeGreaterThanOrEqual(60)
}, 300_000)
