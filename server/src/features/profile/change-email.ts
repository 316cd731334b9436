// A new address counts from the moment its owner follows the link sent there; the old one hears of both steps.
import type { Deps } from '../../deps.ts'
import { ApiError, validationError } from '../../http/errors.ts'
import { normaliseEmail } from '../accounts/email-address.ts'
import { issueToken, tokenDigest } from '../accounts/one-time-token.ts'
import { consumeToken, findUserById, type UserRow, voidTokens } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { tokenExpired } from '../accounts/verify-email.ts'
import { verifyPassword } from '../accounts/verify-password.ts'
import { lockPerson } from '../sessions/queries.ts'
import type { Client } from '../sessions/start-session.ts'
import { requirePassword } from './change-password.ts'
import { mailEmailChange, mailNotice } from './mails.ts'
import { moveToAddress } from './queries.ts'

/** Nothing here looks whether the address is somebody's: the mail's wording, seen by its owner alone, depends on it. */
export async function requestEmailChange(
  deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'passwords' | 'delays' | 'config' | 'secrets' | 'jobs'>,
  user: UserRow,
  input: { new_email: string; password: string },
  client: Client,
): Promise<void> {
  const newEmail = normaliseEmail(input.new_email)
  if (!newEmail || newEmail === user.email)
    throw validationError([
      {
        loc: ['body', 'new_email'],
        msg: newEmail ? 'This is your address already' : 'value is not a valid email address',
        type: 'value_error',
      },
    ])
  requirePassword(user)
  await verifyPassword(deps, user, input.password, client)
  const now = deps.clock.now()
  await deps.db.transaction().execute(async (trx) => {
    await voidTokens(trx, user.id, 'change_email', new Date(now))
    const tokenId = await issueToken(trx, deps.secrets, { purpose: 'change_email', userId: user.id, now, newEmail })
    await mailEmailChange(deps, trx, tokenId)
    await mailNotice(deps, trx, 'email_change_requested', user.email)
    await recordOwnDeed(trx, deps, {
      userId: user.id,
      ip: client.ip,
      eventType: 'user.email_change_requested',
      action: 'user.change_email',
    })
  })
}

/** 410 TOKEN_EXPIRED for a link that was used or is too old, 409 CONFLICT when the address became somebody else's meanwhile. */
export async function confirmEmailChange(
  deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'jobs'>,
  token: string,
  ip: string,
): Promise<{ email: string }> {
  const { db, clock, changes } = deps
  const at = new Date(clock.now())
  const { userId, email } = await db.transaction().execute(async (trx) => {
    const row = await consumeToken(trx, 'change_email', tokenDigest(token), at)
    if (!row?.new_email) throw tokenExpired()
    await lockPerson(trx, row.user_id, 'update')
    const user = await findUserById(trx, row.user_id)
    if (!user?.is_active) throw tokenExpired()
    if (!(await moveToAddress(trx, user.id, row.new_email, at)))
      throw new ApiError('CONFLICT', 'This address belongs to another account by now.')
    // Links that went to the old mailbox must open nothing any more.
    for (const purpose of ['verify_email', 'reset_password', 'change_email'] as const) await voidTokens(trx, user.id, purpose, at)
    await mailNotice(deps, trx, 'email_changed', user.email)
    await changes.publish(trx, { kind: 'user', id: user.id })
    await recordOwnDeed(trx, deps, { userId: user.id, ip, eventType: 'user.email_changed', action: 'user.confirm_email_change' })
    return { userId: user.id, email: row.new_email }
  })
  changes.apply({ kind: 'user', id: userId })
  return { email }
}
