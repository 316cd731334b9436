// Proves that an address is its owner's; and sends the link again, to known and unknown addresses alike.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { normaliseEmail } from './email-address.ts'
import { onTheBeat } from './even-time.ts'
import { spend } from './limits.ts'
import { issueToken, type Purpose, tokenDigest } from './one-time-token.ts'
import { consumeToken, findUserByEmail, updateUser, voidTokens } from './queries.ts'
import { recordOwnDeed } from './record-own-deed.ts'
import { mailOneTimeToken } from './send-mail.ts'

/** Known and unknown addresses are answered on the same beat. */
const beatMs = 100

export const tokenExpired = () => new ApiError('TOKEN_EXPIRED', 'This link is not valid any more. Ask for a new one.')

export async function verifyEmail(
  deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'changes'>,
  token: string,
  ip: string,
): Promise<{ userId: string }> {
  const { db, clock, changes } = deps
  const now = clock.now()
  const userId = await db.transaction().execute(async (trx) => {
    const row = await consumeToken(trx, 'verify_email', tokenDigest(token), new Date(now))
    if (!row) throw tokenExpired()
    await updateUser(trx, row.user_id, { email_verified_at: new Date(now), updated_at: new Date(now) })
    await voidTokens(trx, row.user_id, 'verify_email', new Date(now))
    await changes.publish(trx, { kind: 'user', id: row.user_id })
    await recordOwnDeed(trx, deps, { eventType: 'auth.email_verified', action: 'user.verify_email', userId: row.user_id, ip })
    return row.user_id
  })
  changes.apply({ kind: 'user', id: userId })
  return { userId }
}

type MailDeps = Pick<Deps, 'db' | 'clock' | 'secrets' | 'jobs' | 'limiter' | 'config'>

/** For both resends and for reset requests: silent about whether there is such an account. */
export async function requestMail(deps: MailDeps, purpose: Purpose, rawEmail: string, ip: string): Promise<void> {
  const kind = purpose === 'verify_email' ? 'resend' : 'reset'
  const email = normaliseEmail(rawEmail)
  await spend(deps, kind, ip, email ?? rawEmail)
  await onTheBeat(beatMs, async () => {
    const user = email ? await findUserByEmail(deps.db, email) : null
    if (!user?.is_active || (purpose === 'verify_email' && user.email_verified_at)) return
    const now = deps.clock.now()
    await deps.db.transaction().execute(async (trx) => {
      await voidTokens(trx, user.id, purpose, new Date(now))
      await mailOneTimeToken(deps, trx, await issueToken(trx, deps.secrets, { purpose, userId: user.id, now }))
    })
  })
}
