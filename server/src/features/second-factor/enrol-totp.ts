// An authenticator app as second factor: shown, confirmed by a first code, removed.
import { renderSVG } from 'uqr'
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import type { UserRow } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { lockPerson } from '../sessions/queries.ts'
import type { Client } from '../sessions/start-session.ts'
import { afterEnrolment, afterRemoval } from './enrolment.ts'
import { mailFactorNotice } from './mails.ts'
import { wrongFactor } from './prove-factor.ts'
import { confirmCandidate, deleteSecret, findSecret, putCandidate } from './queries.ts'
import { matchingStep, newTotpSecret, openSecret, sealSecret, totpUri } from './totp.ts'

type EnrolDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'secrets' | 'jobs' | 'config'>

/** As long as the fresh proof that it was drawn with. */
export const candidateLifeMs = 15 * 60_000

/** Replaces a secret that waits for its first code; one in use stays until the new one is confirmed. */
export async function offerTotp({ db, clock, secrets }: EnrolDeps, user: UserRow) {
  const secret = newTotpSecret()
  await putCandidate(db, user.id, sealSecret(secrets, user.id, secret), new Date(clock.now()))
  const { uri, base32 } = totpUri(secret, user.email)
  return { otpauth_uri: uri, secret: base32, qr_svg: renderSVG(uri) }
}

/** Throws 401 for a wrong code, 410 TOKEN_EXPIRED when no secret waits for one. Returns recovery codes for the first factor. */
export async function confirmTotp(
  deps: EnrolDeps,
  caller: SessionPrincipal,
  code: string,
  client: Client,
): Promise<{ recoveryCodes: string[] | null }> {
  const { db, clock, secrets, changes } = deps
  const { userId } = caller
  const now = clock.now()
  const row = await findSecret(db, userId)
  const gone = () => new ApiError('TOKEN_EXPIRED', 'No authenticator app waits for its first code. Begin again.')
  if (!row?.candidate || now - row.created_at.getTime() > candidateLifeMs) throw gone()
  const { candidate } = row
  const step = matchingStep(openSecret(secrets, userId, candidate), code, now)
  if (step === null) throw wrongFactor()
  const recoveryCodes = await db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId, 'update')
    if (!(await confirmCandidate(trx, userId, candidate, step, new Date(now)))) throw gone()
    const codes = await afterEnrolment(trx, deps, caller)
    await mailFactorNotice(deps, trx, 'totp_added', userId)
    const deed = { userId, ip: client.ip, action: 'totp.add' }
    await recordOwnDeed(trx, deps, { ...deed, eventType: 'user.totp_added', metadata: { first_factor: codes !== null } })
    return codes
  })
  changes.apply({ kind: 'user', id: userId })
  return { recoveryCodes }
}

export async function removeTotp(deps: EnrolDeps, { userId }: SessionPrincipal, client: Client): Promise<void> {
  await deps.db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId, 'update')
    if (!(await deleteSecret(trx, userId))) throw new ApiError('NOT_FOUND', 'No authenticator app is enrolled.')
    await afterRemoval(trx, deps, userId)
    await mailFactorNotice(deps, trx, 'totp_removed', userId)
    await recordOwnDeed(trx, deps, { userId, ip: client.ip, eventType: 'user.totp_removed', action: 'totp.remove' })
  })
  deps.changes.apply({ kind: 'user', id: userId })
}
