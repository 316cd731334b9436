// Between a proved password and a session stands the second factor, for whoever has one.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { UserRow } from '../accounts/queries.ts'
import { findFactors, insertPendingLogin } from './queries.ts'

export const challengeLifeMs = 5 * 60_000
const form = /^mfa_[A-Za-z0-9_-]{43}$/

/**
 * Throws 403 MFA_REQUIRED with a challenge token when this person has a factor; the token is good for five minutes, for
 * POST /auth/session/mfa/challenge and for nothing else. Call it outside of a transaction: its row must survive the throw.
 * `user` as it was when its password was verified; `method` is how they came: `password`, `reset`, `oidc:google`.
 */
export async function challengeIfEnrolled(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  user: Pick<UserRow, 'id' | 'factor_enrolled_at' | 'password_hash'>,
  signIn: { readonly method: string; readonly rememberMe: boolean },
): Promise<void> {
  if (!user.factor_enrolled_at) return
  const token = `mfa_${randomBytes(32).toString('base64url')}`
  const now = clock.now()
  const expiresAt = new Date(now + challengeLifeMs)
  await insertPendingLogin(db, {
    id: randomUUID(),
    token_hash: hashToken(token),
    user_id: user.id,
    method: signIn.method,
    password_digest: passwordDigest(user),
    remember_me: signIn.rememberMe,
    attempts: 0,
    created_at: new Date(now),
    expires_at: expiresAt,
  })
  const { totp, passkeys, recoveryCodes } = await findFactors(db, user.id)
  const methods = [
    ...(totp ? ['totp'] : []),
    ...(passkeys.length > 0 ? ['passkey'] : []),
    ...(recoveryCodes > 0 ? ['recovery_code'] : []),
  ]
  throw new ApiError(
    'MFA_REQUIRED',
    'Prove your second factor to go on: send a code, a recovery code or a passkey with this challenge token.',
    { challenge_token: token, expires_at: expiresAt.toISOString(), methods },
  )
}

/** Null for what cannot be a challenge token. */
export function challengeDigest(token: string): Buffer | null {
  return form.test(token) ? hashToken(token) : null
}

/** Tells two passwords of a person apart without keeping either: the stored hashes are salted. */
export function passwordDigest({ password_hash }: Pick<UserRow, 'password_hash'>): Buffer {
  return createHash('sha256')
    .update(password_hash ?? '')
    .digest()
}

/** Unsalted and fast is right here: nobody can guess 256 bits. */
function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
