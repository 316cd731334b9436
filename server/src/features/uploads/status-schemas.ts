// The wire shapes of what is asked about uploads: quota, duplicates, progress.
import { Type } from '@sinclair/typebox'
import { count, nullable, text, uuid } from '../files/wire.ts'

const moment = () => nullable(Type.String({ format: 'date-time' }))
const word = () => nullable(Type.String())

export const quotaQuery = Type.Object({
  file_count: Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'Number of files to upload' }),
})

export const quotaResponse = Type.Object({
  can_proceed: Type.Boolean(),
  requested: count(),
  available: count('Uploads left this month; -1: unlimited'),
  monthly_limit: count('-1: unlimited'),
  current_usage: count('Uploads confirmed this month'),
  message: word(),
  prepaid_credits: count(),
  max_batch_size: count(),
  max_concurrent_uploads: count(),
})

export const duplicatesBody = Type.Object({
  hashes: Type.Array(text(), { minItems: 1, maxItems: 500, description: 'SHA-256, hex' }),
})
export const duplicatesResponse = Type.Object({ duplicates: Type.Array(Type.String()), unique: Type.Array(Type.String()) })

export const imageParams = Type.Object({ image_id: Type.String() })

export const progressSchema = Type.Object({
  image_id: uuid(),
  tenant_id: uuid(),
  batch_id: nullable(uuid()),
  unified_status: Type.String({ description: 'uploading, confirming, completed or failed' }),
  component_statuses: Type.Object({
    variant_status: word(),
    description_status: word(),
    upload_intent_status: word(),
    task_intent_status: word(),
  }),
  task_intent_ids: Type.Array(Type.String()),
  error_message: word(),
  last_error_at: moment(),
  created_at: moment(),
  last_updated_at: moment(),
  completed_at: moment(),
  retry_count: count(),
  processing_duration_seconds: nullable(Type.Number()),
  is_stuck: Type.Boolean({ description: 'Waiting for its bytes or its confirmation for more than 30 minutes' }),
  is_terminal: Type.Boolean(),
})

export const stuckQuery = Type.Object({
  stuck_minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 525_600, default: 30 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
})
export const stuckResponse = Type.Object({ stuck_count: count(), images: Type.Array(progressSchema) })

export const batchProgressSchema = Type.Object({
  batch_id: uuid(),
  tenant_id: uuid(),
  overall_status: Type.String({ description: 'uploading, completed, failed or partially_completed' }),
  completion_percentage: Type.Number(),
  counts: Type.Object({
    total: count(),
    uploading: count(),
    confirming: count(),
    queued: count(),
    processing: count(),
    completed: count(),
    failed: count(),
    partially_completed: count(),
    stuck: count(),
  }),
  description_counts: Type.Object({
    pending: count(),
    processing: count(),
    completed: count(),
    failed: count(),
    skipped: count(),
  }),
  error_summary: Type.Object({ count: count(), messages: Type.Array(Type.String()) }),
  created_at: moment(),
  last_activity_at: moment(),
})
