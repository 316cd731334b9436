// All SQL on notices about usage: who is near a limit, who has been told, and whom to tell.
import { sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { PlanName } from '../plans/plan-table.ts'
import { managers } from '../tenants/manager-queries.ts'

/** Workspaces of a plan with so many uploads in the month of whom this kind of notice was not sent. */
export async function selectNearLimit(
  conn: Connection,
  { plan, month, uploads, kind }: { plan: PlanName; month: string; uploads: number; kind: string },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT t.id FROM monthly_uploads m JOIN tenants t ON t.id = m.tenant_id
    WHERE m.month = ${month}::date AND m.uploads >= ${uploads} AND t.plan = ${plan} AND t.is_active
      AND NOT EXISTS (SELECT FROM notices n WHERE n.subject_id = t.id AND n.kind = ${kind})`.execute(conn)
  return rows.map(({ id }) => id)
}

/** False when it was sent before, by whatever server. */
export async function insertNotice(trx: Trx, subjectId: string, kind: string, at: Date): Promise<boolean> {
  const row = await trx
    .insertInto('notices')
    .values({ subject_id: subjectId, kind, sent_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .returning('kind')
    .executeTakeFirst()
  return row !== undefined
}

export interface Notified {
  readonly email: string
  readonly workspace: string
  readonly plan: PlanName
  readonly uploads: number
}

/** What a mail says, as it is when it is sent; null for somebody who manages the workspace no longer. */
export async function findNotified(
  conn: Connection,
  { tenantId, userId, month }: { tenantId: string; userId: string; month: string },
): Promise<Notified | null> {
  const row = await managers(conn, tenantId)
    .innerJoin('tenants', 'tenants.id', 'memberships.tenant_id')
    .innerJoin('monthly_uploads', 'monthly_uploads.tenant_id', 'memberships.tenant_id')
    .where('users.id', '=', userId)
    .where('monthly_uploads.month', '=', month)
    .select(['users.email', 'tenants.name as workspace', 'tenants.plan', 'monthly_uploads.uploads'])
    .executeTakeFirst()
  return row ?? null
}
