// A second factor proved: each code, each recovery code and each passkey's answer once, whatever runs in parallel.
import type { Deps } from '../../deps.ts'
import { ApiError, rateLimited } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import type { UserRow } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { lockPerson } from '../sessions/queries.ts'
import type { Client } from '../sessions/start-session.ts'
import { mailFactorNotice } from './mails.ts'
import { type Assertion, type VerifiedAssertion, verifyAssertion } from './passkeys.ts'
import { advanceCounter, findSecret, spendRecoveryCode, spendStep } from './queries.ts'
import { recoveryCodeDigest } from './recovery-codes.ts'
import { matchingStep, openSecret } from './totp.ts'

export type FactorDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'secrets' | 'jobs' | 'limiter' | 'publicUrl'>

export type FactorProof =
  | { readonly method: 'totp' | 'recovery_code'; readonly code: string }
  | ({ readonly method: 'passkey' } & Assertion)

/** RFC 6238 §5.1 with RFC 4226 §7.3: a throttle is what makes six digits enough. */
const guessesMax = 10
const guessWindowMs = 15 * 60_000

/**
 * Runs `deed` in the transaction that spends the proof, with the person locked: both happen or neither. Throws 401
 * INVALID_CREDENTIALS, and 429 after ten wrong codes in fifteen minutes.
 */
export async function withFactor<Result>(
  deps: FactorDeps,
  attempt: {
    readonly user: UserRow
    readonly proof: FactorProof
    readonly purpose: 'second_factor' | 'reauthenticate'
    readonly client: Client
  },
  deed: (trx: Trx) => Promise<Result>,
): Promise<Result> {
  const { user, proof, purpose, client } = attempt
  const spent = proof.method === 'passkey' ? null : await spendGuess(deps, user.id)
  const assertion = proof.method === 'passkey' ? await verifyAssertion(deps, purpose, user.id, proof) : null
  const { refusal, result } = await deps.db.transaction().execute(async (trx) => {
    await lockPerson(trx, user.id, 'update')
    const refusal = await redeem(trx, deps, user.id, proof, assertion)
    if (refusal) return { refusal, result: null }
    if (proof.method === 'recovery_code') await mailFactorNotice(deps, trx, 'recovery_code_used', user.id)
    const result = await deed(trx)
    if (proof.method === 'recovery_code')
      await recordOwnDeed(trx, deps, {
        userId: user.id,
        ip: client.ip,
        eventType: 'security.recovery_code_used',
        action: 'recovery_code.use',
        severity: 'warning',
      })
    return { refusal: null, result }
  })
  if (refusal !== null) return refuseFactor(deps, user.id, refusal, client)
  // A right code ends the count: who makes mistakes now and then is never locked out.
  if (spent) await deps.limiter.forget(spent)
  return result
}

export type Refusal = 'wrong' | 'regressed'

/** Writes the trail, then throws the same for every reason. */
export async function refuseFactor(
  deps: Pick<Deps, 'db' | 'audit' | 'clock'>,
  userId: string,
  refusal: Refusal,
  client: Client,
): Promise<never> {
  await deps.db.transaction().execute((trx) =>
    recordOwnDeed(trx, deps, {
      userId,
      ip: client.ip,
      ...(refusal === 'regressed'
        ? { eventType: 'security.passkey_counter_regressed', action: 'passkey.verify', severity: 'critical' }
        : { eventType: 'auth.login_failed', action: 'factor.verify' }),
      result: 'failure',
    }),
  )
  throw wrongFactor()
}

export const wrongFactor = () =>
  new ApiError('INVALID_CREDENTIALS', 'This does not prove your second factor. A code works once and for about a minute.')

async function redeem(
  trx: Trx,
  { secrets, clock }: FactorDeps,
  userId: string,
  proof: FactorProof,
  assertion: VerifiedAssertion | null,
): Promise<Refusal | null> {
  const now = clock.now()
  if (proof.method === 'passkey') return assertion ? redeemAssertion(trx, assertion, now) : 'wrong'
  if (proof.method === 'recovery_code')
    return (await spendRecoveryCode(trx, userId, recoveryCodeDigest(proof.code), new Date(now))) ? null : 'wrong'
  const sealed = (await findSecret(trx, userId))?.secret
  const step = sealed ? matchingStep(openSecret(secrets, userId, sealed), proof.code, now) : null
  return sealed && step !== null && (await spendStep(trx, userId, sealed, step)) ? null : 'wrong'
}

export async function redeemAssertion(
  trx: Trx,
  { passkey, counter, backedUp }: VerifiedAssertion,
  now: number,
): Promise<Refusal | null> {
  const outcome = await advanceCounter(trx, { id: passkey.id, counter, backedUp, at: new Date(now) })
  return outcome === 'advanced' ? null : outcome === 'regressed' ? 'regressed' : 'wrong'
}

/** Before the code is looked at, so that parallel guesses are counted; returns the counter's name. */
async function spendGuess({ limiter }: FactorDeps, userId: string): Promise<string> {
  const name = `factor:${userId}`
  const decision = await limiter.decide(name, guessesMax, guessWindowMs)
  if (!decision.allowed)
    throw rateLimited(
      'Too many wrong codes for this account. Wait as long as Retry-After says, or use a passkey.',
      decision.retryAfterMs,
    )
  return name
}
