// The guide to signing in elsewhere as its reader runs it, on a server that knows a provider.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, signUp, succeed } from './support/client.ts'
import { snippets } from './support/documents.ts'
import { type Issuer, startIssuer } from './support/oidc-issuer.ts'
import { bash } from './support/run.ts'
import { relaxed, runToExit, type Server, startServer } from './support/server.ts'

const aud = 'client-of-the-guide'
let issuer: Issuer
let server: Server
beforeAll(async () => {
  issuer = await startIssuer()
  server = await startServer({
    ...relaxed,
    OIDC_GOOGLE_ISSUER: issuer.url,
    OIDC_GOOGLE_CLIENT_ID: aud,
    OIDC_GOOGLE_CLIENT_SECRET: 'a-secret-nobody-may-read',
  })
})
afterAll(async () => {
  await server?.discard()
  await issuer?.stop()
})

const email = () => `person-${randomBytes(8).toString('hex')}@example.com`

test('the snippets of docs/guide/sign-in-with-google.md work', async () => {
  const owner = await signUp(server.url)
  const env = {
    AION: server.url,
    SESSION: owner.session,
    ID_TOKEN: issuer.idToken({ aud, email: email(), name: 'Grace' }),
    ANOTHER_ID_TOKEN: issuer.idToken({ aud, email: email(), name: 'Ada' }),
  }
  const { code, stderr, stdout } = await bash(snippets('docs/guide/sign-in-with-google.md', 'bash').join('\n'), env)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  expect(server.stderr()).not.toContain('nobody-may-read')
})

test('a new person signs in with an ID token and owns a workspace', async () => {
  const address = email()
  const body = { id_token: issuer.idToken({ aud, email: address, name: 'Grace' }) }
  const signedIn = await succeed(call(server.url, 'POST', '/api/v2/auth/session/google', { body }))
  expect([signedIn.at('email'), signedIn.at('email_verified')]).toEqual([address, true])
  const keys = await succeed(call(server.url, 'GET', '/api/v2/api-keys', { token: signedIn.text('session_token') }))
  expect(keys.at('total')).toBe(0)
  const forged = { id_token: `${body.id_token.slice(0, -8)}AAAAAAAA` }
  expect((await call(server.url, 'POST', '/api/v2/auth/session/google', { body: forged })).status).toBe(401)
})

test('a provider that is configured by halves stops the start with one sentence', async () => {
  const { code, stderr } = await runToExit({ OIDC_ACME_ISSUER: 'https://id.example.com', AION_DATA_DIR: server.dataDir })
  expect([code, stderr]).toEqual([1, expect.stringMatching(/OIDC_ACME_CLIENT_ID is missing.*OIDC_ACME_CLIENT_SECRET is missing/)])
})
