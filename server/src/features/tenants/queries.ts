// SQL on tenants, and the few questions about memberships that other features ask.
import type { Selectable } from 'kysely'
import type { Role } from '../../http/principal.ts'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'
import type { PlanName } from '../plans/plan-table.ts'

export async function insertTenant(trx: Trx, tenant: { id: string; name: string; ownerUserId: string; at: Date }): Promise<void> {
  await trx
    .insertInto('tenants')
    .values({ id: tenant.id, name: tenant.name, owner_user_id: tenant.ownerUserId, created_at: tenant.at, updated_at: tenant.at })
    .execute()
  await trx.insertInto('tenant_storage').values({ tenant_id: tenant.id }).execute()
}

export async function insertMembership(
  trx: Trx,
  member: { tenantId: string; userId: string; role: Role; at: Date },
): Promise<void> {
  await trx
    .insertInto('memberships')
    .values({ tenant_id: member.tenantId, user_id: member.userId, role: member.role, joined_at: member.at })
    .execute()
}

export async function updateRole(trx: Trx, member: { tenantId: string; userId: string; role: Role }): Promise<void> {
  await trx
    .updateTable('memberships')
    .set({ role: member.role })
    .where('tenant_id', '=', member.tenantId)
    .where('user_id', '=', member.userId)
    .execute()
}

export async function findRole(conn: Connection, tenantId: string, userId: string): Promise<Role | null> {
  const row = await conn
    .selectFrom('memberships')
    .select('role')
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row?.role ?? null
}

export interface TenantPlan {
  readonly id: string
  readonly name: string
  readonly plan: PlanName
  readonly cancelAtPeriodEnd: boolean
  /** Days; null = no bound. */
  readonly maxKeyLifeDays: number | null
  /** Days a key lives when nobody says; null = for ever, or as long as the longest life. */
  readonly defaultKeyLifeDays: number | null
}

export async function findTenantPlan(conn: Connection, tenantId: string): Promise<TenantPlan | null> {
  return toTenantPlan(await selectTenantPlan(conn, tenantId).executeTakeFirst())
}

/** Two changes of one tenant's plan or members happen one after the other. */
export async function lockTenantPlan(trx: Trx, tenantId: string): Promise<TenantPlan | null> {
  return toTenantPlan(await selectTenantPlan(trx, tenantId).forNoKeyUpdate().executeTakeFirst())
}

function selectTenantPlan(conn: Connection, tenantId: string) {
  return conn
    .selectFrom('tenants')
    .select(['id', 'name', 'plan', 'cancel_at_period_end', 'max_key_life_days', 'default_key_life_days'])
    .where('id', '=', tenantId)
}

function toTenantPlan(
  row: Awaited<ReturnType<ReturnType<typeof selectTenantPlan>['executeTakeFirst']>> | undefined,
): TenantPlan | null {
  if (!row) return null
  return {
    id: row.id,
    name: row.name,
    plan: row.plan,
    cancelAtPeriodEnd: row.cancel_at_period_end,
    maxKeyLifeDays: row.max_key_life_days,
    defaultKeyLifeDays: row.default_key_life_days,
  }
}

export type TenantRow = Selectable<Database['tenants']>

export async function findTenant(conn: Connection, id: string): Promise<TenantRow | null> {
  return (await conn.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirst()) ?? null
}

export type TenantChange = Partial<
  Pick<
    TenantRow,
    | 'name'
    | 'owner_user_id'
    | 'webhook_url'
    | 'allowed_vlm_providers'
    | 'allowed_domains'
    | 'max_key_life_days'
    | 'default_key_life_days'
    | 'key_allowed_ips'
    | 'factor_required'
  >
> & { custom_config?: string }

export async function updateTenant(trx: Trx, id: string, set: TenantChange, at: Date): Promise<void> {
  await trx
    .updateTable('tenants')
    .set({ ...set, updated_at: at })
    .where('id', '=', id)
    .execute()
}

export async function updatePlan(trx: Trx, change: { tenantId: string; plan: PlanName; at: Date }): Promise<void> {
  await trx
    .updateTable('tenants')
    .set({ plan: change.plan, plan_changed_at: change.at, cancel_at_period_end: false, updated_at: change.at })
    .where('id', '=', change.tenantId)
    .execute()
}

export async function clearCancellation(trx: Trx, tenantId: string, at: Date): Promise<void> {
  await trx.updateTable('tenants').set({ cancel_at_period_end: false, updated_at: at }).where('id', '=', tenantId).execute()
}

/** Tenants owned by the person with this address, oldest first. */
export async function findOwnedTenants(conn: Connection, email: string): Promise<{ id: string; name: string }[]> {
  return conn
    .selectFrom('tenants')
    .innerJoin('users', 'users.id', 'tenants.owner_user_id')
    .select(['tenants.id', 'tenants.name'])
    .where('users.email', '=', email)
    .orderBy('tenants.created_at')
    .orderBy('tenants.id')
    .execute()
}

export async function findUser(conn: Connection, email: string): Promise<{ id: string; verified: boolean } | null> {
  const row = await conn.selectFrom('users').select(['id', 'email_verified_at']).where('email', '=', email).executeTakeFirst()
  return row ? { id: row.id, verified: row.email_verified_at !== null } : null
}
