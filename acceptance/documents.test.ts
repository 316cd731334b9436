// The guide to documents as its reader runs it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKey, signUp } from './support/client.ts'
import { snippets } from './support/documents.ts'
import { bash } from './support/run.ts'
import { serverUnderTest } from './support/server.ts'

let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest()
})
afterAll(() => server.discard())

test('the snippets of docs/guide/documents.md work', async () => {
  const owner = await signUp(server.url)
  const { key } = await createKey(server.url, owner.session)
  const env = { AION: server.url, KEY: key, SESSION: owner.session }
  const { code, stderr, stdout } = await bash(snippets('docs/guide/documents.md', 'bash').join('\n'), env)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  expect(stdout.trim()).toMatch(/}1$/)
})
