// The wire shapes of /uploads, as the public contract gives them.
import { Type } from '@sinclair/typebox'
import { count, moment, nullable, record, recordOf, text, uuid } from '../files/wire.ts'

const storageTarget = () =>
  Type.String({ pattern: '^(default|custom)$', default: 'default', description: 'custom: 501 until it is configured' })
const size = (description: string) => Type.Integer({ exclusiveMinimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })
const idempotencyKey = () =>
  nullable(text({ minLength: 1, maxLength: 255 }), 'For an hour, the same request gets the same answer and another one 409')
const checksum = () => nullable(text(), 'SHA-256 of the bytes: hex, or sha256:hex')

export const fileFields = {
  filename: Type.String({ description: 'Up to 255 characters, without / \\ .. and control characters' }),
  content_type: Type.String({ description: 'Its media type, such as image/jpeg' }),
  size_bytes: size('Exact length of the bytes that will be sent'),
  storage_target: Type.Optional(storageTarget()),
}

export const requestBody = Type.Object({
  ...fileFields,
  purpose: Type.Optional(text({ default: 'image_analysis' })),
  idempotency_key: Type.Optional(idempotencyKey()),
})

export const urlFields = {
  upload_url: Type.String({ description: 'Send the bytes here, with the headers below and no Authorization' }),
  upload_method: Type.String({ description: 'PUT' }),
  upload_fields: Type.Null({ description: 'Form fields, for POST only' }),
  upload_headers: nullable(recordOf<string>('string'), 'Headers to send with the bytes'),
  object_key: Type.String({ description: 'Opaque; confirm with it' }),
  expires_at: moment('Ten minutes from now'),
}

export const requestResponse = Type.Object({
  ...urlFields,
  max_size_bytes: count("The plan's largest file of this kind"),
  storage_target: Type.String(),
  bucket_name: nullable(Type.String(), 'Set for storage of your own'),
})

export const confirmBody = Type.Object({
  object_key: text(),
  size_bytes: size('Length of the bytes that were sent'),
  checksum: Type.Optional(checksum()),
  content_type: Type.Optional(nullable(text())),
})

export const confirmResponse = Type.Object({
  upload_id: uuid('The id of the file from now on'),
  object_key: Type.String(),
  storage_path: Type.String(),
  confirmed: Type.Boolean(),
})

const batchFile = Type.Object({ ...fileFields, idempotency_key: Type.Optional(idempotencyKey()) })
const filesInBatch = { minItems: 1, maxItems: 10_000, description: "Up to the plan's number of files in one batch" }

export const prepareBody = Type.Object({
  files: Type.Array(batchFile, filesInBatch),
  intent: Type.String({ pattern: '^(describe|verify|rules|document_extraction)$' }),
  verification_level: Type.Optional(Type.String({ pattern: '^(quick|standard|thorough|critical)$', default: 'standard' })),
  additional_params: Type.Optional(nullable(record(), 'Kept with the batch')),
})

export const batchFields = {
  batch_id: uuid(),
  upload_plan: Type.Object({
    strategy: Type.String({ description: 'parallel or sequential' }),
    max_concurrent: count(),
    retry_policy: record(),
    timeout_per_upload: count('Seconds'),
  }),
  total_size_bytes: count(),
  estimated_time_seconds: count(),
}
const place = { file_index: count('Place in the request'), filename: Type.String() }

export const prepareResponse = Type.Object({
  ...batchFields,
  presigned_urls: Type.Array(
    Type.Object({ ...place, ...urlFields, image_id: nullable(Type.String(), 'The id of the file to be') }),
  ),
})

const reportFields = {
  object_key: text(),
  success: Type.Boolean({ description: 'Whether the bytes could be sent' }),
  file_size: size('Length in bytes'),
  checksum: Type.Optional(checksum()),
  error_message: Type.Optional(nullable(text(), 'What went wrong, when success is false')),
}

export const batchConfirmBody = Type.Object({
  batch_id: text(),
  confirmations: Type.Array(Type.Object({ ...reportFields, media_type: Type.Optional(nullable(text(), 'image or document')) }), {
    minItems: 1,
  }),
  auto_process: Type.Optional(Type.Boolean({ default: true })),
})

export const batchResultFields = {
  batch_id: Type.String(),
  successful_uploads: count(),
  failed_uploads: count(),
  processing_status: Type.String({ description: 'queued, partial or failed' }),
  failed_files: nullable(Type.Array(Type.String()), 'Names of the files that failed'),
  message: Type.String(),
}

export const batchConfirmResponse = Type.Object({
  ...batchResultFields,
  stored_images: Type.Array(
    Type.Object({
      image_id: uuid(),
      object_key: Type.String(),
      filename: Type.String(),
      thumbnail_url: nullable(Type.String()),
      variant_status: nullable(Type.String()),
      created_at: nullable(moment()),
    }),
  ),
})

export const batchParams = Type.Object({ batch_id: Type.String() })

export const pendingResponse = Type.Object({
  batches: Type.Array(
    Type.Object({
      batch_id: uuid(),
      status: Type.String(),
      total_files: count(),
      confirmed_count: count(),
      created_at: moment(),
      age_seconds: count(),
    }),
  ),
  has_recoverable: Type.Boolean(),
})

export const recoverResponse = Type.Object({
  batch_id: Type.String(),
  recovered_files: count(),
  failed_files: count(),
  status: Type.String({ description: 'recovered, nothing_to_recover, already_processed or not_found' }),
  message: Type.String(),
})

export const cleanupResponse = Type.Object({ cleaned_count: count(), message: Type.String() })

export const documentIdempotencyKey = () =>
  nullable(Type.String({ minLength: 1, maxLength: 128, pattern: '^[a-zA-Z0-9_\\-\\.]+$' }), 'As for images')
export const documentReport = Type.Object(reportFields)
export { filesInBatch, place, size }
