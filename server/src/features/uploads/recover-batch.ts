// For a client that lost its connection, or its tab, between PUT and confirm: what arrived is confirmed, the rest is given up.
import type { Deps } from '../../deps.ts'
import type { Actor } from '../files/actor.ts'
import { type BatchRow, expireBatches, findBatch, lockStale, selectKeysOfBatch, selectRecoverable } from './batch-queries.ts'
import { collectObject } from './collect-object.ts'
import { settleBatch } from './confirm-batch.ts'
import { lockUploads } from './queries.ts'

export const recoverableMs = 2 * 3_600_000

type Needs = Pick<Deps, 'db' | 'clock' | 'plans' | 'store' | 'audit' | 'jobs'>

export interface Recovery {
  readonly status: 'recovered' | 'nothing_to_recover' | 'already_processed' | 'not_found'
  readonly recovered: number
  readonly failed: number
}

export async function recoverBatch(deps: Needs, actor: Actor, batchId: string): Promise<Recovery> {
  const none = { recovered: 0, failed: 0 }
  const batch = await findBatch(deps.db, actor.tenantId, batchId)
  if (!batch) return { status: 'not_found', ...none }
  if (batch.status !== 'pending' && batch.status !== 'uploading') return { status: 'already_processed', ...none }
  const keys = await selectKeysOfBatch(deps.db, actor.tenantId, batchId)
  const uploads = await deps.db.transaction().execute((trx) => lockUploads(trx, actor.tenantId, keys))
  const arrived = await Promise.all(
    uploads.map(async (upload) => {
      const arrival = upload.status === 'confirmed' ? 'collected' : await collectObject(deps, upload)
      return arrival === 'long' || (await deps.store.head(upload.object_key)) !== null
    }),
  )
  // Nothing came yet: the client may still be sending, so nothing is given up.
  if (!arrived.some(Boolean)) return { status: 'nothing_to_recover', ...none }
  const open = uploads.filter((upload) => upload.status !== 'confirmed')
  const result = await settleBatch(
    deps,
    actor,
    batch,
    open.map((upload) => ({
      objectKey: upload.object_key,
      sizeBytes: upload.size_bytes,
      checksum: null,
      contentType: null,
      success: true,
      errorMessage: null,
    })),
  )
  if (!result) return { status: 'not_found', ...none }
  return {
    status: result.stored.length ? 'recovered' : 'nothing_to_recover',
    recovered: result.stored.length,
    failed: result.failed.length,
  }
}

export function listRecoverable(deps: Pick<Deps, 'db' | 'clock'>, actor: Actor): Promise<BatchRow[]> {
  return selectRecoverable(deps.db, actor.tenantId, actor.userId, new Date(deps.clock.now() - recoverableMs))
}

/** Answers how many batches were given up. */
export function cleanUpStale(deps: Pick<Deps, 'db' | 'clock'>, actor: Actor): Promise<number> {
  const now = deps.clock.now()
  return deps.db.transaction().execute(async (trx) => {
    const ids = await lockStale(trx, actor.tenantId, new Date(now - recoverableMs))
    await expireBatches(trx, ids, new Date(now))
    return ids.length
  })
}
