// A new password for who is signed in: the old one is verified, and whoever else is signed in as them is not any more.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import { checkNewPassword } from '../accounts/check-new-password.ts'
import { type UserRow, voidTokens } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { verifyPassword, wrongPassword } from '../accounts/verify-password.ts'
import type { Client } from '../sessions/start-session.ts'
import { mailNotice } from './mails.ts'
import { endOtherSessions, replacePassword } from './queries.ts'

type PasswordDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'passwords' | 'delays' | 'config' | 'jobs'>

export async function changePassword(
  deps: PasswordDeps,
  { sessionId }: SessionPrincipal,
  user: UserRow,
  input: { current_password: string; new_password: string },
  client: Client,
): Promise<void> {
  requirePassword(user)
  await verifyPassword(deps, user, input.current_password, client)
  await checkNewPassword(deps, input.new_password, ['body', 'new_password'])
  const { db, changes, clock, passwords } = deps
  const password_hash = await passwords.hash(input.new_password)
  const at = new Date(clock.now())
  await db.transaction().execute(async (trx) => {
    // One that was replaced meanwhile is no longer the current one.
    if (!(await replacePassword(trx, user.id, { from: user.password_hash, to: password_hash, at }))) throw wrongPassword()
    await endOtherSessions(trx, user.id, sessionId)
    // What a thief may have asked for meanwhile.
    for (const purpose of ['reset_password', 'change_email'] as const) await voidTokens(trx, user.id, purpose, at)
    await mailNotice(deps, trx, 'password_changed', user.email)
    await changes.publish(trx, { kind: 'user', id: user.id })
    await recordOwnDeed(trx, deps, {
      userId: user.id,
      ip: client.ip,
      eventType: 'auth.password_changed',
      action: 'user.change_password',
    })
  })
  changes.apply({ kind: 'user', id: user.id })
}

/** For who signed up with an account held elsewhere. */
export async function setInitialPassword(deps: PasswordDeps, user: UserRow, password: string, client: Client): Promise<void> {
  const taken = () =>
    new ApiError('BAD_REQUEST', 'This account has a password: change it with POST /api/v2/user/change-password.')
  if (user.password_hash !== null) throw taken()
  await checkNewPassword(deps, password, ['body'])
  const { db, clock, passwords } = deps
  const password_hash = await passwords.hash(password)
  const at = new Date(clock.now())
  await db.transaction().execute(async (trx) => {
    if (!(await replacePassword(trx, user.id, { from: null, to: password_hash, at }))) throw taken()
    await mailNotice(deps, trx, 'password_changed', user.email)
    await recordOwnDeed(trx, deps, {
      userId: user.id,
      ip: client.ip,
      eventType: 'auth.password_changed',
      action: 'user.set_initial_password',
    })
  })
}

export function requirePassword(user: UserRow): void {
  if (user.password_hash === null)
    throw new ApiError('BAD_REQUEST', 'This account has no password yet: set one with POST /api/v2/user/set-initial-password.')
}
