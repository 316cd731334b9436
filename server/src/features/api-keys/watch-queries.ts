// SQL on keys that are watched rather than called: first use of a day, approaching expiry, long silence.
import { sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { KeyRow } from './queries.ts'

/** Notes that something of this kind happened, or was said, at `at`; false when that or something later is noted already. */
export async function noteOnce(trx: Trx, subjectId: string, kind: string, at: Date): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO notices (subject_id, kind, sent_at) VALUES (${subjectId}, ${kind}, ${at})
    ON CONFLICT (subject_id, kind) DO UPDATE SET sent_at = excluded.sent_at WHERE notices.sent_at < excluded.sent_at
    RETURNING 1
  `.execute(trx)
  return rows.length > 0
}

export async function findKeyOwner(
  conn: Connection,
  keyId: string,
): Promise<Pick<KeyRow, 'tenant_id' | 'created_by' | 'name' | 'key_prefix'> | undefined> {
  return conn
    .selectFrom('api_keys')
    .select(['tenant_id', 'created_by', 'name', 'key_prefix'])
    .where('id', '=', keyId)
    .executeTakeFirst()
}

export interface ExpiringKey {
  readonly id: string
  readonly tenant_id: string
  readonly created_by: string
  readonly expires_at: Date
}

/**
 * Keys that expire between `from` and `to` and of whom this kind of notice was not sent. Not those made for less than `lifeMs`, whose
 * makers know, nor those that have a successor.
 */
export async function selectExpiring(
  conn: Connection,
  { from, to, lifeMs, kind, limit }: { from: Date; to: Date; lifeMs: number; kind: string; limit: number },
): Promise<ExpiringKey[]> {
  const { rows } = await sql<ExpiringKey>`
    SELECT k.id, k.tenant_id, k.created_by, k.expires_at FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
     WHERE k.revoked_at IS NULL AND k.rotated_to IS NULL AND k.expires_at > ${from} AND k.expires_at <= ${to} AND t.is_active
       AND k.expires_at - k.created_at > make_interval(secs => ${lifeMs / 1000})
       AND NOT EXISTS (SELECT FROM notices n WHERE n.subject_id = k.id AND n.kind = ${kind} AND n.sent_at >= k.expires_at)
     ORDER BY k.expires_at LIMIT ${limit}
  `.execute(conn)
  return rows
}

export interface Neglect {
  readonly now: Date
  /** Made before then and never used since. */
  readonly unusedBefore: Date
  /** Used last before then. */
  readonly idleBefore: Date
}

const needsCare = ({ now, unusedBefore, idleBefore }: Neglect) => sql<boolean>`
  k.revoked_at IS NULL AND k.rotated_to IS NULL AND (k.expires_at IS NULL OR k.expires_at > ${now})
  AND (k.expires_at IS NULL OR k.last_used_at < ${idleBefore} OR (k.last_used_at IS NULL AND k.created_at < ${unusedBefore}))`

/** Workspaces that have keys to look after; a page at a time. */
export async function selectTenantsWithNeglected(
  conn: Connection,
  neglect: Neglect,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT t.id FROM tenants t WHERE t.is_active AND (${after}::uuid IS NULL OR t.id > ${after}::uuid)
       AND EXISTS (SELECT FROM api_keys k WHERE k.tenant_id = t.id AND ${needsCare(neglect)})
     ORDER BY t.id LIMIT ${limit}
  `.execute(conn)
  return rows.map(({ id }) => id)
}

export type NeglectedKey = Pick<KeyRow, 'name' | 'key_prefix' | 'created_at' | 'expires_at' | 'last_used_at'>

export async function selectNeglected(conn: Connection, tenantId: string, neglect: Neglect): Promise<NeglectedKey[]> {
  const { rows } = await sql<NeglectedKey>`
    SELECT k.name, k.key_prefix, k.created_at, k.expires_at, k.last_used_at FROM api_keys k
     WHERE k.tenant_id = ${tenantId} AND ${needsCare(neglect)} ORDER BY k.created_at
  `.execute(conn)
  return rows
}
