// What the first factor brings and the last one takes with it, in the transaction that adds or removes it.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import type { Trx } from '../../platform/database/database.ts'
import { findUserById } from '../accounts/queries.ts'
import {
  factorIsRequired,
  findFactors,
  hasIdentity,
  markProved,
  replaceRecoveryCodes,
  setFactorEnrolled,
  unmarkSessions,
} from './queries.ts'
import { sessionEnded } from './reauthenticate.ts'
import { drawRecoveryCodes, recoveryCodeDigest } from './recovery-codes.ts'

const enrol = '/api/v2/auth/session/mfa/totp'

/** Against whoever has the password and an old session, and would put a factor of their own in the place of the owner's. */
export function requireProvedFactor({ hasFactor, factorAt }: SessionPrincipal): void {
  if (hasFactor && factorAt === null)
    throw new ApiError('MFA_REQUIRED', 'Prove your second factor in this session before you change anything about it.', {
      enrolled: true,
      prove: '/api/v2/auth/session/reauthenticate',
      enrol,
    })
}

/** With the person locked. Ten recovery codes when it was the first factor, else null; this session has proved it. */
export async function afterEnrolment(
  trx: Trx,
  { changes, clock }: Pick<Deps, 'changes' | 'clock'>,
  { userId, sessionId }: SessionPrincipal,
): Promise<string[] | null> {
  const at = new Date(clock.now())
  if (!(await markProved(trx, { id: sessionId, userId, factorAt: at }))) throw sessionEnded()
  await changes.publish(trx, { kind: 'user', id: userId })
  const user = await findUserById(trx, userId)
  if (user?.factor_enrolled_at) return null
  await setFactorEnrolled(trx, userId, at)
  return renewRecoveryCodes(trx, userId)
}

export async function renewRecoveryCodes(trx: Trx, userId: string): Promise<string[]> {
  const codes = drawRecoveryCodes()
  await replaceRecoveryCodes(trx, userId, codes.map(recoveryCodeDigest))
  return codes
}

/** With the person locked. Throws 403 MFA_REQUIRED or 409 CONFLICT where the account cannot be without what was removed. */
export async function afterRemoval(
  trx: Trx,
  { changes, config }: Pick<Deps, 'changes' | 'config'>,
  userId: string,
): Promise<void> {
  await changes.publish(trx, { kind: 'user', id: userId })
  const { totp, passkeys } = await findFactors(trx, userId)
  if (passkeys.length === 0) await requireWayIn(trx, config, userId)
  if (totp || passkeys.length > 0) return
  if (await factorIsRequired(trx, userId))
    throw new ApiError(
      'MFA_REQUIRED',
      'A workspace you are in asks every member for a second factor: add another before you remove this one.',
      { enrolled: true, enrol },
    )
  await setFactorEnrolled(trx, userId, null)
  await replaceRecoveryCodes(trx, userId, [])
  await unmarkSessions(trx, userId)
}

async function requireWayIn(trx: Trx, { oidcProviders }: Deps['config'], userId: string): Promise<void> {
  const user = await findUserById(trx, userId)
  const issuers = oidcProviders.map(({ issuer }) => issuer)
  if (user?.password_hash === null && !(await hasIdentity(trx, userId, issuers)))
    throw new ApiError('CONFLICT', 'This is the only way into your account: set a password first.')
}
