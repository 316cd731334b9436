// The wire shapes of /user-files, as the public contract gives them.
import { Type } from '@sinclair/typebox'
import { count, moment, nullable, record, recordOf, text, uuid } from './wire.ts'

const word = (description?: string) => nullable(Type.String(), description)
const whole = () => nullable(Type.Integer())
const maybe = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Optional(schema)

export const listQuery = Type.Object({
  search: maybe(text({ maxLength: 1_000, description: 'Part of a title, a filename or a tag' })),
  search_mode: maybe(
    Type.Unsafe<'all' | 'metadata' | 'visible_text'>({
      type: 'string',
      enum: ['all', 'metadata', 'visible_text'],
      default: 'all',
      description: 'visible_text finds nothing until something reads images',
    }),
  ),
  tags: maybe(Type.Array(text(), { maxItems: 100, description: 'Files that carry all of these' })),
  date_from: maybe(text({ maxLength: 40, description: 'Created then or later; ISO 8601, UTC where it names no zone' })),
  date_to: maybe(text({ maxLength: 40, description: 'Created then or earlier; ISO 8601, UTC where it names no zone' })),
  has_description: maybe(Type.Boolean({ description: 'true finds nothing until something describes files' })),
  ids: maybe(Type.Array(uuid(), { maxItems: 500, description: 'Only these, at most 500' })),
  media_types: maybe(Type.Array(text(), { maxItems: 100, description: 'image, document; video and link are none yet' })),
  folder_id: maybe(uuid('There are no folders yet: finds nothing')),
  limit: maybe(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  offset: maybe(Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 0 })),
  sort_by: maybe(
    text({
      default: 'content_created_at',
      description: 'content_created_at (created_at where that is unknown), created_at, title or size_bytes',
    }),
  ),
  sort_order: maybe(text({ default: 'desc', description: 'asc or desc' })),
})

const shared = {
  id: uuid(),
  title: word(),
  tags: Type.Array(Type.String()),
  size_bytes: count(),
  created_at: moment(),
  content_created_at: nullable(moment()),
  thumbnail_url: word('The variant small_256, good for one hour; null until it is made'),
  medium_url: word('The variant medium_750, likewise'),
  document_url: word('Good for one hour; documents'),
  upload_description: word(),
  visible_text: word(),
  variant_status: word('pending, processing, completed or failed; null for documents'),
  variant_count: nullable(Type.Integer(), 'How many variants there are'),
  blur_hash: word(),
  description_status: word(),
  media_type: word('image or document'),
  document_type: word('pdf, docx, txt or md'),
  text_extraction_status: word(),
  page_count: whole(),
  chunk_count: whole(),
  video_metadata: nullable(record()),
  video_analysis_status: word(),
  video_analysis_job_id: word(),
  scene_count: whole(),
  has_audio_transcript: nullable(Type.Boolean()),
  video_url: word(),
  source_url: word(),
  domain: word(),
  og_metadata: nullable(record()),
  favicon_url: word(),
  crawl_status: word(),
  extracted_images: nullable(record()),
  extracted_images_count: whole(),
}

const listed = Type.Object({
  ...shared,
  filename: word(),
  full_url: word('The original, good for one hour; images'),
  has_full_description: Type.Boolean(),
  dimensions: nullable(recordOf<number>('integer'), 'width and height; null where unknown'),
  format: word(),
  content_type: word(),
  description_error: word(),
  variant_error: word('Why no variant could be made'),
  confidence_score: nullable(Type.Number({ minimum: 0, maximum: 1 })),
})

export const listResponse = Type.Object({ files: Type.Array(listed), total_count: count(), has_more: Type.Boolean() })

export const detailsResponse = Type.Object({
  ...shared,
  object_key: Type.String(),
  content_type: Type.String(),
  dimensions: recordOf<number>('integer', 'width and height; empty where unknown'),
  format: Type.String(),
  original_url: word('Good for one hour'),
  full_url: word('The variant large_1024, good for one hour; null until it is made'),
  original_filename: word(),
  description_generated_at: nullable(moment()),
  full_descriptions: Type.Array(
    Type.Object({
      id: uuid(),
      description: Type.String(),
      visible_text: word(),
      confidence_score: nullable(Type.Number({ minimum: 0, maximum: 1 })),
      processing_time_ms: whole(),
      created_at: moment(),
    }),
  ),
  updated_at: nullable(moment()),
  upload_method: Type.String(),
  hash: Type.String({ description: 'SHA-256, hex' }),
  processing_history: Type.Array(
    Type.Object({
      id: uuid(),
      status: Type.String(),
      created_at: moment(),
      completed_at: nullable(moment()),
      error_message: word(),
    }),
  ),
  page_title: word(),
  crawl_error: word(),
  crawled_at: nullable(moment()),
})

export const shortParams = Type.Object({ image_id: Type.String({ description: 'The id, or its first 8 characters' }) })
export const params = Type.Object({ image_id: uuid() })
export const variantParams = Type.Object({
  ...shortParams.properties,
  variant_type: Type.String({ description: 'tiny_64, small_256, medium_750, large_1024, or original' }),
})

export const triggerResponse = Type.Object({
  success: Type.Boolean(),
  message: Type.String(),
  task_id: word('null where they are being made already'),
  current_status: Type.String({ description: 'pending or processing' }),
  image_id: uuid(),
  skipped_duplicate: Type.Boolean({ description: 'They are being made already' }),
})

export const updateBody = Type.Object({
  title: maybe(nullable(text({ maxLength: 255 }), 'Empty removes it; null leaves it as it is')),
  tags: maybe(nullable(Type.Array(text(), { maxItems: 40 }), 'All tags, each up to 50 characters; null leaves them as they are')),
})
export const updateResponse = Type.Object({ id: uuid(), title: word(), tags: Type.Array(Type.String()), updated_at: moment() })

export const deleteResponse = Type.Object({ id: uuid(), deleted_at: moment(), message: Type.String() })
export const restoreResponse = Type.Object({ id: uuid(), message: Type.String() })

export const batchDeleteBody = Type.Object({ file_ids: Type.Array(uuid(), { minItems: 1, maxItems: 100 }) })
const deletion = Type.Object({ id: uuid(), status: Type.String(), message: word(), deleted_at: nullable(moment()) })
export const batchDeleteResponse = Type.Object({
  deleted: Type.Array(deletion),
  skipped: Type.Array(deletion),
  failed: Type.Array(deletion),
  summary: recordOf<number>('integer', 'total, deleted, skipped, failed'),
})
