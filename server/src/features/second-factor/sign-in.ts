// The end of a sign-in that took a factor: with a challenge token after the password, or with a passkey alone.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import { findUserById, type UserRow, updateUser } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { lockPerson } from '../sessions/queries.ts'
import { type Client, type StartedSession, startSession } from '../sessions/start-session.ts'
import { challengeDigest, passwordDigest } from './challenge.ts'
import { type Assertion, offerAssertion, verifyAssertion } from './passkeys.ts'
import { type FactorDeps, type FactorProof, redeemAssertion, refuseFactor, withFactor, wrongFactor } from './prove-factor.ts'
import { countAttempt, findFactors, findPendingLogin, type PendingLoginRow, takePendingLogin } from './queries.ts'

export interface SignedIn {
  readonly user: UserRow
  readonly session: StartedSession
  readonly rememberMe: boolean
}

/** Then the password is asked for again, which has a limit of its own. */
const attemptsMax = 5

const spent = () =>
  new ApiError(
    'TOKEN_EXPIRED',
    'This sign-in was finished, is older than five minutes, or had too many wrong codes. Begin again.',
  )

/** Throws 410 TOKEN_EXPIRED for a token that is spent, 401 for a wrong proof. */
export async function completeChallenge(deps: FactorDeps, token: string, proof: FactorProof, client: Client): Promise<SignedIn> {
  const { db, clock } = deps
  const digest = challengeDigest(token)
  const pending = digest && (await countAttempt(db, digest, new Date(clock.now()), attemptsMax))
  const user = pending && (await findUserById(db, pending.user_id))
  if (!pending || !user) throw spent()
  return withFactor(deps, { user, proof, purpose: 'second_factor', client }, async (trx) => {
    const present = await findUserById(trx, user.id)
    if (!present?.is_active || !(await takePendingLogin(trx, pending.id))) throw spent()
    if (!passwordDigest(present).equals(pending.password_digest)) throw spent()
    return begin(trx, deps, present, pending, proof.method, client)
  })
}

/** What a passkey of this person must sign; 409 CONFLICT when they have none. */
export async function offerChallenge(deps: Pick<Deps, 'db' | 'clock' | 'publicUrl'>, token: string) {
  const digest = challengeDigest(token)
  const pending = digest && (await findPendingLogin(deps.db, digest, new Date(deps.clock.now())))
  if (!pending || pending.attempts >= attemptsMax) throw spent()
  return offerOwn(deps, 'second_factor', pending.user_id)
}

export async function offerOwn(
  deps: Pick<Deps, 'db' | 'clock' | 'publicUrl'>,
  purpose: 'second_factor' | 'reauthenticate',
  userId: string,
) {
  const { passkeys } = await findFactors(deps.db, userId)
  if (passkeys.length === 0) throw new ApiError('CONFLICT', 'This account has no passkey: prove it with a code.')
  return offerAssertion(deps, purpose, userId)
}

/** Holding a passkey and being verified by it are two factors. An unknown passkey is refused like a wrong signature. */
export async function signInWithPasskey(
  deps: FactorDeps,
  assertion: Assertion,
  rememberMe: boolean,
  client: Client,
): Promise<SignedIn> {
  const { db, clock } = deps
  const verified = await verifyAssertion(deps, 'sign_in', null, assertion)
  if (!verified) throw wrongFactor()
  const userId = verified.passkey.user_id
  const outcome = await db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId, 'update')
    const user = await findUserById(trx, userId)
    if (!user?.is_active) return { refusal: 'wrong' as const }
    const refusal = await redeemAssertion(trx, verified, clock.now())
    if (refusal) return { refusal }
    return begin(trx, deps, user, { method: 'passkey', remember_me: rememberMe }, 'passkey', client)
  })
  return 'refusal' in outcome ? refuseFactor(deps, userId, outcome.refusal, client) : outcome
}

async function begin(
  trx: Trx,
  deps: FactorDeps,
  user: UserRow,
  { method, remember_me: rememberMe }: Pick<PendingLoginRow, 'method' | 'remember_me'>,
  factor: FactorProof['method'],
  client: Client,
): Promise<SignedIn> {
  const now = deps.clock.now()
  const at = new Date(now)
  await updateUser(trx, user.id, { last_login_at: at })
  const session = await startSession(trx, { userId: user.id, rememberMe, client, now, factorAt: at })
  const provider = method.startsWith('oidc:') ? method.slice('oidc:'.length) : null
  await recordOwnDeed(trx, deps, {
    userId: user.id,
    ip: client.ip,
    eventType: provider ? 'auth.oauth_login' : 'auth.login',
    action: 'session.start',
    sessionId: session.id,
    metadata: { factor, ...(provider && { provider }) },
  })
  return { user: { ...user, last_login_at: at }, session, rememberMe }
}
