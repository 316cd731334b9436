// All SQL on usage_minutes, usage_requests and usage_batches, and the few counts that stand beside them.
import { type RawBuilder, sql } from 'kysely'
import type pg from 'pg'
import type { Connection } from '../../platform/database/database.ts'
import { newestMax } from './newest.ts'

/** What is written at once; columns side by side, keys, routes and codes by their place (from 1) in the lists before them. */
export interface Batch {
  readonly id: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly keys: readonly string[]
  /** Of the key at the same place. */
  readonly tenants: readonly string[]
  readonly routes: readonly string[]
  readonly codes: readonly string[]
  readonly sums: {
    readonly minute: number[]
    readonly key: number[]
    readonly route: number[]
    readonly statusClass: number[]
    readonly requests: number[]
    readonly milliseconds: number[]
  }
  readonly requests: {
    readonly at: number[]
    readonly key: number[]
    readonly route: number[]
    readonly status: number[]
    readonly milliseconds: number[]
    /** 0 for none. */
    readonly code: number[]
  }
  /** Whose older requests are to be looked for after it. */
  readonly busiest: readonly string[]
}

/** Numbers need no quoting, so the array is written here, faster than the driver does. */
const numbers = (column: readonly number[]) => `{${column.join(',')}}`

/**
 * One statement, so all of it or nothing; a batch whose id is there was written before, and nothing happens. Rows of a tenant that is
 * gone are left out. Sorted, so that two servers that count for one tenant lock its rows in the same order; and who waits for one that
 * is being deleted holds none of its rows yet.
 */
export async function writeBatch(pool: pg.Pool, batch: Batch): Promise<void> {
  const { sums, requests } = batch
  await pool.query({
    name: 'usage-batch',
    text: `
      WITH batch AS (
        INSERT INTO usage_batches (id, written_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id
      ), owners AS MATERIALIZED (
        SELECT id FROM tenants WHERE id = ANY ($4::uuid[]) ORDER BY id FOR KEY SHARE
      ), keys AS MATERIALIZED (
        SELECT k.place, k.tenant_id, k.api_key_id
        FROM batch, unnest($3::uuid[], $4::uuid[]) WITH ORDINALITY AS k (api_key_id, tenant_id, place)
        JOIN owners ON owners.id = k.tenant_id
      ), minutes AS (
        INSERT INTO usage_minutes AS held (tenant_id, minute, api_key_id, route, status_class, requests, milliseconds)
        SELECT k.tenant_id, to_timestamp(s.minute::bigint * 60), k.api_key_id, ($5::text[])[s.route], s.class, s.requests, s.ms
        FROM unnest($7::integer[], $8::integer[], $9::integer[], $10::integer[], $11::integer[], $12::double precision[])
          AS s (minute, key, route, class, requests, ms)
        JOIN keys k ON k.place = s.key
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (tenant_id, minute, api_key_id, route, status_class)
        DO UPDATE SET requests = held.requests + excluded.requests, milliseconds = held.milliseconds + excluded.milliseconds
      )
      INSERT INTO usage_requests (tenant_id, at, id, api_key_id, route, status_code, milliseconds, error_code)
      SELECT k.tenant_id, to_timestamp(r.at / 1000), (left($1::text, 28) || lpad(to_hex(r.place), 8, '0'))::uuid, k.api_key_id,
        ($5::text[])[r.route], r.status, r.ms, ($6::text[])[r.code]
      FROM unnest($13::double precision[], $14::integer[], $15::integer[], $16::integer[], $17::double precision[], $18::integer[])
        WITH ORDINALITY AS r (at, key, route, status, ms, code, place)
      JOIN keys k ON k.place = r.key`,
    values: [
      batch.id,
      new Date(batch.at),
      batch.keys,
      batch.tenants,
      batch.routes,
      batch.codes,
      numbers(sums.minute),
      numbers(sums.key),
      numbers(sums.route),
      numbers(sums.statusClass),
      numbers(sums.requests),
      numbers(sums.milliseconds),
      numbers(requests.at),
      numbers(requests.key),
      numbers(requests.route),
      numbers(requests.status),
      numbers(requests.milliseconds),
      numbers(requests.code),
    ],
  })
}

/** Removes all but a tenant's newest 10,000 requests. */
export async function trimRequests(pool: pg.Pool, tenantId: string): Promise<void> {
  await pool.query({
    name: 'usage-trim',
    text: `DELETE FROM usage_requests WHERE tenant_id = $1 AND (at, id) <= (
             SELECT at, id FROM usage_requests WHERE tenant_id = $1 ORDER BY at DESC, id DESC OFFSET ${newestMax} LIMIT 1)`,
    values: [tenantId],
  })
}

/** Half open: from `start` on, before `end`; both whole minutes. */
export interface Range {
  readonly start: Date
  readonly end: Date
}

export interface Filter extends Range {
  readonly tenantId: string
  readonly keyId: string | null
}

export interface Totals {
  readonly requests: number
  /** Answered below 400. */
  readonly successful: number
  readonly failed: number
  /** 0 where there were none. */
  readonly averageMs: number
}

const inMinutes = ({ tenantId, start, end, keyId }: Filter) =>
  sql`tenant_id = ${tenantId} AND minute >= ${start} AND minute < ${end} AND (${keyId}::uuid IS NULL OR api_key_id = ${keyId}::uuid)`

const totals = sql`
  coalesce(sum(requests), 0)::bigint AS requests,
  coalesce(sum(requests) FILTER (WHERE status_class < 4), 0)::bigint AS successful,
  coalesce(sum(requests) FILTER (WHERE status_class >= 4), 0)::bigint AS failed,
  coalesce(round((sum(milliseconds) / nullif(sum(requests), 0))::numeric, 2), 0)::double precision AS "averageMs"`

export async function readTotals(conn: Connection, filter: Filter): Promise<Totals> {
  const { rows } = await sql<Totals>`SELECT ${totals} FROM usage_minutes WHERE ${inMinutes(filter)}`.execute(conn)
  return rows[0] ?? { requests: 0, successful: 0, failed: 0, averageMs: 0 }
}

export type Unit = 'hour' | 'day' | 'month'

/** Hours, days or months (UTC) that have any, oldest first. */
export interface PeriodRow {
  readonly begins: Date
  readonly requests: number
  readonly failed: number
}

export async function readByUnit(conn: Connection, filter: Filter, unit: Unit): Promise<PeriodRow[]> {
  const { rows } = await sql<PeriodRow>`
    SELECT date_trunc(${unit}, minute, 'UTC') AS begins, sum(requests)::bigint AS requests,
      coalesce(sum(requests) FILTER (WHERE status_class >= 4), 0)::bigint AS failed
    FROM usage_minutes WHERE ${inMinutes(filter)} GROUP BY 1 ORDER BY 1`.execute(conn)
  return rows
}

export async function readTopRoutes(conn: Connection, filter: Filter, limit: number): Promise<(Totals & { route: string })[]> {
  const { rows } = await sql<Totals & { route: string }>`
    SELECT route, ${totals} FROM usage_minutes WHERE ${inMinutes(filter)}
    GROUP BY route ORDER BY requests DESC, route LIMIT ${limit}`.execute(conn)
  return rows
}

export interface RequestRow {
  readonly id: string
  readonly at: Date
  readonly api_key_id: string
  readonly route: string
  readonly status_code: number
  readonly milliseconds: number
  readonly error_code: string | null
}

/** Of the tenant's newest 10,000, a page newest first, and how many there are on all pages. */
export async function readRequests(
  conn: Connection,
  filter: Filter,
  page: { limit: number; offset: number },
): Promise<{ requests: RequestRow[]; available: number }> {
  const { tenantId, keyId, start, end } = filter
  const matching: RawBuilder<unknown> = sql`(
    SELECT * FROM (SELECT * FROM usage_requests WHERE tenant_id = ${tenantId} ORDER BY at DESC, id DESC LIMIT ${newestMax}) AS newest
    WHERE at >= ${start} AND at < ${end} AND (${keyId}::uuid IS NULL OR api_key_id = ${keyId}::uuid)) AS matching`
  const counted = await sql<{ available: number }>`SELECT count(*) AS available FROM ${matching}`.execute(conn)
  const { rows } = await sql<RequestRow>`
    SELECT * FROM ${matching} ORDER BY at DESC, id DESC LIMIT ${page.limit} OFFSET ${page.offset}`.execute(conn)
  return { requests: rows, available: counted.rows[0]?.available ?? 0 }
}

/** Files stored on each day (UTC) that has any; of files that were purged since nothing is known any more. */
export async function readFilesByDay(
  conn: Connection,
  tenantId: string,
  { start, end }: Range,
): Promise<{ begins: Date; files: number }[]> {
  const { rows } = await sql<{ begins: Date; files: number }>`
    SELECT date_trunc('day', created_at, 'UTC') AS begins, count(*) AS files
    FROM files WHERE tenant_id = ${tenantId} AND created_at >= ${start} AND created_at < ${end} GROUP BY 1`.execute(conn)
  return rows
}

/** Uploads spent in the months that begin within the range; a month is its first day. */
export async function readUploads(conn: Connection, tenantId: string, first: string, last: string): Promise<number> {
  const { rows } = await sql<{ uploads: number }>`
    SELECT coalesce(sum(uploads), 0)::bigint AS uploads FROM monthly_uploads
    WHERE tenant_id = ${tenantId} AND month >= ${first}::date AND month <= ${last}::date`.execute(conn)
  return rows[0]?.uploads ?? 0
}

/** In parts, so that no statement runs long; what is written meanwhile is too young to be meant. */
const rowsAtOnce = 20_000

export const pruneMinutes = (conn: Connection, before: Date) => prune(conn, sql`usage_minutes`, sql`minute < ${before}`)
export const pruneRequests = (conn: Connection, before: Date) => prune(conn, sql`usage_requests`, sql`at < ${before}`)
export const pruneBatches = (conn: Connection, before: Date) => prune(conn, sql`usage_batches`, sql`written_at < ${before}`)
export const pruneNotices = (conn: Connection, before: Date) =>
  prune(conn, sql`notices`, sql`kind LIKE 'usage-%' AND sent_at < ${before}`)

async function prune(conn: Connection, table: RawBuilder<unknown>, old: RawBuilder<unknown>): Promise<void> {
  for (let removed = rowsAtOnce; removed === rowsAtOnce; ) {
    const { numAffectedRows } = await sql`
      DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${old} LIMIT ${rowsAtOnce}))`.execute(conn)
    removed = Number(numAffectedRows ?? 0)
  }
}
