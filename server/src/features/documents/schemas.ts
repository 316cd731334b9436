// The wire shapes of /documents, where they are not those of /user-files.
import { Type } from '@sinclair/typebox'
import { count, moment, nullable, text, uuid } from '../files/wire.ts'

/** Far beyond any list, and its offset is a number that PostgreSQL takes. */
const pageMax = 2_147_483_647

export const listQuery = Type.Object({
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: pageMax, default: 1 })),
  page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  status_filter: Type.Optional(
    text({ maxLength: 100, description: 'Only with this extraction_status; all are pending until something extracts text' }),
  ),
})

export const documentInfo = Type.Object({
  id: uuid(),
  filename: Type.String(),
  title: nullable(Type.String()),
  tags: Type.Array(Type.String()),
  content_type: nullable(Type.String()),
  document_type: nullable(Type.String(), 'pdf, docx, txt or md'),
  size_bytes: nullable(Type.Integer()),
  page_count: nullable(Type.Integer()),
  chunk_count: nullable(Type.Integer()),
  extraction_status: nullable(Type.String(), 'pending until something extracts the text'),
  created_at: moment(),
})

export const listResponse = Type.Object({
  documents: Type.Array(documentInfo),
  total_count: count(),
  page: count(),
  page_size: count(),
})

export const params = Type.Object({ document_id: Type.String({ description: 'The id' }) })

export const batchDeleteBody = Type.Object({ document_ids: Type.Array(uuid(), { minItems: 1, maxItems: 100 }) })
