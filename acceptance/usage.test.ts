// The usage guide as its reader runs it, and its promise from outside: what a key asked is what the workspace sees.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, signUp, succeed } from './support/client.ts'
import { snippets } from './support/documents.ts'
import { bash } from './support/run.ts'
import { serverUnderTest } from './support/server.ts'

let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest()
})
afterAll(() => server.discard())

test('the snippets of docs/guide/usage.md work', async () => {
  const owner = await signUp(server.url)
  const { key } = await createKey(server.url, owner.session)
  const env = { AION: server.url, KEY: key, SESSION: owner.session }
  const { code, stderr, stdout } = await bash(snippets('docs/guide/usage.md', 'bash').join('\n'), env)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
})

test('what a key asked is seen within five seconds, as often as it was asked', async () => {
  const owner = await signUp(server.url)
  const { id, key } = await createKey(server.url, owner.session)
  const asked = 12
  for (let index = 0; index < asked; index++)
    await call(server.url, 'GET', index % 3 ? '/api/v2/user-files' : '/api/v2/nowhere', { token: key })
  await sleep(5_000)
  const read = (path: string) => succeed(call(server.url, 'GET', `/api/v2/usage/${path}`, { token: owner.session }))
  const summary = await read('summary')
  expect(summary.at('usage')).toEqual({ describe_count: 0, total_requests: asked, successful_requests: 8, failed_requests: 4 })
  expect((await read(`summary?api_key_id=${id}`)).at('usage.total_requests')).toBe(asked)
  const points = (await read('by-period?period_type=hour')).at('data') as { value: number }[]
  expect(points.reduce((sum, { value }) => sum + value, 0)).toBe(asked)
  const details = await read('details')
  expect(details.at('pagination.total_count')).toBe(asked)
  expect((details.at('events') as unknown[]).length).toBe(asked)
})
