// 90 calls of the SDK at once on a plan of 30 a minute: all are answered, at most one is refused on the way, and it takes no longer than it must.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Aionvision } from '../../sdk/src/index.ts'
import { createKey, signUp } from '../support/client.ts'
import { relaxed, serverUnderTest } from '../support/server.ts'

let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest(relaxed)
})
afterAll(() => server.discard())

test('90 calls at 30 a minute take two minutes', async () => {
  const owner = await signUp(server.url)
  const { key } = await createKey(server.url, owner.session)
  let refused = 0
  const counting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (response.status === 429) refused++
    return response
  }
  const program = new Aionvision({ apiKey: key, baseUrl: server.url, fetch: counting })
  const begun = performance.now()
  const answers = await Promise.all(Array.from({ length: 90 }, () => program.usage.breakdown()))
  const seconds = (performance.now() - begun) / 1000
  console.log(`${answers.length} calls in ${seconds.toFixed(1)} s, ${refused} refused`)
  expect(refused).toBeLessThanOrEqual(1)
  // The first 30 go at once, the next 30 a minute later, the last 30 two minutes later.
  expect(seconds).toBeGreaterThanOrEqual(120)
  expect(seconds).toBeLessThanOrEqual(120 * 1.05)
}, 300_000)
