// SQL on who belongs to a tenant: members with their people, and the workspaces of one person.
import { sql } from 'kysely'
import type { Role } from '../../http/principal.ts'
import type { Connection, Trx } from '../../platform/database/database.ts'

export interface MemberRow {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly joined_at: Date
  readonly last_active_at: Date | null
}

function selectMembers(conn: Connection, tenantId: string) {
  return conn
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select((eb) => [
      'users.id',
      'users.email',
      'users.name',
      'memberships.role',
      'memberships.joined_at',
      sql<Date | null>`GREATEST(users.last_login_at, ${eb
        .selectFrom('sessions')
        .select(({ fn }) => fn.max('sessions.last_accessed_at').as('at'))
        .whereRef('sessions.user_id', '=', 'users.id')})`.as('last_active_at'),
    ])
    .where('memberships.tenant_id', '=', tenantId)
}

/** The owner first, then in the order of joining. */
export async function listMembers(conn: Connection, tenantId: string): Promise<MemberRow[]> {
  return selectMembers(conn, tenantId)
    .orderBy(sql`memberships.role = 'owner'`, 'desc')
    .orderBy('memberships.joined_at')
    .orderBy('users.id')
    .execute()
}

export async function findMember(conn: Connection, tenantId: string, userId: string): Promise<MemberRow | null> {
  return (await selectMembers(conn, tenantId).where('users.id', '=', userId).executeTakeFirst()) ?? null
}

export async function findMemberByEmail(conn: Connection, tenantId: string, email: string): Promise<MemberRow | null> {
  return (await selectMembers(conn, tenantId).where('users.email', '=', email).executeTakeFirst()) ?? null
}

export async function deleteMembership(trx: Trx, tenantId: string, userId: string): Promise<void> {
  await trx.deleteFrom('memberships').where('tenant_id', '=', tenantId).where('user_id', '=', userId).execute()
}

/** In the order in which a session picks one: their own first, then the one joined first. */
export async function listTenantsOf(conn: Connection, userId: string) {
  return conn
    .selectFrom('memberships')
    .innerJoin('tenants', 'tenants.id', 'memberships.tenant_id')
    .select((eb) => [
      'tenants.id',
      'tenants.name',
      'tenants.plan',
      'memberships.role',
      'memberships.joined_at',
      sql<number>`${eb
        .selectFrom('memberships as all')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .whereRef('all.tenant_id', '=', 'tenants.id')}`.as('member_count'),
    ])
    .where('memberships.user_id', '=', userId)
    .where('tenants.is_active', '=', true)
    .orderBy(sql`memberships.role = 'owner'`, 'desc')
    .orderBy('memberships.joined_at')
    .orderBy('tenants.id')
    .execute()
}
