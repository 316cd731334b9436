// Confirms the files of a batch in one transaction; a file that cannot be confirmed is reported, and stops no other.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import { type Actor, recordDeed } from '../files/actor.ts'
import { type BatchKind, type BatchRow, findBatch, lockBatch, selectKeysOfBatch, updateBatchStatus } from './batch-queries.ts'
import { attemptsMax } from './confirm-upload.ts'
import { inspectObject, type Look } from './inspect-object.ts'
import { findUpload, lockUploads, markFailed, type UploadRow } from './queries.ts'
import { type Claim, settleUpload } from './settle-upload.ts'

type Needs = Pick<Deps, 'db' | 'clock' | 'plans' | 'store' | 'audit' | 'jobs'>

export interface FileReport extends Claim {
  /** Whether the client could send the bytes. */
  readonly success: boolean
  readonly errorMessage: string | null
}

export interface BatchResult {
  readonly stored: UploadRow[]
  /** File names; an object key where it belongs to no file of this batch. */
  readonly failed: string[]
}

const messageLengthMax = 2_000

export async function confirmBatch(
  deps: Needs,
  actor: Actor,
  batchId: string,
  kind: BatchKind,
  reports: readonly FileReport[],
): Promise<BatchResult> {
  const batch = await findBatch(deps.db, actor.tenantId, batchId)
  if (batch?.kind !== kind) throw noSuchBatch()
  const result = await settleBatch(deps, actor, batch, uniqueByKey(reports))
  if (!result) throw noSuchBatch()
  return result
}

/** Also the way of auto-recover, which reports every file as sent. */
export async function settleBatch(
  deps: Needs,
  actor: Actor,
  batch: BatchRow,
  reports: readonly FileReport[],
): Promise<BatchResult | null> {
  const findings = new Map<string, Look>()
  let stale = reports.filter((report) => report.success).map((report) => report.objectKey)
  for (let attempt = 1; ; attempt++) {
    for (const key of stale) findings.set(key, await look(deps, actor, batch, key))
    stale = []
    const last = attempt >= attemptsMax
    const result = await deps.db
      .transaction()
      .execute(async (trx) => {
        if (!(await lockBatch(trx, actor.tenantId, batch.id))) return null
        const keys = await selectKeysOfBatch(trx, actor.tenantId, batch.id)
        const uploads = new Map((await lockUploads(trx, actor.tenantId, keys)).map((row) => [row.object_key, row]))
        return settleAll(trx, deps, actor, { batch, reports, uploads, findings, stale, last })
      })
      .catch((error: unknown) => {
        if (error instanceof LookAgain) return 'again' as const
        throw error
      })
    if (result !== 'again') return result
  }
}

/** Rolls the transaction back: some bytes are not those that were looked at. */
class LookAgain extends Error {}

async function look(deps: Needs, actor: Actor, batch: BatchRow, key: string): Promise<Look> {
  const upload = await findUpload(deps.db, actor.tenantId, key)
  if (upload?.batch_id !== batch.id || upload.status === 'confirmed') return null
  return inspectObject(deps.store, upload)
}

async function settleAll(
  trx: Trx,
  deps: Needs,
  actor: Actor,
  work: {
    batch: BatchRow
    reports: readonly FileReport[]
    uploads: Map<string, UploadRow>
    findings: Map<string, Look>
    stale: string[]
    last: boolean
  },
): Promise<BatchResult> {
  const { batch, uploads } = work
  const result: BatchResult = { stored: [], failed: [] }
  const at = new Date(deps.clock.now())
  const confirmed: string[] = []
  const refused = new Set<string>()
  const refuse = async (upload: UploadRow, message: string) => {
    result.failed.push(upload.filename)
    refused.add(upload.id)
    await markFailed(trx, [upload.id], message.slice(0, messageLengthMax), at)
  }
  for (const report of work.reports) {
    const upload = uploads.get(report.objectKey)
    if (!upload) result.failed.push(report.objectKey)
    else if (!report.success && upload.status !== 'confirmed')
      await refuse(upload, report.errorMessage || 'The client could not upload this file.')
    else {
      const claim = report.success ? report : { ...report, sizeBytes: upload.size_bytes, checksum: null }
      const outcome = await settleUpload(trx, deps, actor, {
        upload,
        claim,
        finding: work.findings.get(report.objectKey) ?? null,
      })
      if (outcome.kind === 'changed') {
        work.stale.push(report.objectKey)
        if (work.last) await refuse(upload, 'The bytes changed while they were being confirmed.')
      } else if (outcome.kind === 'refused') {
        if (upload.status === 'confirmed') result.failed.push(upload.filename)
        else await refuse(upload, outcome.error.message)
      } else {
        result.stored.push({ ...upload, confirmed_at: outcome.at })
        if (!outcome.repeated) confirmed.push(upload.id)
      }
    }
  }
  if (work.stale.length && !work.last) throw new LookAgain()
  const all = [...uploads.values()]
  const done = confirmed.length + all.filter((upload) => upload.status === 'confirmed').length
  const open = all.some((upload) => upload.status === 'pending' && !confirmed.includes(upload.id) && !refused.has(upload.id))
  await updateBatchStatus(trx, batch.id, open ? 'uploading' : done > 0 ? 'completed' : 'failed', at)
  if (confirmed.length)
    await recordDeed(trx, deps, actor, {
      eventType: 'upload.confirmed',
      action: 'upload.batch_confirm',
      resourceType: 'batch',
      resourceId: batch.id,
      metadata: { confirmed: confirmed.length, failed: result.failed.length, file_ids: confirmed },
    })
  return result
}

/** A file reported twice counts once, as it was reported first. */
function uniqueByKey(reports: readonly FileReport[]): FileReport[] {
  const seen = new Set<string>()
  return reports.filter(({ objectKey }) => !seen.has(objectKey) && seen.add(objectKey))
}

export function noSuchBatch(): ApiError {
  return new ApiError('NOT_FOUND', 'There is no such batch.')
}

export function processingStatus({ stored, failed }: BatchResult): 'queued' | 'partial' | 'failed' {
  if (stored.length === 0) return 'failed'
  return failed.length === 0 ? 'queued' : 'partial'
}
