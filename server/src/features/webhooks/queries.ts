// All SQL on webhook_deliveries, webhook_cursors and webhook_secrets.
import { type Selectable, sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'

export type DeliveryRow = Omit<Selectable<Database['webhook_deliveries']>, 'payload' | 'tenant_id'>

const columns = [
  'id',
  'event_id',
  'event_type',
  'url',
  'status',
  'attempts',
  'response_status',
  'error',
  'created_at',
  'next_attempt_at',
  'last_attempt_at',
  'delivered_at',
] as const

/** Workspaces with an address whose trail is longer than what became deliveries. */
export async function findBehind(conn: Connection, limit: number): Promise<{ id: string; head: number }[]> {
  const { rows } = await sql<{ id: string; head: number }>`
    SELECT t.id, h.sequence AS head FROM tenants t JOIN audit_heads h ON h.tenant_id = t.id
      LEFT JOIN webhook_cursors c ON c.tenant_id = t.id
     WHERE t.webhook_url IS NOT NULL AND t.is_active AND (c.sequence IS NULL OR c.sequence < h.sequence) LIMIT ${limit}
  `.execute(conn)
  return rows
}

/** Begins with the change that set the address, and with no history before it. */
export async function createCursor(trx: Trx, tenantId: string, head: number): Promise<void> {
  await sql`
    INSERT INTO webhook_cursors (tenant_id, sequence)
    SELECT t.id, COALESCE((SELECT min(e.sequence) - 1 FROM audit_events e
                            WHERE e.tenant_id = t.id AND e.event_timestamp >= t.updated_at), ${head}::bigint)
      FROM tenants t WHERE t.id = ${tenantId}
    ON CONFLICT (tenant_id) DO NOTHING
  `.execute(trx)
}

/** Undefined while another server has it. */
export async function lockCursor(trx: Trx, tenantId: string): Promise<{ sequence: number; url: string | null } | undefined> {
  return trx
    .selectFrom('webhook_cursors')
    .innerJoin('tenants', 'tenants.id', 'webhook_cursors.tenant_id')
    .select(['webhook_cursors.sequence', 'tenants.webhook_url as url'])
    .where('webhook_cursors.tenant_id', '=', tenantId)
    .forUpdate('webhook_cursors')
    .skipLocked()
    .executeTakeFirst()
}

export async function moveCursor(trx: Trx, tenantId: string, sequence: number): Promise<void> {
  await trx.updateTable('webhook_cursors').set({ sequence }).where('tenant_id', '=', tenantId).execute()
}

/** Without an address there is no cursor: one that is set later begins anew. */
export async function dropCursors(conn: Connection): Promise<void> {
  await sql`
    DELETE FROM webhook_cursors c USING tenants t WHERE t.id = c.tenant_id AND t.webhook_url IS NULL
  `.execute(conn)
}

export interface NewDelivery {
  readonly id: string
  readonly tenant_id: string
  readonly event_id: string
  readonly event_type: string
  readonly url: string
  readonly payload: string
  readonly status: 'pending'
  readonly created_at: Date
  readonly next_attempt_at: Date
}

export async function insertDeliveries(trx: Trx, deliveries: NewDelivery[]): Promise<void> {
  if (deliveries.length > 0) await trx.insertInto('webhook_deliveries').values(deliveries).execute()
}

export interface Claimed {
  readonly id: string
  readonly tenant_id: string
  readonly event_id: string
  readonly payload: string
  /** This attempt included. */
  readonly attempts: number
  /** The workspace's address now. */
  readonly url: string | null
}

/** Takes what is due, a few of each workspace; nobody else takes the same until `until`. */
export async function claimDue(
  conn: Connection,
  claim: { now: Date; until: Date; perTenant: number; limit: number; except: string[] },
): Promise<Claimed[]> {
  const { rows } = await sql<Claimed>`
    WITH due AS (
      SELECT d.id FROM (SELECT DISTINCT tenant_id FROM webhook_deliveries
                         WHERE status = 'pending' AND next_attempt_at <= ${claim.now} AND tenant_id <> ALL (${claim.except}::uuid[])) t
       CROSS JOIN LATERAL (SELECT id FROM webhook_deliveries w
                            WHERE w.tenant_id = t.tenant_id AND status = 'pending' AND next_attempt_at <= ${claim.now}
                            ORDER BY next_attempt_at LIMIT ${claim.perTenant} FOR UPDATE SKIP LOCKED) d
       LIMIT ${claim.limit}
    )
    UPDATE webhook_deliveries w
       SET attempts = w.attempts + 1, last_attempt_at = ${claim.now}, next_attempt_at = ${claim.until}, url = COALESCE(t.webhook_url, w.url)
      FROM due, tenants t WHERE w.id = due.id AND t.id = w.tenant_id
    RETURNING w.id, w.tenant_id, w.event_id, w.payload, w.attempts, t.webhook_url AS url
  `.execute(conn)
  return rows
}

export async function settleDelivery(
  conn: Connection,
  id: string,
  set: {
    status: 'pending' | 'delivered' | 'failed'
    response_status: number | null
    error: string | null
    next_attempt_at?: Date
    delivered_at?: Date
  },
): Promise<void> {
  await conn.updateTable('webhook_deliveries').set(set).where('id', '=', id).execute()
}

/** Newest first. */
export async function listDeliveries(
  conn: Connection,
  filter: { tenantId: string; status: DeliveryRow['status'] | null; limit: number; offset: number },
): Promise<{ deliveries: DeliveryRow[]; total: number }> {
  let query = conn.selectFrom('webhook_deliveries').where('tenant_id', '=', filter.tenantId)
  if (filter.status) query = query.where('status', '=', filter.status)
  const [deliveries, { total }] = await Promise.all([
    query.select(columns).orderBy('created_at', 'desc').orderBy('id').limit(filter.limit).offset(filter.offset).execute(),
    query.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
  ])
  return { deliveries, total }
}

/** Due again at once, with all its attempts. */
export async function renewDelivery(conn: Connection, tenantId: string, id: string, now: Date): Promise<DeliveryRow | undefined> {
  return conn
    .updateTable('webhook_deliveries')
    .set({ status: 'pending', attempts: 0, error: null, response_status: null, delivered_at: null, next_attempt_at: now })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirst()
}

export async function deleteDeliveriesBefore(conn: Connection, before: Date): Promise<void> {
  await conn.deleteFrom('webhook_deliveries').where('created_at', '<', before).execute()
}

export async function findWebhook(
  conn: Connection,
  tenantId: string,
): Promise<{ url: string | null; version: number; rotatedAt: Date | null } | undefined> {
  const row = await conn
    .selectFrom('tenants')
    .leftJoin('webhook_secrets', 'webhook_secrets.tenant_id', 'tenants.id')
    .select(['tenants.webhook_url', 'webhook_secrets.version', 'webhook_secrets.rotated_at'])
    .where('tenants.id', '=', tenantId)
    .executeTakeFirst()
  return row && { url: row.webhook_url, version: row.version ?? 1, rotatedAt: row.rotated_at }
}

export async function raiseSecretVersion(trx: Trx, tenantId: string, at: Date): Promise<void> {
  await sql`
    INSERT INTO webhook_secrets (tenant_id, version, rotated_at) VALUES (${tenantId}, 2, ${at})
    ON CONFLICT (tenant_id) DO UPDATE SET version = webhook_secrets.version + 1, rotated_at = excluded.rotated_at
  `.execute(trx)
}
