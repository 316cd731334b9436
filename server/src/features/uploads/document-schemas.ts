// The wire shapes of /document-uploads, where they are not those of /uploads.
import { Type } from '@sinclair/typebox'
import { count, moment, nullable, record, text, uuid } from '../files/wire.ts'
import {
  batchFields,
  batchResultFields,
  documentIdempotencyKey,
  documentReport,
  fileFields,
  filesInBatch,
  place,
  size,
  urlFields,
} from './schemas.ts'

export const documentRequestBody = Type.Object({ ...fileFields, idempotency_key: Type.Optional(documentIdempotencyKey()) })

export const documentConfirmBody = Type.Object({
  object_key: text(),
  size_bytes: size('Length of the bytes that were sent'),
  content_type: text(),
  checksum: Type.Optional(nullable(text(), 'SHA-256 of the bytes: hex, or sha256:hex')),
})

export const documentConfirmResponse = Type.Object({
  document_id: uuid('The id of the file from now on'),
  object_key: Type.String(),
  filename: Type.String(),
  document_type: Type.String({ description: 'pdf, docx, txt or md' }),
  status: Type.String({ description: 'pending until something extracts the text' }),
  confirmed: Type.Boolean(),
  deduplicated: Type.Boolean(),
  is_idempotent_retry: Type.Boolean({ description: 'It was confirmed before' }),
})

export const documentParams = Type.Object({ document_id: uuid() })

export const documentStatusResponse = Type.Object({
  document_id: uuid(),
  filename: Type.String(),
  document_type: nullable(Type.String()),
  text_extraction_status: nullable(Type.String(), 'pending once confirmed, null before'),
  page_count: nullable(Type.Integer()),
  chunk_count: nullable(Type.Integer()),
  created_at: moment(),
  processing_started_at: nullable(moment()),
  completed_at: nullable(moment()),
})

export const documentPrepareBody = Type.Object({
  files: Type.Array(documentRequestBody, filesInBatch),
  additional_params: Type.Optional(nullable(record(), 'Kept with the batch')),
})

export const documentPrepareResponse = Type.Object({
  ...batchFields,
  presigned_urls: Type.Array(Type.Object({ ...place, ...urlFields, upload_intent_id: uuid('The id of the document to be') })),
  expires_at: moment('When the URLs end'),
})

export const documentBatchConfirmBody = Type.Object({
  batch_id: text(),
  confirmations: Type.Array(documentReport, { minItems: 1 }),
})

const documentInfo = Type.Object({
  document_id: uuid(),
  object_key: Type.String(),
  filename: Type.String(),
  document_type: Type.String(),
  text_extraction_status: Type.String(),
  created_at: nullable(moment()),
})

export const documentBatchConfirmResponse = Type.Object({ ...batchResultFields, documents: Type.Array(documentInfo) })

export const documentBatchParams = Type.Object({ batch_id: uuid() })

export const documentBatchStatusResponse = Type.Object({
  batch_id: uuid(),
  status: Type.String({ description: 'pending, uploading, completed or failed' }),
  total_documents: count(),
  confirmed_documents: count(),
  processed_documents: count(),
  failed_documents: count(),
  created_at: moment(),
  updated_at: nullable(moment()),
  documents: Type.Array(documentInfo),
})
