// All SQL on the state of an image's variants. The job that makes them knows a file by its id alone.
import { sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { FileRow } from './queries.ts'

/** Hidden files too: a deletion can be undone. */
export async function beginVariants(conn: Connection, id: string, at: Date): Promise<FileRow | undefined> {
  return conn
    .updateTable('files')
    .set({ variant_status: 'processing', variant_status_at: at })
    .where('id', '=', id)
    .where('media_type', '=', 'image')
    .returningAll()
    .executeTakeFirst()
}

export async function markVariantsPending(trx: Trx, id: string, at: Date): Promise<void> {
  await trx
    .updateTable('files')
    .set({ variant_status: 'pending', variant_status_at: at, variant_error: null })
    .where('id', '=', id)
    .execute()
}

export async function finishVariants(conn: Connection, id: string, count: number, at: Date): Promise<void> {
  await conn
    .updateTable('files')
    .set({ variant_status: 'completed', variant_status_at: at, variant_count: count, variant_error: null })
    .where('id', '=', id)
    .execute()
}

/** Variants that were made before stay. */
export async function failVariants(conn: Connection, id: string, reason: string, at: Date): Promise<void> {
  await conn
    .updateTable('files')
    .set({ variant_status: 'failed', variant_status_at: at, variant_error: reason })
    .where('id', '=', id)
    .execute()
}

/** Keeps the purge away until the transaction ends; false once the file is gone. */
export async function holdFile(trx: Trx, id: string): Promise<boolean> {
  const row = await trx.selectFrom('files').select('id').where('id', '=', id).forKeyShare().executeTakeFirst()
  return row !== undefined
}

/** Across tenants: images that came before there were variants. Locked; what another server holds is passed over. */
export async function lockWithoutVariants(trx: Trx, most: number): Promise<string[]> {
  const rows = await trx
    .selectFrom('files')
    .select('id')
    .where('media_type', '=', sql.lit('image'))
    .where('variant_status', 'is', null)
    .limit(most)
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map((row) => row.id)
}

export type VariantState = Pick<FileRow, 'id' | 'tenant_id' | 'variant_status' | 'variant_count'>

export async function selectVariantStates(conn: Connection, tenantId: string, ids: readonly string[]): Promise<VariantState[]> {
  return conn
    .selectFrom('files')
    .select(['id', 'tenant_id', 'variant_status', 'variant_count'])
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`id = ANY(${[...ids]}::uuid[])`)
    .execute()
}
