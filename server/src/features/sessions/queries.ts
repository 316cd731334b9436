// All SQL on sessions.
import { type Selectable, sql } from 'kysely'
import type { Role } from '../../http/principal.ts'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'
import type { PlanName } from '../plans/plan-table.ts'
import { absoluteMs, rememberedSlidingMs } from './session-life.ts'

export type SessionRow = Selectable<Database['sessions']>

export async function insertSession(conn: Connection, session: SessionRow): Promise<void> {
  await conn.insertInto('sessions').values(session).execute()
}

export async function findSession(conn: Connection, id: string): Promise<SessionRow | null> {
  return (await conn.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst()) ?? null
}

export interface Membership {
  readonly tenantId: string
  readonly role: Role
  readonly plan: PlanName
  readonly factorRequired: boolean
}

/** The session with its person and, one row each, the workspaces they act in: their own first, then the one joined first. */
export async function findSessionByToken(conn: Connection, tokenHash: Buffer) {
  return conn
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .leftJoin('memberships', 'memberships.user_id', 'users.id')
    .leftJoin('tenants', (join) => join.onRef('tenants.id', '=', 'memberships.tenant_id').on('tenants.is_active', '=', true))
    .select([
      'sessions.id',
      'sessions.user_id',
      'sessions.remember_me',
      'sessions.created_at',
      'sessions.last_accessed_at',
      'sessions.authenticated_at',
      'sessions.factor_at',
      'sessions.ends_at',
      'users.factor_enrolled_at',
      'users.email',
      'users.email_verified_at',
      'tenants.id as tenant_id',
      'tenants.plan',
      'tenants.factor_required',
      'memberships.role',
    ])
    .where('sessions.token_hash', '=', tokenHash)
    .where('users.is_active', '=', true)
    .orderBy(sql`memberships.role = 'owner'`, (order) => order.desc().nullsLast())
    .orderBy('memberships.joined_at')
    .orderBy('memberships.tenant_id')
    .execute()
}

/**
 * Against a session that begins or rotates while all of a person's sessions end: whoever ends them takes `update`, whoever keeps one
 * alive takes `share`, so that neither misses the other's row.
 */
export async function lockPerson(trx: Trx, userId: string, mode: 'share' | 'update'): Promise<void> {
  const person = trx.selectFrom('users').select('id').where('id', '=', userId)
  await (mode === 'share' ? person.forShare() : person.forNoKeyUpdate()).execute()
}

/** Last used first. */
export async function listSessions(conn: Connection, userId: string): Promise<SessionRow[]> {
  return conn
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('last_accessed_at', 'desc')
    .orderBy('id')
    .execute()
}

/**
 * Only rows that are still there, and never backwards: a touch cannot bring an ended session back. The rows are locked by their ids
 * first: two servers that touch the same sessions lock them in the same order.
 */
export async function touchSessions(conn: Connection, touches: readonly { id: string; at: number }[]): Promise<void> {
  const ids = touches.map(({ id }) => id)
  const instants = touches.map(({ at }) => new Date(at).toISOString())
  await sql`
    WITH held AS MATERIALIZED (
      SELECT id FROM sessions WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE sessions SET last_accessed_at = touched.at
    FROM held JOIN unnest(${ids}::uuid[], ${instants}::timestamptz[]) AS touched (id, at) USING (id)
    WHERE sessions.id = held.id AND sessions.last_accessed_at < touched.at`.execute(conn)
}

/** Of two that end or rotate the same session at once, one gets the row. */
export async function deleteSession(conn: Connection, userId: string, id: string): Promise<boolean> {
  const row = await conn
    .deleteFrom('sessions')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Before all of a person's are written: in the order in which they are touched. */
export async function lockSessionsOf(trx: Trx, userId: string): Promise<void> {
  await trx.selectFrom('sessions').select('id').where('user_id', '=', userId).orderBy('id').forUpdate().execute()
}

export async function deleteSessionsOf(trx: Trx, userId: string): Promise<void> {
  await lockSessionsOf(trx, userId)
  await trx.deleteFrom('sessions').where('user_id', '=', userId).execute()
}

/** Sessions that no use can bring back. */
export async function deleteDeadSessions(conn: Connection, now: number): Promise<void> {
  await conn
    .deleteFrom('sessions')
    .where((where) =>
      where.or([
        where('last_accessed_at', '<', new Date(now - rememberedSlidingMs)),
        where('created_at', '<', new Date(now - absoluteMs)),
        where('ends_at', '<', new Date(now)),
      ]),
    )
    .execute()
}

/** Role and plan of this person in each workspace; none is left out silently but those switched off. */
export function membershipsOf(rows: Awaited<ReturnType<typeof findSessionByToken>>): Membership[] {
  return rows.flatMap(({ tenant_id, role, plan, factor_required }) =>
    tenant_id && role && plan ? [{ tenantId: tenant_id, role, plan, factorRequired: factor_required ?? false }] : [],
  )
}
