// The guide to one's own account as its reader runs it, from the first look to the end.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, signIn, signUp } from './support/client.ts'
import { snippets } from './support/documents.ts'
import { bash } from './support/run.ts'
import { serverUnderTest } from './support/server.ts'

let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest()
})
afterAll(() => server.discard())

test('the snippets of docs/guide/your-account.md work', async () => {
  const owner = await signUp(server.url)
  const other = await signIn(server.url, owner.email, owner.password)
  const env = {
    AION: server.url,
    SESSION: owner.session,
    PASSWORD: owner.password,
    NEW_PASSWORD: `Pw1-${randomBytes(12).toString('base64url')}`,
    NEW_EMAIL: `person-${randomBytes(8).toString('hex')}@example.com`,
  }
  const { code, stderr, stdout } = await bash(snippets('docs/guide/your-account.md', 'bash').join('\n'), env)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  expect(stdout).toContain('"Account deleted successfully"')
  for (const token of [owner.session, other])
    expect((await call(server.url, 'GET', '/api/v2/user/profile', { token })).status).toBe(401)
})
