import { afterAll, beforeAll, expect, it } from 'vitest'
import { fakeClock, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { accountTasks } from './send-mail.ts'

let server: TestServer
const clock = fakeClock()
beforeAll(async () => {
  server = await startTestServer({ clock })
})
afterAll(() => server.stop())

it('forgets links a month after their end, and none before', async () => {
  await signUp(server)
  const purge = accountTasks(server.deps).tasks['purge-one-time-tokens']
  const left = async () => (await server.db.selectFrom('one_time_tokens').select('id').execute()).length
  clock.advance(30 * 24 * 3_600_000)
  await purge?.({})
  expect(await left()).toBeGreaterThan(0)
  clock.advance(2 * 24 * 3_600_000)
  await purge?.({})
  expect(await left()).toBe(0)
})
