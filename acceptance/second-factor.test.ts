// The guide to a second factor as its reader runs it, with Python for an authenticator app.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, signUp } from './support/client.ts'
import { snippets } from './support/documents.ts'
import { bash } from './support/run.ts'
import { serverUnderTest } from './support/server.ts'

let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest()
})
afterAll(() => server.discard())

test('the snippets of docs/guide/second-factor.md work', async () => {
  const { email, password, session } = await signUp(server.url)
  const env = { AION: server.url, SESSION: session, EMAIL: email, PASSWORD: password }
  const { code, stderr, stdout } = await bash(snippets('docs/guide/second-factor.md', 'bash').join('\n'), env)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  expect(stdout).toContain('"recovery_codes_left":10')
  expect(stdout).toContain('"Login successful"')
  expect(stdout).toContain('"factor":true')
  const left = await call(server.url, 'GET', '/api/v2/auth/session/mfa/recovery-codes', { token: session })
  expect(left.at('left')).toBe(9)
})
