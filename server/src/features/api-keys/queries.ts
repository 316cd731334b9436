// All SQL on api_keys.
import { type Selectable, sql } from 'kysely'
import type pg from 'pg'
import type { Role } from '../../http/principal.ts'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'
import type { PlanName } from '../plans/plan-table.ts'

export type KeyRow = Selectable<Database['api_keys']>

const active = (now: Date) => sql<boolean>`revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${now})`

export async function countActiveKeys(conn: Connection, tenantId: string, now: Date): Promise<number> {
  const row = await conn
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where(active(now))
    // A predecessor in its overlap has its successor counted already.
    .where('rotated_to', 'is', null)
    .executeTakeFirstOrThrow()
  return row.count
}

/** Predecessors still in their overlap. */
export async function countOverlaps(conn: Connection, tenantId: string, now: Date): Promise<number> {
  const row = await conn
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where(active(now))
    .where('rotated_to', 'is not', null)
    .executeTakeFirstOrThrow()
  return row.count
}

/** Active keys whose whole life is longer than `days`. */
export async function countKeysBeyond(conn: Connection, tenantId: string, days: number, now: Date): Promise<number> {
  const row = await conn
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where(active(now))
    .where(sql<boolean>`(expires_at IS NULL OR expires_at > created_at + make_interval(days => ${days}))`)
    .executeTakeFirstOrThrow()
  return row.count
}

/** What the rate limiter needs to know of each active key. */
export async function activeKeyLimits(conn: Connection, tenantId: string, now: Date) {
  return conn
    .selectFrom('api_keys')
    .select(['id', 'rate_limit_per_minute', 'rotated_to'])
    .where('tenant_id', '=', tenantId)
    .where(active(now))
    .execute()
}

/** Active keys of `from` become keys of `to`; those without scopes get `inherited`. Under the tenant's lock. Returns their ids. */
export async function adoptKeys(
  trx: Trx,
  { tenantId, from, to, inherited, at }: { tenantId: string; from: string; to: string; inherited: readonly string[]; at: Date },
): Promise<string[]> {
  const theirs = trx.selectFrom('api_keys').select('id').where('tenant_id', '=', tenantId).where('created_by', '=', from)
  // In the order in which their use is added.
  await theirs.orderBy('id').forUpdate().execute()
  const rows = await trx
    .updateTable('api_keys')
    .set({
      created_by: to,
      scopes: sql`CASE WHEN scopes = '{}' THEN ${[...inherited]}::text[] ELSE scopes END`,
      updated_at: at,
    })
    .where('tenant_id', '=', tenantId)
    .where('created_by', '=', from)
    .where(active(at))
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

export async function insertKey(
  trx: Trx,
  key: Omit<KeyRow, 'metadata' | 'usage_count' | 'last_used_at' | 'last_used_ip'> & { metadata: Record<string, unknown> },
): Promise<void> {
  await trx
    .insertInto('api_keys')
    .values({ ...key, metadata: JSON.stringify(key.metadata) })
    .execute()
}

export async function findKey(conn: Connection, tenantId: string, id: string): Promise<KeyRow | null> {
  return (
    (await conn.selectFrom('api_keys').selectAll().where('tenant_id', '=', tenantId).where('id', '=', id).executeTakeFirst()) ??
    null
  )
}

export async function lockKey(trx: Trx, tenantId: string, id: string): Promise<KeyRow | null> {
  return (
    (await trx
      .selectFrom('api_keys')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()) ?? null
  )
}

export async function listKeys(
  conn: Connection,
  filter: { tenantId: string; includeInactive: boolean; limit: number; offset: number; now: Date },
): Promise<{ keys: KeyRow[]; total: number }> {
  let query = conn.selectFrom('api_keys').where('tenant_id', '=', filter.tenantId)
  if (!filter.includeInactive) query = query.where(active(filter.now))
  const keys = await query
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(filter.limit)
    .offset(filter.offset)
    .execute()
  const { total } = await query.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  return { keys, total }
}

export async function updateKey(
  trx: Trx,
  id: string,
  set: Partial<{
    name: string
    description: string | null
    metadata: string
    rate_limit_per_minute: number | null
    allowed_ips: string[]
    expires_at: Date
    revoked_at: Date
    revocation_reason: string | null
    rotated_to: string
    updated_at: Date
  }>,
): Promise<void> {
  await trx.updateTable('api_keys').set(set).where('id', '=', id).execute()
}

/** Everything the access decision asks of a key, in one row. */
export interface VerifiedRow {
  id: string
  tenant_id: string
  created_by: string
  scopes: string[]
  expires_at: Date | null
  revoked_at: Date | null
  rate_limit_per_minute: number | null
  allowed_ips: string[]
  plan: PlanName
  allowed_domains: string[]
  key_allowed_ips: string[]
  role: Role | null
  alive: boolean
}

/** The hot path's only query, for keys that are not in memory: named, so that it is planned once per connection. */
export async function findByHash(pool: pg.Pool, hash: Buffer): Promise<VerifiedRow | null> {
  const { rows } = await pool.query<VerifiedRow>({
    name: 'api-key-by-hash',
    text: `SELECT k.id, k.tenant_id, k.created_by, k.scopes, k.expires_at, k.revoked_at, k.rate_limit_per_minute, k.allowed_ips,
                  t.plan, t.allowed_domains, t.key_allowed_ips, m.role, (t.is_active AND u.is_active) AS alive
             FROM api_keys k
             JOIN tenants t ON t.id = k.tenant_id
             JOIN users u ON u.id = k.created_by
             LEFT JOIN memberships m ON m.tenant_id = k.tenant_id AND m.user_id = k.created_by
            WHERE k.key_hash = $1`,
    values: [hash],
  })
  return rows[0] ?? null
}

export interface Use {
  readonly id: string
  readonly count: number
  readonly at: number
  readonly ip: string
}

/** The rows are locked by their ids first: two servers that write of the same keys lock them in the same order. */
export async function addUses(pool: pg.Pool, uses: readonly Use[]): Promise<void> {
  await pool.query({
    name: 'api-key-uses',
    text: `WITH held AS MATERIALIZED (
             SELECT id FROM api_keys WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
           )
           UPDATE api_keys k
              SET usage_count = k.usage_count + u.count, last_used_at = GREATEST(k.last_used_at, u.at), last_used_ip = u.ip
             FROM held JOIN unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[]) AS u (id, count, at, ip) USING (id)
            WHERE k.id = held.id`,
    values: [
      uses.map(({ id }) => id),
      uses.map(({ count }) => count),
      uses.map(({ at }) => new Date(at)),
      uses.map(({ ip }) => ip),
    ],
  })
}
