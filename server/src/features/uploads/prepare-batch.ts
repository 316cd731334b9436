// Begins many uploads as one: a batch row, an upload row each, and a URL each.
import { randomUUID } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { validationError } from '../../http/errors.ts'
import { faultOfJson } from '../../http/storable.ts'
import type { Actor } from '../files/actor.ts'
import type { MediaType } from '../files/content-types.ts'
import type { Plan } from '../plans/plan-table.ts'
import { type BatchKind, insertBatch, selectKeysOfBatch } from './batch-queries.ts'
import { bucketFor } from './bucket-for.ts'
import { checkFiles, type WantedFile } from './check-file.ts'
import { fingerprintOf, recall, revive } from './idempotency.ts'
import { insertUploads, lockUploads, type UploadRow } from './queries.ts'
import { readUse, refusalFor } from './quota.ts'
import { newUpload } from './upload-url.ts'

export interface WantedBatch {
  readonly kind: BatchKind
  readonly mediaTypes: readonly MediaType[]
  readonly files: readonly WantedFile[]
  readonly intent: string | null
  readonly additionalParams: Record<string, unknown> | null
}

export async function prepareBatch(
  deps: Pick<Deps, 'db' | 'clock' | 'plans'>,
  actor: Actor,
  wanted: WantedBatch,
): Promise<{ batchId: string; uploads: UploadRow[] }> {
  const plan = deps.plans[actor.plan]
  checkBatch(plan, wanted)
  const files = checkFiles(plan, wanted.files, wanted.mediaTypes, true)
  const bucketName = await bucketFor(deps.db, actor.tenantId, files)
  const now = deps.clock.now()
  const whole = [
    wanted.kind,
    wanted.intent,
    wanted.additionalParams,
    files.map((file) => [file.filename, file.contentType, file.sizeBytes, file.idempotencyKey, file.storageTarget]),
  ]
  const fingerprints = files.map((_, index) => fingerprintOf([...whole, index]))
  const keyed = files.flatMap(({ idempotencyKey: key }, index) => {
    const fingerprint = fingerprints[index]
    return key === null || !fingerprint ? [] : [{ key, fingerprint }]
  })

  return deps.db.transaction().execute(async (trx) => {
    const known = await recall(trx, actor.tenantId, keyed, now)
    const batchOfKnown = known?.[0]?.batch_id
    if (batchOfKnown) {
      const rows = await lockUploads(trx, actor.tenantId, await selectKeysOfBatch(trx, actor.tenantId, batchOfKnown))
      return { batchId: batchOfKnown, uploads: inOrder(await revive(trx, rows, now)) }
    }
    const more = { bytes: sum(files.map((file) => file.sizeBytes)), uploads: files.length }
    const refusal = refusalFor(plan, await readUse(trx, actor.tenantId, now), more, now)
    if (refusal) throw refusal
    const batchId = randomUUID()
    const at = new Date(now)
    await insertBatch(trx, {
      id: batchId,
      tenant_id: actor.tenantId,
      created_by: actor.userId,
      kind: wanted.kind,
      intent: wanted.intent,
      additional_params: wanted.additionalParams === null ? null : JSON.stringify(wanted.additionalParams),
      status: 'pending',
      total_files: files.length,
      created_at: at,
      updated_at: at,
    })
    const uploads = files.map((file, index) =>
      newUpload(actor, file, now, {
        batchId,
        batchIndex: index,
        fingerprint: fingerprints[index] ?? null,
        bucketName: bucketName(file),
      }),
    )
    await insertUploads(trx, uploads)
    return { batchId, uploads }
  })
}

function checkBatch(plan: Plan, { files, additionalParams }: WantedBatch): void {
  const max = plan.batchFilesMax
  if (files.length > max)
    throw validationError([
      { loc: ['body', 'files'], msg: `A batch of this plan has at most ${max} files, not ${files.length}`, type: 'too_long' },
    ])
  const keys = files.flatMap((file) => file.idempotencyKey ?? [])
  if (new Set(keys).size < keys.length)
    throw validationError([{ loc: ['body', 'files'], msg: 'Two files have the same idempotency_key', type: 'value_error' }])
  const fault = faultOfJson(JSON.stringify(additionalParams ?? {}))
  if (fault) throw validationError([{ loc: ['body', 'additional_params'], msg: fault, type: 'value_error' }])
}

function inOrder(uploads: readonly UploadRow[]): UploadRow[] {
  return [...uploads].sort((a, b) => (a.batch_index ?? 0) - (b.batch_index ?? 0))
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** How a client should send a batch; the figures are advice, the limits are enforced elsewhere. */
export function uploadPlan(plan: Plan, uploads: readonly UploadRow[]) {
  const several = uploads.length > 1
  return {
    strategy: several ? 'parallel' : 'sequential',
    max_concurrent: several ? Math.min(plan.concurrentUploads, uploads.length) : 1,
    retry_policy: { max_attempts: 3, backoff: 'exponential', initial_delay_ms: 1_000, max_delay_ms: 30_000 },
    timeout_per_upload: 300,
  }
}

/** At 10 MB a second. */
export function estimateSeconds(totalBytes: number): number {
  return Math.max(1, Math.ceil(totalBytes / 10_000_000))
}
