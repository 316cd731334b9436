// All SQL on single uploads. Those that a client names are sought in its own tenant only.
import { type Selectable, sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'
import type { FileRow } from '../files/queries.ts'
import { readVariantKey } from '../files/variants.ts'
import type { PlanName } from '../plans/plan-table.ts'

/** PostgreSQL takes 65,535 parameters in one statement. */
const rowsPerStatement = 1_000

export type UploadRow = Selectable<Database['uploads']>

export async function insertUploads(conn: Connection, rows: readonly UploadRow[]): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsPerStatement)
    await conn
      .insertInto('uploads')
      .values(rows.slice(start, start + rowsPerStatement))
      .execute()
}

export async function findUpload(conn: Connection, tenantId: string, objectKey: string): Promise<UploadRow | undefined> {
  return conn
    .selectFrom('uploads')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('object_key', '=', objectKey)
    .executeTakeFirst()
}

/** In the order of their ids, so that two batches with files in common never wait for each other. */
export async function lockUploads(trx: Trx, tenantId: string, objectKeys: readonly string[]): Promise<UploadRow[]> {
  return trx
    .selectFrom('uploads')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`object_key = ANY(${[...objectKeys]}::text[])`)
    .orderBy('id')
    .forUpdate()
    .execute()
}

export async function markConfirmed(trx: Trx, id: string, at: Date): Promise<void> {
  await trx
    .updateTable('uploads')
    .set({ status: 'confirmed', confirmed_at: at, updated_at: at, error_message: null })
    .where('id', '=', id)
    .execute()
}

export async function markFailed(trx: Trx, ids: readonly string[], message: string, at: Date): Promise<void> {
  await trx
    .updateTable('uploads')
    .set({ status: 'failed', error_message: message, updated_at: at })
    .where(sql<boolean>`id = ANY(${[...ids]}::uuid[])`)
    .where('status', '<>', 'confirmed')
    .execute()
}

/** One at a time per idempotency key, however many servers there are; the locks end with the transaction. */
export async function lockIdempotencyKeys(trx: Trx, tenantId: string, keys: readonly string[]): Promise<void> {
  for (const key of [...keys].sort())
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${tenantId}:${key}`}, 7302))`.execute(trx)
}

export async function findByIdempotencyKeys(trx: Trx, tenantId: string, keys: readonly string[]): Promise<UploadRow[]> {
  return trx
    .selectFrom('uploads')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`idempotency_key = ANY(${[...keys]}::text[])`)
    .forUpdate()
    .execute()
}

export async function releaseIdempotencyKeys(trx: Trx, ids: readonly string[]): Promise<void> {
  await trx
    .updateTable('uploads')
    .set({ idempotency_key: null, idempotency_fingerprint: null })
    .where(sql<boolean>`id = ANY(${[...ids]}::uuid[])`)
    .execute()
}

export async function renewUrls(trx: Trx, ids: readonly string[], expiresAt: Date): Promise<void> {
  await trx
    .updateTable('uploads')
    .set({ url_expires_at: expiresAt })
    .where(sql<boolean>`id = ANY(${[...ids]}::uuid[])`)
    .execute()
}

export interface Target {
  readonly id: string
  readonly tenantId: string
  readonly status: UploadRow['status']
  readonly plan: PlanName
}

/** What a signed upload URL leads to; nothing once its tenant is not active, or whoever asked for it may no longer upload there. */
export async function findTarget(conn: Connection, objectKey: string): Promise<Target | undefined> {
  return conn
    .selectFrom('uploads')
    .innerJoin('tenants', 'tenants.id', 'uploads.tenant_id')
    .innerJoin('memberships', (join) =>
      join.onRef('memberships.tenant_id', '=', 'uploads.tenant_id').onRef('memberships.user_id', '=', 'uploads.created_by'),
    )
    .innerJoin('users', 'users.id', 'uploads.created_by')
    .select(['uploads.id', 'uploads.tenant_id as tenantId', 'uploads.status', 'tenants.plan'])
    .where('uploads.object_key', '=', objectKey)
    .where('tenants.is_active', '=', true)
    .where('users.is_active', '=', true)
    .where('memberships.role', '<>', 'viewer')
    .executeTakeFirst()
}

export async function lockStatus(trx: Trx, id: string): Promise<UploadRow['status'] | undefined> {
  const row = await trx.selectFrom('uploads').select('status').where('id', '=', id).forUpdate().executeTakeFirst()
  return row?.status
}

/** What a signed download URL leads to: a file that is not deleted, or a variant of it, in an active tenant. */
export async function findReadable(
  conn: Connection,
  objectKey: string,
): Promise<{ filename: string; contentType: string } | undefined> {
  const variant = readVariantKey(objectKey)
  const file = await conn
    .selectFrom('files')
    .innerJoin('tenants', 'tenants.id', 'files.tenant_id')
    .select(['files.filename', 'files.content_type as contentType'])
    .where(variant ? 'files.id' : 'files.object_key', '=', variant ? variant.fileId : objectKey)
    .where('files.deleted_at', 'is', null)
    .where('tenants.is_active', '=', true)
    .executeTakeFirst()
  if (!file || !variant) return file
  return { filename: `${file.filename.replace(/\.[^.]*$/, '')}-${variant.name}.webp`, contentType: 'image/webp' }
}

export type ProgressRow = UploadRow & { stored: boolean; hidden: boolean; variant_status: FileRow['variant_status'] }

/** Uploads with what else is known of them: whether bytes are there, whether the file was deleted since, how far its variants are. */
export function selectProgress(conn: Connection, tenantId: string) {
  return conn
    .selectFrom('uploads')
    .selectAll('uploads')
    .select((eb) => [
      eb
        .exists(
          eb
            .selectFrom('stored_objects')
            .select('stored_objects.object_key')
            .whereRef('stored_objects.object_key', '=', 'uploads.object_key'),
        )
        .as('stored'),
      eb
        .exists(
          eb
            .selectFrom('files')
            .select('files.id')
            .whereRef('files.id', '=', 'uploads.id')
            .where('files.deleted_at', 'is not', null),
        )
        .as('hidden'),
      eb.selectFrom('files').select('files.variant_status').whereRef('files.id', '=', 'uploads.id').as('variant_status'),
    ])
    .where('uploads.tenant_id', '=', tenantId)
    .$castTo<ProgressRow>()
}

/** For the sweep, across tenants: given up on, oldest first; what somebody is confirming right now is passed over. */
export async function lockAbandoned(trx: Trx, before: Date, now: Date): Promise<UploadRow | undefined> {
  return trx
    .selectFrom('uploads')
    .selectAll()
    .where('status', 'in', ['pending', 'failed'])
    .where('created_at', '<', before)
    .where('url_expires_at', '<', now)
    .orderBy('created_at')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
}

export async function markExpired(trx: Trx, id: string, at: Date): Promise<void> {
  await trx
    .updateTable('uploads')
    .set({ status: 'expired', updated_at: at, error_message: sql`coalesce(error_message, 'The upload was never confirmed.')` })
    .where('id', '=', id)
    .execute()
}

export async function deleteUploadRow(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('uploads').where('id', '=', id).execute()
}

export async function deleteExpiredRows(conn: Connection, before: Date): Promise<void> {
  await conn.deleteFrom('uploads').where('status', '=', 'expired').where('updated_at', '<', before).execute()
}

/** Objects whose upload, or whose image, went with its tenant. */
export async function selectOwnerlessKeys(conn: Connection, before: Date): Promise<string[]> {
  const rows = await conn
    .selectFrom('stored_objects')
    .leftJoin('uploads', 'uploads.object_key', 'stored_objects.object_key')
    .leftJoin('files', (join) => join.on('files.id', '=', variantOwner))
    .select('stored_objects.object_key')
    .where('uploads.id', 'is', null)
    .where('files.id', 'is', null)
    .where('stored_objects.stored_at', '<', before)
    .limit(1_000)
    .execute()
  return rows.map((row) => row.object_key)
}

/** The third part of a variant's key; null for other keys, which must not be read as one. */
const variantOwner = sql<string>`CASE WHEN stored_objects.object_key LIKE 'variants/%' THEN split_part(stored_objects.object_key, '/', 3)::uuid END`
