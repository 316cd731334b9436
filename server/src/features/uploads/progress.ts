// What an upload or a batch looks like from outside, read off its rows.
import type { BatchRow } from './batch-queries.ts'
import type { ProgressRow } from './queries.ts'

export const stuckMs = 30 * 60_000

export type UnifiedStatus = 'uploading' | 'confirming' | 'completed' | 'failed'

/** Bytes that are there and not confirmed yet: the client's next word is awaited. */
export function unifiedStatus(upload: Pick<ProgressRow, 'status' | 'stored'>): UnifiedStatus {
  if (upload.status === 'confirmed') return 'completed'
  if (upload.status === 'failed' || upload.status === 'expired') return 'failed'
  return upload.stored ? 'confirming' : 'uploading'
}

export function isStuck(upload: ProgressRow, now: number, afterMs = stuckMs): boolean {
  return upload.status === 'pending' && now - upload.created_at.getTime() > afterMs
}

export function uploadProgress(upload: ProgressRow, now: number, stuckAfterMs = stuckMs) {
  const status = unifiedStatus(upload)
  return {
    image_id: upload.id,
    tenant_id: upload.tenant_id,
    batch_id: upload.batch_id,
    unified_status: status,
    // Nothing else processes files yet; null says so.
    component_statuses: {
      variant_status: upload.variant_status,
      description_status: null,
      upload_intent_status: null,
      task_intent_status: null,
    },
    task_intent_ids: [],
    error_message: upload.error_message,
    last_error_at: upload.error_message === null ? null : upload.updated_at.toISOString(),
    created_at: upload.created_at.toISOString(),
    last_updated_at: upload.updated_at.toISOString(),
    completed_at: upload.confirmed_at?.toISOString() ?? null,
    retry_count: 0,
    processing_duration_seconds: null,
    is_stuck: isStuck(upload, now, stuckAfterMs),
    is_terminal: status === 'completed' || status === 'failed',
  }
}

export function batchProgress(batch: BatchRow, uploads: readonly ProgressRow[], now: number) {
  const count = (status: UnifiedStatus) => uploads.filter((upload) => unifiedStatus(upload) === status).length
  const total = batch.total_files
  const [completed, failed] = [count('completed'), count('failed')]
  const messages = uploads.flatMap((upload) => upload.error_message ?? [])
  const lastAt = Math.max(batch.updated_at.getTime(), ...uploads.map((upload) => upload.updated_at.getTime()))
  return {
    batch_id: batch.id,
    tenant_id: batch.tenant_id,
    overall_status: overallStatus(total, completed, failed),
    completion_percentage: total === 0 ? 0 : Math.round(((completed + failed) / total) * 10_000) / 100,
    counts: {
      total,
      uploading: count('uploading'),
      confirming: count('confirming'),
      queued: 0,
      processing: 0,
      completed,
      failed,
      partially_completed: 0,
      stuck: uploads.filter((upload) => isStuck(upload, now)).length,
    },
    description_counts: { pending: 0, processing: 0, completed: 0, failed: 0, skipped: 0 },
    error_summary: { count: messages.length, messages: [...new Set(messages)].slice(0, 20) },
    created_at: batch.created_at.toISOString(),
    last_activity_at: new Date(lastAt).toISOString(),
  }
}

function overallStatus(
  total: number,
  completed: number,
  failed: number,
): 'uploading' | 'completed' | 'failed' | 'partially_completed' {
  if (completed + failed < total) return 'uploading'
  if (failed === 0) return 'completed'
  return completed === 0 ? 'failed' : 'partially_completed'
}

/** The words of the document twin, which knows no expired batches. */
export function documentBatchStatus(
  batch: BatchRow,
  uploads: readonly ProgressRow[],
): 'pending' | 'uploading' | 'completed' | 'failed' {
  const overall = overallStatus(batch.total_files, ...countsOf(uploads))
  if (overall !== 'uploading') return overall === 'failed' ? 'failed' : 'completed'
  return uploads.some((upload) => upload.stored) ? 'uploading' : 'pending'
}

function countsOf(uploads: readonly ProgressRow[]): [completed: number, failed: number] {
  const statuses = uploads.map(unifiedStatus)
  return [statuses.filter((status) => status === 'completed').length, statuses.filter((status) => status === 'failed').length]
}
