// The SQL by which a person changes or ends their own account.
import { sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import { deletePendingLogins } from '../accounts/queries.ts'
import { lockSessionsOf } from '../sessions/queries.ts'

export async function lockPreferences(trx: Trx, userId: string): Promise<Record<string, unknown> | null> {
  const row = await trx.selectFrom('users').select('preferences').where('id', '=', userId).forNoKeyUpdate().executeTakeFirst()
  return row?.preferences ?? null
}

/** Only while the password is still the one that was verified; null: while there is none. */
export async function replacePassword(
  trx: Trx,
  userId: string,
  { from, to, at }: { from: string | null; to: string; at: Date },
): Promise<boolean> {
  const row = await trx
    .updateTable('users')
    .set({ password_hash: to, updated_at: at })
    .where('id', '=', userId)
    .where(sql<boolean>`password_hash IS NOT DISTINCT FROM ${from}`)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** All but the one that does this, and sign-ins that wait for their second factor. */
export async function endOtherSessions(trx: Trx, userId: string, sessionId: string): Promise<void> {
  await lockSessionsOf(trx, userId)
  await trx.deleteFrom('sessions').where('user_id', '=', userId).where('id', '<>', sessionId).execute()
  await deletePendingLogins(trx, userId)
}

/** False when somebody has the address already. */
export async function moveToAddress(trx: Trx, userId: string, email: string, at: Date): Promise<boolean> {
  try {
    await trx.updateTable('users').set({ email, email_verified_at: at, updated_at: at }).where('id', '=', userId).execute()
    return true
  } catch (error) {
    if ((error as { code?: string }).code === '23505') return false
    throw error
  }
}

export async function lockOwnedTenants(trx: Trx, userId: string): Promise<string[]> {
  const rows = await trx
    .selectFrom('tenants')
    .select('id')
    .where('owner_user_id', '=', userId)
    .orderBy('id')
    .forUpdate()
    .execute()
  return rows.map(({ id }) => id)
}

export async function tenantsOf(conn: Connection, userId: string): Promise<string[]> {
  const rows = await conn
    .selectFrom('memberships')
    .select('tenant_id')
    .where('user_id', '=', userId)
    .orderBy('tenant_id')
    .execute()
  return rows.map((row) => row.tenant_id)
}

/** With all that is theirs: keys, members, files, uploads, counts. */
export async function deleteTenants(trx: Trx, ids: readonly string[]): Promise<void> {
  if (ids.length) await trx.deleteFrom('tenants').where('id', 'in', ids).execute()
}

/** With sessions, tokens, factors, identities, memberships, and the keys they created elsewhere. */
export async function deleteUser(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('users').where('id', '=', id).execute()
}

export async function selectObjectKeys(conn: Connection, prefixes: readonly string[], limit: number): Promise<string[]> {
  const rows = await conn
    .selectFrom('stored_objects')
    .select('object_key')
    .where((where) => where.or(prefixes.map((prefix) => sql<boolean>`starts_with(object_key, ${prefix})`)))
    .limit(limit)
    .execute()
  return rows.map((row) => row.object_key)
}
