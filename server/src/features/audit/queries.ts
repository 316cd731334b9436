// All SQL on the trail: audit_events and audit_heads.
import { sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import { type AuditKey, equal, headHmac, type Link } from './chain.ts'

export interface Head {
  readonly sequence: number
  readonly head: Buffer
  readonly hmac: Buffer
}

export async function lockHead(trx: Trx, tenantId: string): Promise<Head | undefined> {
  return trx
    .selectFrom('audit_heads')
    .select(['sequence', 'head', 'hmac'])
    .where('tenant_id', '=', tenantId)
    .forUpdate()
    .executeTakeFirst()
}

/** Of two transactions that begin one trail, the second waits here and then finds the first one's head. */
export async function createHead(trx: Trx, tenantId: string, head: Buffer, hmac: Buffer): Promise<Head> {
  await trx
    .insertInto('audit_heads')
    .values({ tenant_id: tenantId, sequence: 0, head, hmac })
    .onConflict((conflict) => conflict.column('tenant_id').doNothing())
    .execute()
  return (await lockHead(trx, tenantId)) ?? { sequence: 0, head, hmac }
}

export async function lastSequence(trx: Trx, tenantId: string): Promise<number> {
  const row = await trx
    .selectFrom('audit_events')
    .select(({ fn }) => fn.max('sequence').as('last'))
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst()
  return Number(row?.last ?? 0)
}

/** Row and head in one statement: one round trip while the head is locked. */
export async function appendEvent(trx: Trx, link: Link, at: Date, hmac: Buffer, authenticated: Buffer): Promise<void> {
  await sql`
    WITH row AS (
      INSERT INTO audit_events (id, tenant_id, sequence, event_type, event_timestamp, severity, user_id, api_key_id, action, result,
        ip_address, resource_type, resource_id, error_message, metadata, hmac)
      VALUES (${link.id}, ${link.tenantId}, ${link.sequence}, ${link.eventType}, ${at}, ${link.severity}, ${link.userId}, ${link.apiKeyId},
        ${link.action}, ${link.result}, ${link.ip}, ${link.resourceType}, ${link.resourceId}, ${link.errorMessage},
        ${link.metadata === null ? null : JSON.stringify(link.metadata)}::jsonb, ${hmac})
    )
    UPDATE audit_heads SET sequence = ${link.sequence}, head = ${hmac}, hmac = ${authenticated} WHERE tenant_id = ${link.tenantId}
  `.execute(trx)
}

export async function readHead(conn: Connection, tenantId: string): Promise<Head | undefined> {
  return conn.selectFrom('audit_heads').select(['sequence', 'head', 'hmac']).where('tenant_id', '=', tenantId).executeTakeFirst()
}

/** Whether this secret made the trails of this database; with another one every deed would look like a forgery afterwards. */
export async function madeTheTrails(conn: Connection, audit: AuditKey): Promise<boolean> {
  const heads = await conn.selectFrom('audit_heads').select(['tenant_id', 'sequence', 'head', 'hmac']).limit(20).execute()
  return heads.length === 0 || heads.some((row) => equal(row.hmac, headHmac(audit, row.tenant_id, row.sequence, row.head)))
}

/** The next rows of a trail, in order; metadata as text, because a driver that parses it would hide what is really there. */
export async function readLinks(
  conn: Connection,
  tenantId: string,
  after: number,
  limit: number,
): Promise<{ link: Link; hmac: Buffer }[]> {
  const { rows } = await sql<LinkRow>`
    SELECT id, sequence, event_type, (extract(epoch FROM event_timestamp) * 1000000)::bigint::text AS at_micros, severity, user_id, api_key_id,
      action, result, ip_address, resource_type, resource_id, error_message, metadata::text AS metadata, hmac
    FROM audit_events WHERE tenant_id = ${tenantId} AND sequence > ${after} ORDER BY sequence LIMIT ${limit}
  `.execute(conn)
  return rows.map((row) => ({ link: toLink(tenantId, row), hmac: row.hmac }))
}

/** Ids of tenants that have, or should have, a trail; a page at a time. */
export async function readTrails(conn: Connection, after: string | null, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM (SELECT id FROM tenants UNION SELECT tenant_id FROM audit_heads) AS trails
    WHERE ${after}::uuid IS NULL OR id > ${after}::uuid ORDER BY id LIMIT ${limit}
  `.execute(conn)
  return rows.map((row) => row.id)
}

interface LinkRow {
  id: string
  sequence: number
  event_type: string
  at_micros: string
  severity: string
  user_id: string | null
  api_key_id: string | null
  action: string
  result: string
  ip_address: string | null
  resource_type: string | null
  resource_id: string | null
  error_message: string | null
  metadata: string | null
  hmac: Buffer
}

function toLink(tenantId: string, row: LinkRow): Link {
  return {
    id: row.id,
    tenantId,
    sequence: row.sequence,
    eventType: row.event_type,
    atMicros: row.at_micros,
    severity: row.severity,
    userId: row.user_id,
    apiKeyId: row.api_key_id,
    action: row.action,
    result: row.result,
    ip: row.ip_address,
    resourceType: row.resource_type,
    resourceId: row.resource_id,
    errorMessage: row.error_message,
    metadata: row.metadata === null ? null : JSON.parse(row.metadata),
  }
}
