// All SQL on users and on their one-time tokens.
import type { Selectable, Updateable } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'
import type { Purpose } from './one-time-token.ts'

export type UserRow = Selectable<Database['users']>
export type TokenRow = Selectable<Database['one_time_tokens']>

/** False when somebody has the address already. */
export async function insertUser(
  trx: Trx,
  user: { id: string; email: string; name: string; password_hash: string; at: Date },
): Promise<boolean> {
  const { id, email, name, password_hash, at } = user
  const row = await trx
    .insertInto('users')
    .values({ id, email, name, password_hash, preferences: '{}', created_at: at, updated_at: at })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function findUserByEmail(conn: Connection, email: string): Promise<UserRow | null> {
  return (await conn.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()) ?? null
}

export async function findUserById(conn: Connection, id: string): Promise<UserRow | null> {
  return (await conn.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()) ?? null
}

export async function updateUser(
  conn: Connection,
  id: string,
  set: Omit<Updateable<Database['users']>, 'id' | 'email' | 'created_at'>,
): Promise<void> {
  await conn.updateTable('users').set(set).where('id', '=', id).execute()
}

/** Only while the password is still the one that was verified, and waits for a reset in hand. */
export async function stampLogin(trx: Trx, id: string, verifiedHash: string, at: Date): Promise<boolean> {
  const row = await trx
    .updateTable('users')
    .set({ last_login_at: at })
    .where('id', '=', id)
    .where('password_hash', '=', verifiedHash)
    .where('is_active', '=', true)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** The workspace whose trail a person's own deeds are written to: their own first, else the oldest they are in. */
export async function primaryTenant(conn: Connection, userId: string): Promise<string | null> {
  const row = await conn
    .selectFrom('memberships')
    .innerJoin('tenants', 'tenants.id', 'memberships.tenant_id')
    .select('tenants.id')
    .where('memberships.user_id', '=', userId)
    .orderBy((eb) => eb('tenants.owner_user_id', '=', userId), 'desc')
    .orderBy('memberships.joined_at')
    .limit(1)
    .executeTakeFirst()
  return row?.id ?? null
}

export async function insertOneTimeToken(conn: Connection, token: TokenRow): Promise<void> {
  await conn.insertInto('one_time_tokens').values(token).execute()
}

export async function findTokenById(conn: Connection, id: string): Promise<TokenRow | null> {
  return (await conn.selectFrom('one_time_tokens').selectAll().where('id', '=', id).executeTakeFirst()) ?? null
}

export async function findToken(conn: Connection, purpose: Purpose, digest: Buffer): Promise<TokenRow | null> {
  return (
    (await conn
      .selectFrom('one_time_tokens')
      .selectAll()
      .where('purpose', '=', purpose)
      .where('token_hash', '=', digest)
      .executeTakeFirst()) ?? null
  )
}

/** Of any number of parallel redemptions one gets the row (S27). */
export async function consumeToken(trx: Trx, purpose: Purpose, digest: Buffer, now: Date): Promise<TokenRow | null> {
  const row = await trx
    .updateTable('one_time_tokens')
    .set({ consumed_at: now })
    .where('purpose', '=', purpose)
    .where('token_hash', '=', digest)
    .where('consumed_at', 'is', null)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst()
  return row ?? null
}

/** A new link, and a purpose fulfilled, end the older links. */
export async function voidTokens(conn: Connection, userId: string, purpose: Purpose, now: Date): Promise<void> {
  await conn
    .updateTable('one_time_tokens')
    .set({ consumed_at: now })
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .where('consumed_at', 'is', null)
    .execute()
}

export async function lastTokenAt(conn: Connection, userId: string, purpose: Purpose): Promise<Date | null> {
  const row = await conn
    .selectFrom('one_time_tokens')
    .select('created_at')
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.created_at ?? null
}

export async function deleteTokensBefore(conn: Connection, ended: Date): Promise<void> {
  await conn.deleteFrom('one_time_tokens').where('expires_at', '<', ended).execute()
}

/** Sign-ins that wait for a second factor. */
export async function deletePendingLogins(trx: Trx, userId: string): Promise<void> {
  await trx.deleteFrom('pending_logins').where('user_id', '=', userId).execute()
}
