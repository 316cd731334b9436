// All SQL on identities and on sign-ins elsewhere that are under way.
import type { Selectable } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'

export type IdentityRow = Selectable<Database['identities']>
export type StateRow = Selectable<Database['oidc_states']>

export async function findIdentity(conn: Connection, issuer: string, subject: string): Promise<IdentityRow | null> {
  return (
    (await conn
      .selectFrom('identities')
      .selectAll()
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .executeTakeFirst()) ?? null
  )
}

export async function listIdentities(conn: Connection, userId: string): Promise<IdentityRow[]> {
  return conn.selectFrom('identities').selectAll().where('user_id', '=', userId).orderBy('created_at').orderBy('issuer').execute()
}

/** False when the identity opens an account already, or the person has another one of this issuer. */
export async function insertIdentity(trx: Trx, identity: IdentityRow): Promise<boolean> {
  const row = await trx
    .insertInto('identities')
    .values(identity)
    .onConflict((conflict) => conflict.doNothing())
    .returning('subject')
    .executeTakeFirst()
  return row !== undefined
}

/** False when it does not open this account any more. The address is for its owner to recognise it by, and follows the provider's. */
export async function stampIdentity(
  trx: Trx,
  userId: string,
  { issuer, subject }: Pick<IdentityRow, 'issuer' | 'subject'>,
  set: { last_used_at: Date; email?: string },
): Promise<boolean> {
  const row = await trx
    .updateTable('identities')
    .set(set)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .where('user_id', '=', userId)
    .returning('subject')
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteIdentity(trx: Trx, userId: string, provider: string): Promise<IdentityRow | null> {
  return (
    (await trx
      .deleteFrom('identities')
      .where('user_id', '=', userId)
      .where('provider', '=', provider)
      .returningAll()
      .executeTakeFirst()) ?? null
  )
}

export async function hasPasskey(conn: Connection, userId: string): Promise<boolean> {
  return (await conn.selectFrom('passkeys').select('id').where('user_id', '=', userId).limit(1).executeTakeFirst()) !== undefined
}

export async function insertState(conn: Connection, state: StateRow): Promise<void> {
  await conn.insertInto('oidc_states').values(state).execute()
}

/** Once, and only for the browser and the provider it was made for (S22). */
export async function takeState(
  conn: Connection,
  state: Pick<StateRow, 'state_hash' | 'browser_hash' | 'provider'>,
  now: Date,
): Promise<StateRow | null> {
  return (
    (await conn
      .deleteFrom('oidc_states')
      .where('state_hash', '=', state.state_hash)
      .where('browser_hash', '=', state.browser_hash)
      .where('provider', '=', state.provider)
      .where('expires_at', '>', now)
      .returningAll()
      .executeTakeFirst()) ?? null
  )
}

export async function deleteExpiredStates(conn: Connection, now: Date): Promise<void> {
  await conn.deleteFrom('oidc_states').where('expires_at', '<=', now).execute()
}
