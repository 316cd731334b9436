// Sets a new password with the token from the mail: every session ends, and a new one begins for whoever holds the mailbox.
import type { Deps } from '../../deps.ts'
import { challengeIfEnrolled } from '../second-factor/challenge.ts'
import { deleteSessionsOf } from '../sessions/queries.ts'
import { type Client, type StartedSession, startSession } from '../sessions/start-session.ts'
import { checkNewPassword } from './check-new-password.ts'
import { endWaysIn } from './claim-account.ts'
import { tokenDigest } from './one-time-token.ts'
import { consumeToken, deletePendingLogins, findToken, findUserById, type UserRow, updateUser, voidTokens } from './queries.ts'
import { recordOwnDeed } from './record-own-deed.ts'
import { tokenExpired } from './verify-email.ts'

type ResetDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'passwords'>

/** Looks without consuming: opening the link, or a mail scanner opening it, uses nothing up. */
export async function validateResetToken({ db, clock }: Pick<Deps, 'db' | 'clock'>, token: string): Promise<{ expiresAt: Date }> {
  const row = await findToken(db, 'reset_password', tokenDigest(token))
  if (!row || row.consumed_at || row.expires_at.getTime() <= clock.now()) throw tokenExpired()
  return { expiresAt: row.expires_at }
}

export async function resetPassword(
  deps: ResetDeps,
  input: { token: string; new_password: string },
  client: Client,
): Promise<{ user: UserRow; session: StartedSession }> {
  const { db, clock, changes, passwords } = deps
  await checkNewPassword(deps, input.new_password, ['body', 'new_password'])
  await validateResetToken(deps, input.token)
  const password_hash = await passwords.hash(input.new_password)
  const now = clock.now()
  const at = new Date(now)
  const done = await db.transaction().execute(async (trx) => {
    const row = await consumeToken(trx, 'reset_password', tokenDigest(input.token), at)
    const user = row && (await findUserById(trx, row.user_id))
    if (!user?.is_active) throw tokenExpired()
    // Whoever reads the mailbox has proved the address as well.
    await updateUser(trx, user.id, {
      password_hash,
      updated_at: at,
      last_login_at: at,
      email_verified_at: user.email_verified_at ?? at,
    })
    // A change of address that somebody asked for with the old password goes with it.
    for (const purpose of ['reset_password', 'change_email'] as const) await voidTokens(trx, user.id, purpose, at)
    await deleteSessionsOf(trx, user.id)
    // Begun with the old password.
    await deletePendingLogins(trx, user.id)
    // Whoever registered an address that they never proved leaves nothing behind in it (S25).
    if (!user.email_verified_at) {
      await endWaysIn(trx, user.id)
      await updateUser(trx, user.id, { factor_enrolled_at: null })
    }
    await changes.publish(trx, { kind: 'user', id: user.id })
    // A factor still stands between a new password and a session.
    const session =
      user.email_verified_at && user.factor_enrolled_at
        ? null
        : await startSession(trx, { userId: user.id, rememberMe: false, client, now })
    await recordOwnDeed(trx, deps, {
      eventType: 'auth.password_changed',
      action: 'user.reset_password',
      userId: user.id,
      ip: client.ip,
    })
    return { user: { ...user, password_hash, email_verified_at: user.email_verified_at ?? at }, session }
  })
  changes.apply({ kind: 'user', id: done.user.id })
  const { user, session } = done
  if (session) return { user, session }
  await challengeIfEnrolled(deps, user, { method: 'reset', rememberMe: false })
  throw new Error('a person with a factor was not asked for it')
}
