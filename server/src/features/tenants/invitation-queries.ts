// All SQL on invitations; one is open until it is accepted, withdrawn, replaced or too old.
import type { Selectable } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'

export type InvitationRow = Selectable<Database['invitations']>

export async function insertInvitation(trx: Trx, invitation: InvitationRow): Promise<void> {
  await trx.insertInto('invitations').values(invitation).execute()
}

function selectOpen(conn: Connection, now: Date) {
  return conn.selectFrom('invitations').selectAll('invitations').where('ended_at', 'is', null).where('expires_at', '>', now)
}

/** Oldest first. */
export async function listOpenInvitations(conn: Connection, tenantId: string, now: Date): Promise<InvitationRow[]> {
  return selectOpen(conn, now).where('tenant_id', '=', tenantId).orderBy('created_at').orderBy('id').execute()
}

export async function findOpenInvitation(conn: Connection, id: string, now: Date): Promise<InvitationRow | null> {
  return (await selectOpen(conn, now).where('id', '=', id).executeTakeFirst()) ?? null
}

/** With its workspace, and the account that has proved the address: one statement, so that no acceptance comes in between. */
export async function findInvitationByToken(conn: Connection, tokenHash: Buffer, now: Date) {
  const found = await selectOpen(conn, now)
    .innerJoin('tenants', (join) => join.onRef('tenants.id', '=', 'invitations.tenant_id').on('tenants.is_active', '=', true))
    .leftJoin('users', (join) =>
      join.onRef('users.email', '=', 'invitations.email').on('users.email_verified_at', 'is not', null),
    )
    .select(['tenants.name as tenant_name', 'users.id as account_id'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  if (!found) return null
  const { tenant_name, account_id, ...row } = found
  return { row, tenantName: tenant_name, accountId: account_id }
}

/** Of any number of parallel acceptances one gets the row (S27). */
export async function consumeInvitation(trx: Trx, tokenHash: Buffer, now: Date): Promise<InvitationRow | null> {
  const row = await trx
    .updateTable('invitations')
    .set({ ended_at: now })
    .where('token_hash', '=', tokenHash)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst()
  return row ?? null
}

export async function updateInvitationRole(trx: Trx, id: string, role: InvitationRow['role']): Promise<void> {
  await trx.updateTable('invitations').set({ role }).where('id', '=', id).execute()
}

/** Those to an address, one by id, or all that somebody sent. */
export async function endInvitations(
  trx: Trx,
  tenantId: string,
  which: { email: string } | { id: string } | { invitedBy: string },
  now: Date,
): Promise<void> {
  let query = trx
    .updateTable('invitations')
    .set({ ended_at: now })
    .where('tenant_id', '=', tenantId)
    .where('ended_at', 'is', null)
  if ('email' in which) query = query.where('email', '=', which.email)
  else if ('id' in which) query = query.where('id', '=', which.id)
  else query = query.where('invited_by', '=', which.invitedBy)
  await query.execute()
}

/** What nobody can accept any more and nobody asks about. */
export async function deleteOldInvitations(conn: Connection, before: Date): Promise<void> {
  await conn.deleteFrom('invitations').where('expires_at', '<', before).execute()
}
