// Bytes and monthly uploads of a tenant: asked about when an upload begins, spent when it is confirmed, exact under any load.
import { sql } from 'kysely'
import { ApiError } from '../../http/errors.ts'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Plan } from '../plans/plan-table.ts'

export interface Use {
  readonly bytes: number
  readonly uploads: number
}

/** The first day of the month, UTC. */
export function monthOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 7)}-01`
}

export function nextMonth(at: number): Date {
  const now = new Date(at)
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1))
}

export async function readUse(conn: Connection, tenantId: string, at: number): Promise<Use> {
  const { rows } = await sql<Use>`SELECT
    coalesce((SELECT bytes FROM tenant_storage WHERE tenant_id = ${tenantId}), 0) AS bytes,
    coalesce((SELECT uploads FROM monthly_uploads WHERE tenant_id = ${tenantId} AND month = ${monthOf(at)}), 0) AS uploads`.execute(
    conn,
  )
  return rows[0] ?? { bytes: 0, uploads: 0 }
}

/** The refusal that `more` would meet, or null. */
export function refusalFor(plan: Plan, held: Use, more: Use, at: number): ApiError | null {
  if (plan.storageBytesMax !== null && held.bytes + more.bytes > plan.storageBytesMax) return storageExceeded(plan, held.bytes)
  if (plan.monthlyUploads !== null && held.uploads + more.uploads > plan.monthlyUploads) return uploadsExceeded(plan, at)
  return null
}

/** Conditional updates: of two that compete for the last byte, PostgreSQL lets one through. Spends both or neither. */
export async function spend(trx: Trx, plan: Plan, tenantId: string, bytes: number, at: number): Promise<ApiError | null> {
  const max = plan.storageBytesMax
  const stored = await sql`UPDATE tenant_storage SET bytes = bytes + ${bytes}::bigint
    WHERE tenant_id = ${tenantId} AND (${max}::bigint IS NULL OR bytes + ${bytes}::bigint <= ${max}::bigint) RETURNING 1`.execute(
    trx,
  )
  if (stored.rows.length === 0) return storageExceeded(plan, (await readUse(trx, tenantId, at)).bytes)
  const most = plan.monthlyUploads
  const counted =
    await sql`INSERT INTO monthly_uploads AS held (tenant_id, month, uploads) SELECT ${tenantId}, ${monthOf(at)}::date, 1
      WHERE ${most}::integer IS NULL OR ${most}::integer > 0
    ON CONFLICT (tenant_id, month) DO UPDATE SET uploads = held.uploads + 1
      WHERE ${most}::integer IS NULL OR held.uploads < ${most}::integer RETURNING 1`.execute(trx)
  if (counted.rows.length > 0) return null
  await giveBack(trx, tenantId, bytes)
  return uploadsExceeded(plan, at)
}

export async function giveBack(trx: Trx, tenantId: string, bytes: number): Promise<void> {
  await sql`UPDATE tenant_storage SET bytes = greatest(0, bytes - ${bytes}::bigint) WHERE tenant_id = ${tenantId}`.execute(trx)
}

function storageExceeded(plan: Plan, bytes: number): ApiError {
  return new ApiError(
    'STORAGE_QUOTA_EXCEEDED',
    'There is not enough storage left in this plan. Delete files, or choose a larger plan.',
    {
      storage_bytes_max: plan.storageBytesMax,
      storage_bytes_used: bytes,
      plan: plan.title,
    },
  )
}

function uploadsExceeded(plan: Plan, at: number): ApiError {
  const reset = nextMonth(at)
  const details = { monthly_uploads: plan.monthlyUploads, plan: plan.title, reset_date: reset.toISOString() }
  return new ApiError(
    'USAGE_LIMIT_EXCEEDED',
    "This month's uploads are used up. They begin anew on the first of next month, UTC.",
    details,
    {
      'Retry-After': String(Math.max(1, Math.ceil((reset.getTime() - at) / 1000))),
    },
  )
}
