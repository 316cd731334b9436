// Sends a browser to a provider, and knows the answer that comes back: state, nonce and PKCE verifier are this browser's and good for once.
import { createHash, randomBytes } from 'node:crypto'
import { randomNonce, randomPKCECodeVerifier } from 'openid-client'
import type { Deps } from '../../deps.ts'
import { isFresh, reauthenticationRequired } from '../../http/access.ts'
import { ApiError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import { type Claims, notBegunHere, type OidcClient } from './oidc-client.ts'
import { insertState, type StateRow, takeState } from './queries.ts'

export const stateLifeMs = 600_000

export interface Begun {
  readonly authorizationUrl: string
  readonly state: string
  /** For this browser's cookie. */
  readonly browser: string
}

export async function beginSignIn(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  client: OidcClient,
  { action, redirectUri, session }: { action: StateRow['action']; redirectUri: string; session: SessionPrincipal | null },
): Promise<Begun> {
  const now = clock.now()
  const linker = action === 'link' ? mayLink(session, now) : null
  const [state, browser] = [secret(), secret()]
  const checks = { state, nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() }
  const authorizationUrl = await client.authorizationUrl(redirectUri, checks)
  await insertState(db, {
    state_hash: digest(state),
    browser_hash: digest(browser),
    provider: client.name,
    action,
    user_id: linker?.userId ?? null,
    session_id: linker?.sessionId ?? null,
    nonce: checks.nonce,
    code_verifier: checks.codeVerifier,
    created_at: new Date(now),
    expires_at: new Date(now + stateLifeMs),
  })
  return { authorizationUrl, state, browser }
}

/** `answer`: our callback's URL with the query that the provider sent the browser back with; `browser`: what its cookie holds. */
export async function finishSignIn(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  client: OidcClient,
  { answer, browser }: { answer: URL; browser: string | undefined },
): Promise<{ claims: Claims; begun: StateRow }> {
  const state = answer.searchParams.get('state')
  const begun =
    state && browser
      ? await takeState(
          db,
          { state_hash: digest(state), browser_hash: digest(browser), provider: client.name },
          new Date(clock.now()),
        )
      : null
  if (!state || !begun || !answer.searchParams.has('code')) throw notBegunHere()
  const claims = await client.redeem(answer, { state, nonce: begun.nonce, codeVerifier: begun.code_verifier })
  return { claims, begun }
}

function mayLink(session: SessionPrincipal | null, now: number): SessionPrincipal {
  if (!session) throw new ApiError('MISSING_CREDENTIALS', 'Sign in first: linking adds a way into your account.')
  if (!isFresh(session, now)) throw reauthenticationRequired()
  return session
}

function secret(): string {
  return randomBytes(32).toString('base64url')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
