// An account for whoever proved the mailbox: a new one, or one that somebody else began with this address, emptied of all they put in (S25).
import type { Trx } from '../../platform/database/database.ts'
import { deleteSessionsOf } from '../sessions/queries.ts'
import type { UserRow } from './queries.ts'

/** Every other way in, finished or begun. */
const heldByAccount = [
  'passkeys',
  'passkey_challenges',
  'totp_secrets',
  'recovery_codes',
  'identities',
  'oidc_states',
  'pending_logins',
  'one_time_tokens',
] as const

/** Null when the address has a verified account: that one belongs to its owner, who must sign in. */
export async function claimAccount(
  trx: Trx,
  account: { id: string; email: string; name: string; passwordHash: string | null; at: Date },
): Promise<UserRow | null> {
  const { at } = account
  const proved = {
    name: account.name,
    password_hash: account.passwordHash,
    email_verified_at: at,
    updated_at: at,
    last_login_at: at,
    factor_enrolled_at: null,
  }
  const user = await trx
    .insertInto('users')
    .values({ id: account.id, email: account.email, preferences: '{}', created_at: at, ...proved })
    .onConflict((conflict) =>
      conflict
        .column('email')
        .doUpdateSet(proved)
        .where('users.email_verified_at', 'is', null)
        .where('users.is_active', '=', true),
    )
    .returningAll()
    .executeTakeFirst()
  if (!user || user.id === account.id) return user ?? null
  await endWaysIn(trx, user.id)
  return user
}

/** Sessions, factors, identities and links of an account, ended or begun; its password and `factor_enrolled_at` are the caller's. */
export async function endWaysIn(trx: Trx, userId: string): Promise<void> {
  await deleteSessionsOf(trx, userId)
  for (const table of heldByAccount) await trx.deleteFrom(table).where('user_id', '=', userId).execute()
}
