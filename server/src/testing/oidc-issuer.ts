// A real OpenID Connect provider on this machine, which signs in whoever a test names, and the browser that goes there.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import Provider from 'oidc-provider'

export interface Account {
  readonly sub: string
  readonly email?: string
  readonly email_verified?: unknown
  readonly name?: string
}

export interface Issuer {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** Once the server under test is known: where its browsers are sent back to. */
  serve(redirectUris: readonly string[]): void
  /** An ID token as the provider would sign it for a page of its own; `claims` change it, `key` and `header` forge it. */
  idToken(account: Account, forged?: Forgery): Promise<string>
  /** Whatever is asked fails from now on, or works again. */
  fail(failing: boolean): void
  stop(): Promise<void>
}

export interface Forgery {
  readonly claims?: Record<string, unknown>
  readonly header?: { alg: string; kid?: string }
  readonly key?: CryptoKey | Uint8Array
}

/** Accounts by their subject, for as long as the tests run. */
const accounts = new Map<string, Account>()
const kid = 'issuer-key'

export async function startIssuer({ claimsInToken = true } = {}): Promise<Issuer> {
  let failing = false
  let handler: RequestListener = (_request, response) => response.writeHead(503).end()
  const http = createServer((request, response) => (failing ? response.writeHead(500).end() : handler(request, response)))
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid }
  const [clientId, clientSecret] = ['aionvision', 'a-secret-that-only-tests-know']

  return {
    url,
    clientId,
    clientSecret,
    serve(redirectUris) {
      const provider = new Provider(url, {
        clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: redirectUris }],
        jwks: { keys: [jwk] },
        cookies: { keys: ['signing-key-of-cookies'] },
        ttl: { AccessToken: 600, AuthorizationCode: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
        pkce: { required: () => true },
        conformIdTokenClaims: !claimsInToken,
        claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
        features: { devInteractions: { enabled: false } },
        interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
        findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => accounts.get(id) }),
        loadExistingGrant: async (context: GrantContext) => {
          const { Grant } = context.oidc.provider
          const grant = new Grant({ clientId, accountId: context.oidc.session.accountId })
          grant.addOIDCScope('openid email profile')
          await grant.save()
          return grant
        },
      })
      const answer = provider.callback()
      handler = (request, response) => {
        if (!request.url?.startsWith('/interaction/')) return answer(request, response)
        const accountId = /sign-in-as=([^;]+)/.exec(request.headers.cookie ?? '')?.[1]
        const result = accountId ? { login: { accountId } } : { error: 'access_denied' }
        provider.interactionFinished(request, response, result).catch(() => response.writeHead(500).end())
      }
    },
    idToken: (account, { claims, header = { alg: 'RS256', kid }, key = privateKey } = {}) =>
      new SignJWT({ aud: clientId, iss: url, ...account, ...claims })
        .setProtectedHeader(header)
        .setIssuedAt((claims?.iat as number | undefined) ?? undefined)
        .setExpirationTime((claims?.exp as number | undefined) ?? '1h')
        .sign(key),
    fail(now) {
      failing = now
    },
    async stop() {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}

interface GrantContext {
  oidc: {
    session: { accountId: string }
    provider: { Grant: new (grant: object) => { addOIDCScope(scope: string): void; save(): Promise<string> } }
  }
}

/** Goes to the provider as a browser that signs in as `account`, or as nobody; answers the URL that it is sent back with. */
export async function visit(authorizationUrl: string, account: Account | null): Promise<string> {
  const jar = new Map<string, string>()
  if (account) {
    accounts.set(account.sub, account)
    jar.set('sign-in-as', account.sub)
  }
  const { origin } = new URL(authorizationUrl)
  for (let next = authorizationUrl; ; ) {
    if (new URL(next).origin !== origin) return next
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(name, value)
    }
    const location = answer.headers.get('location')
    if (!location) throw new Error(`the provider answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`)
    next = new URL(location, next).href
  }
}
