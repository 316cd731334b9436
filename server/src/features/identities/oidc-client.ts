// Speaks OpenID Connect with a provider: where to send a browser, and what an answer or an ID token proves.
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import type { OidcProvider } from '../../config.ts'
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'

/** What a provider says of a person, its signature checked. */
export interface Claims {
  readonly issuer: string
  readonly subject: string
  readonly email: string | null
  /** Only what the provider itself calls verified. */
  readonly emailVerified: boolean
  readonly name: string | null
}

/** What the provider must hand back, or be told, for the answer to be the one that was asked for. */
export interface Checks {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

export interface OidcClient {
  readonly name: string
  readonly label: string
  authorizationUrl(redirectUri: string, checks: Checks): Promise<string>
  /** `answer` is our own URL with the query that the provider sent the browser back with. */
  redeem(answer: URL, checks: Checks): Promise<Claims>
  /** For an ID token that a page or an app got from the provider itself: ours by its audience, at most ten minutes old. */
  verify(idToken: string): Promise<Claims>
}

const timeoutSeconds = 5
const attempts = 2
/** Endpoints hardly ever change; keys are read more often than that, by the libraries themselves. */
const discoveryLifeMs = 24 * 3_600_000
const tokenAgeSeconds = 600
/** How far a provider's clock may be off. */
const toleranceSeconds = 30
/** Signatures that only the provider can make; a shared secret could be anybody's who knows it. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const google = 'https://accounts.google.com'

type Server = { readonly config: oidc.Configuration; readonly keys: ReturnType<typeof createRemoteJWKSet> }

export function createOidcClient(provider: OidcProvider, { clock, log }: Pick<Deps, 'clock' | 'log'>): OidcClient {
  const { name, label, issuer, clientId } = provider
  let known: { readonly server: Promise<Server>; readonly at: number } | null = null

  /** Asked for when it is first needed, so that a provider that is down keeps nobody from starting; never kept when it failed. */
  function server(): Promise<Server> {
    if (known && clock.monotonic() - known.at < discoveryLifeMs) return known.server
    const asked = { server: discover(provider), at: clock.monotonic() }
    known = asked
    asked.server.catch(() => {
      if (known === asked) known = null
    })
    return asked.server
  }

  async function ask<Result>(work: (server: Server) => Promise<Result>): Promise<Result> {
    try {
      return await work(await server())
    } catch (error) {
      const refusal = translate(error)
      if (refusal.code === 'UNAVAILABLE')
        log.warn(
          { provider: name, err: String(error), cause: String((error as Error).cause ?? '') },
          'a provider of sign-in failed',
        )
      throw refusal
    }
  }

  return {
    name,
    label,
    authorizationUrl: (redirectUri, { state, nonce, codeVerifier }) =>
      ask(async ({ config }) => {
        const url = oidc.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope: provider.scopes,
          state,
          nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
        })
        return url.href
      }),
    redeem: (answer, { state, nonce, codeVerifier }) =>
      ask(async ({ config }) => {
        const tokens = await oidc.authorizationCodeGrant(config, answer, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
        })
        const claims = tokens.claims()
        if (!claims) throw untrusted()
        // Many providers keep the address out of the token and give it only here.
        const told =
          claims.email === undefined && config.serverMetadata().userinfo_endpoint
            ? { ...(await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)), sub: claims.sub }
            : claims
        return toClaims(issuer, told)
      }),
    verify: (idToken) =>
      ask(async ({ keys }) => {
        const { payload } = await jwtVerify(idToken, keys, {
          // Google's older libraries leave the scheme out; it is the same issuer.
          issuer: issuer === google ? [google, 'accounts.google.com'] : issuer,
          audience: clientId,
          algorithms,
          requiredClaims: ['sub', 'exp'],
          maxTokenAge: tokenAgeSeconds,
          clockTolerance: toleranceSeconds,
          currentDate: new Date(clock.now()),
        })
        // A token for several parties is ours only if it was us who asked for it: OpenID Connect Core §3.1.3.7.
        if (Array.isArray(payload.aud) && payload.aud.length > 1 && payload.azp !== clientId) throw untrusted()
        return toClaims(issuer, payload)
      }),
  }
}

async function discover({ issuer, clientId, clientSecret }: OidcProvider): Promise<Server> {
  const plain = issuer.startsWith('http:')
  const authenticate: oidc.ClientAuth = (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported
    const method = !methods || methods.includes('client_secret_basic') ? oidc.ClientSecretBasic : oidc.ClientSecretPost
    method(clientSecret)(server, ...rest)
  }
  for (let attempt = 1; ; attempt++) {
    try {
      const config = await oidc.discovery(new URL(issuer), clientId, { [oidc.clockTolerance]: toleranceSeconds }, authenticate, {
        timeout: timeoutSeconds,
        execute: [oidc.enableNonRepudiationChecks, ...(plain ? [oidc.allowInsecureRequests] : [])],
      })
      const keysUrl = new URL(config.serverMetadata().jwks_uri ?? '')
      if (keysUrl.protocol !== 'https:' && !plain) throw new Error('the keys of an https issuer must come over https')
      return { config, keys: createRemoteJWKSet(keysUrl, { timeoutDuration: timeoutSeconds * 1000 }) }
    } catch (error) {
      if (attempt === attempts) throw error
    }
  }
}

function toClaims(issuer: string, claims: { readonly [name: string]: unknown }): Claims {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)
  const subject = text(claims.sub)
  if (!subject) throw untrusted()
  return {
    issuer,
    subject,
    email: text(claims.email),
    emailVerified: claims.email_verified === true,
    name: text(claims.name) ?? text(claims.given_name) ?? text(claims.preferred_username),
  }
}

/** What the token or the answer is to blame for. */
const faultsOfProof = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'ERR_JWT_EXPIRED',
  'ERR_JWT_CLAIM_VALIDATION_FAILED',
  'ERR_JWT_INVALID',
  'ERR_JWS_INVALID',
  'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  'ERR_JOSE_ALG_NOT_ALLOWED',
  'ERR_JOSE_NOT_SUPPORTED',
  'ERR_JWKS_NO_MATCHING_KEY',
  'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
])

function translate(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof oidc.AuthorizationResponseError) return notBegunHere()
  if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') return notBegunHere()
  if (faultsOfProof.has(String((error as { code?: unknown }).code))) return untrusted()
  return new ApiError(
    'UNAVAILABLE',
    'The provider cannot be reached, or does not answer as it should. Try again in a moment.',
    {},
    { 'Retry-After': '5' },
  )
}

/** One answer for everything that is wrong with a state: it tells a thief of states nothing. */
export function notBegunHere(): ApiError {
  return new ApiError(
    'BAD_REQUEST',
    'This sign-in was not begun in this browser, was completed already, was given up, or took more than ten minutes. Begin again.',
  )
}

function untrusted(): ApiError {
  return new ApiError('INVALID_CREDENTIALS', 'What the provider sent does not prove who you are. Begin again.')
}
