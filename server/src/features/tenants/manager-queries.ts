// SQL on who looks after a workspace: whom its mails go to.
import type { Connection } from '../../platform/database/database.ts'

/** Owner and admins whose addresses are proved, as a query to go on from. */
export const managers = (conn: Connection, tenantId: string) =>
  conn
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .where('memberships.tenant_id', '=', tenantId)
    .where('memberships.role', 'in', ['owner', 'admin'])
    .where('users.is_active', '=', true)
    .where('users.email_verified_at', 'is not', null)

/** Owner and admins whose addresses are proved. */
export async function selectManagers(conn: Connection, tenantId: string): Promise<string[]> {
  return (await managers(conn, tenantId).select('users.id').execute()).map(({ id }) => id)
}

/** Whom a mail about a workspace reaches; null for somebody who is no member any more, or has not proved the address. */
export async function findRecipient(
  conn: Connection,
  tenantId: string,
  userId: string,
): Promise<{ email: string; workspace: string } | null> {
  const row = await conn
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .innerJoin('tenants', 'tenants.id', 'memberships.tenant_id')
    .where('memberships.tenant_id', '=', tenantId)
    .where('memberships.user_id', '=', userId)
    .where('users.is_active', '=', true)
    .where('users.email_verified_at', 'is not', null)
    .select(['users.email', 'tenants.name as workspace'])
    .executeTakeFirst()
  return row ?? null
}
