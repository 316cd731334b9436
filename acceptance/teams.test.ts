// The guides to teams and their policy as their reader runs them: somebody is invited, joins, makes a key, goes, and the key stays.
import { randomBytes } from 'node:crypto'
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

test('the snippets of docs/guide/teams.md work', async () => {
  const owner = await signUp(server.url)
  const EMAIL = `person-${randomBytes(8).toString('hex')}@example.com`
  const PASSWORD = `Pw1-${randomBytes(12).toString('base64url')}`
  const env = { AION: server.url, SESSION: owner.session, EMAIL, PASSWORD }
  const { code, stderr, stdout } = await bash(snippets('docs/guide/teams.md', 'bash').join('\n'), env)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  for (const part of [
    '"account_exists":false',
    '"Member removed successfully"',
    '"taken_over":1',
    '"subscription_tier":"starter"',
  ])
    expect(stdout).toContain(part)
  const { raw } = await call(server.url, 'GET', '/api/v2/tenant/members', { token: owner.session })
  expect(JSON.parse(raw)).toMatchObject([{ email: owner.email, role: 'owner', status: 'member' }])
})

test('the snippets of docs/guide/tenant-policy.md work', async () => {
  const owner = await signUp(server.url)
  const env = { AION: server.url, SESSION: owner.session }
  const { code, stderr, stdout } = await bash(snippets('docs/guide/tenant-policy.md', 'bash').join('\n'), env)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  expect(stdout).toContain('"max_key_life_days":90')
})
