// SQL that reads the trail for people, and the SQL on audit_bases, where a pruned trail begins.
import { type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'
import type { PlanName } from '../plans/plan-table.ts'

export type Entry = Omit<Selectable<Database['audit_events']>, 'hmac' | 'tenant_id'>

export interface EntryFilter {
  readonly tenantId: string
  readonly eventType: string | null
  readonly severity: string | null
  readonly userId: string | null
  readonly result: string | null
  /** Both inclusive. */
  readonly from: Date | null
  readonly to: Date | null
}

const columns = [
  'id',
  'sequence',
  'event_type',
  'event_timestamp',
  'severity',
  'user_id',
  'api_key_id',
  'action',
  'result',
  'ip_address',
  'resource_type',
  'resource_id',
  'error_message',
  'metadata',
] as const

const severities = ['info', 'warning', 'error', 'critical'] as const
const results = ['success', 'failure', 'denied'] as const

/** Newest first. */
export async function listEntries(
  conn: Connection,
  filter: EntryFilter,
  page: { limit: number; offset: number },
): Promise<{ entries: Entry[]; total: number }> {
  const matching = applyFilter(conn.selectFrom('audit_events'), filter)
  const [entries, { total }] = await Promise.all([
    matching.select(columns).orderBy('sequence', 'desc').limit(page.limit).offset(page.offset).execute(),
    matching.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
  ])
  return { entries, total }
}

function applyFilter<O>(query: SelectQueryBuilder<Database, 'audit_events', O>, filter: EntryFilter) {
  const { tenantId, eventType, userId, from, to } = filter
  const severity = severities.find((known) => known === filter.severity)
  const result = results.find((known) => known === filter.result)
  return (
    query
      .where('tenant_id', '=', tenantId)
      .$if(eventType !== null, (q) => q.where('event_type', '=', eventType ?? ''))
      .$if(userId !== null, (q) => q.where('user_id', '=', userId))
      .$if(from !== null, (q) => q.where('event_timestamp', '>=', from ?? new Date(0)))
      .$if(to !== null, (q) => q.where('event_timestamp', '<=', to ?? new Date(0)))
      .$if(severity !== undefined, (q) => q.where('severity', '=', severity ?? 'info'))
      .$if(result !== undefined, (q) => q.where('result', '=', result ?? 'success'))
      // A word that is no severity or result is no fault in the contract: it matches nothing.
      .$if((filter.severity !== null && !severity) || (filter.result !== null && !result), (q) => q.where(sql<boolean>`false`))
  )
}

export async function findEntry(conn: Connection, tenantId: string, id: string): Promise<Entry | undefined> {
  return conn.selectFrom('audit_events').select(columns).where('tenant_id', '=', tenantId).where('id', '=', id).executeTakeFirst()
}

/** The next rows in the order of the trail. */
export async function readEntries(
  conn: Connection,
  tenantId: string,
  range: { after: number; upTo?: number; from?: Date | null; to?: Date | null; limit: number },
): Promise<Entry[]> {
  const { after, upTo, from = null, to = null, limit } = range
  return conn
    .selectFrom('audit_events')
    .select(columns)
    .where('tenant_id', '=', tenantId)
    .where('sequence', '>', after)
    .$if(upTo !== undefined, (q) => q.where('sequence', '<=', upTo ?? 0))
    .$if(from !== null, (q) => q.where('event_timestamp', '>=', from ?? new Date(0)))
    .$if(to !== null, (q) => q.where('event_timestamp', '<=', to ?? new Date(0)))
    .orderBy('sequence')
    .limit(limit)
    .execute()
}

export interface Base {
  readonly sequence: number
  readonly base: Buffer
  readonly hmac: Buffer
}

const baseColumns = ['sequence', 'base', 'hmac'] as const

export async function readBase(conn: Connection, tenantId: string): Promise<Base | undefined> {
  return conn.selectFrom('audit_bases').select(baseColumns).where('tenant_id', '=', tenantId).executeTakeFirst()
}

/** Of two servers that prune one trail the second waits here. */
export async function lockTrailBase(trx: Trx, tenantId: string): Promise<Base | undefined> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`audit-base ${tenantId}`}, 0))`.execute(trx)
  return readBase(trx, tenantId)
}

/** Moves the base forward, never back, and removes what lies before it. */
export async function advanceBase(trx: Trx, tenantId: string, { sequence, base, hmac }: Base): Promise<void> {
  await sql`
    INSERT INTO audit_bases (tenant_id, sequence, base, hmac) VALUES (${tenantId}, ${sequence}, ${base}, ${hmac})
    ON CONFLICT (tenant_id) DO UPDATE SET sequence = excluded.sequence, base = excluded.base, hmac = excluded.hmac
      WHERE audit_bases.sequence < excluded.sequence
  `.execute(trx)
  await trx.deleteFrom('audit_events').where('tenant_id', '=', tenantId).where('sequence', '<=', sequence).execute()
}

/** Null for a workspace that is gone. */
export async function findPlanOf(conn: Connection, tenantId: string): Promise<PlanName | null> {
  const row = await conn.selectFrom('tenants').select('plan').where('id', '=', tenantId).executeTakeFirst()
  return row?.plan ?? null
}
