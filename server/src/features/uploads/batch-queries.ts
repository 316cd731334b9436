// All SQL on batches of uploads.
import type { Selectable } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'

export type BatchRow = Selectable<Database['upload_batches']>
export type BatchKind = BatchRow['kind']

export async function insertBatch(
  trx: Trx,
  batch: Omit<BatchRow, 'additional_params'> & { additional_params: string | null },
): Promise<void> {
  await trx.insertInto('upload_batches').values(batch).execute()
}

export async function findBatch(conn: Connection, tenantId: string, id: string): Promise<BatchRow | undefined> {
  return conn.selectFrom('upload_batches').selectAll().where('tenant_id', '=', tenantId).where('id', '=', id).executeTakeFirst()
}

export async function lockBatch(trx: Trx, tenantId: string, id: string): Promise<BatchRow | undefined> {
  return trx
    .selectFrom('upload_batches')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

export async function updateBatchStatus(trx: Trx, id: string, status: BatchRow['status'], at: Date): Promise<void> {
  await trx.updateTable('upload_batches').set({ status, updated_at: at }).where('id', '=', id).execute()
}

/** Batches of this person that were begun since, with none of their files confirmed yet. */
export async function selectRecoverable(conn: Connection, tenantId: string, userId: string, since: Date): Promise<BatchRow[]> {
  return conn
    .selectFrom('upload_batches')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('created_by', '=', userId)
    .where('status', 'in', ['pending', 'uploading'])
    .where('created_at', '>', since)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('uploads')
            .select('uploads.id')
            .whereRef('uploads.batch_id', '=', 'upload_batches.id')
            .where('uploads.status', '=', 'confirmed'),
        ),
      ),
    )
    .orderBy('created_at', 'desc')
    .limit(100)
    .execute()
}

/** Locked in one order; what is being confirmed right now is passed over. */
export async function lockStale(trx: Trx, tenantId: string, before: Date): Promise<string[]> {
  const rows = await trx
    .selectFrom('upload_batches')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('status', 'in', ['pending', 'uploading'])
    .where('created_at', '<', before)
    .orderBy('id')
    .limit(1_000)
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map((row) => row.id)
}

export async function expireBatches(trx: Trx, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length === 0) return
  await trx
    .updateTable('uploads')
    .set({ status: 'failed', error_message: 'The batch was never confirmed.', updated_at: at })
    .where('batch_id', 'in', [...ids])
    .where('status', '=', 'pending')
    .execute()
  await trx
    .updateTable('upload_batches')
    .set({ status: 'expired', updated_at: at })
    .where('id', 'in', [...ids])
    .execute()
}

export async function selectKeysOfBatch(conn: Connection, tenantId: string, batchId: string): Promise<string[]> {
  const rows = await conn
    .selectFrom('uploads')
    .select('object_key')
    .where('tenant_id', '=', tenantId)
    .where('batch_id', '=', batchId)
    .orderBy('batch_index')
    .execute()
  return rows.map((row) => row.object_key)
}
