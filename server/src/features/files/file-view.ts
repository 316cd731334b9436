// A file as clients see it, in a list and alone; what nothing computes yet is null, and says so.
import type { ObjectStore } from '../../platform/object-store/object-store.ts'
import { contentTypeOf } from './content-types.ts'
import type { FileRow } from './queries.ts'
import { type VariantName, variantKey } from './variants.ts'

const nothingYet = {
  upload_description: null,
  visible_text: null,
  content_created_at: null,
  blur_hash: null,
  description_status: null,
  video_metadata: null,
  video_analysis_status: null,
  video_analysis_job_id: null,
  scene_count: null,
  has_audio_transcript: null,
  video_url: null,
  page_count: null,
  chunk_count: null,
  source_url: null,
  domain: null,
  og_metadata: null,
  favicon_url: null,
  crawl_status: null,
  extracted_images: null,
  extracted_images_count: null,
}

/** null until it is made. */
export function variantUrl(
  file: Pick<FileRow, 'id' | 'tenant_id' | 'variant_count'>,
  store: ObjectStore,
  name: VariantName,
): string | null {
  return file.variant_count > 0 ? store.urlOf(variantKey(file, name)) : null
}

function common(file: FileRow, store: ObjectStore) {
  const isImage = file.media_type === 'image'
  const url = store.urlOf(file.object_key)
  return {
    ...nothingYet,
    id: file.id,
    title: file.title,
    tags: file.tags,
    size_bytes: file.size_bytes,
    created_at: file.created_at.toISOString(),
    format: contentTypeOf(file.content_type)?.format ?? 'unknown',
    content_type: file.content_type,
    media_type: file.media_type,
    document_type: file.document_type,
    text_extraction_status: isImage ? null : 'pending',
    thumbnail_url: variantUrl(file, store, 'small_256'),
    medium_url: variantUrl(file, store, 'medium_750'),
    full_url: isImage ? url : null,
    document_url: isImage ? null : url,
    variant_status: isImage ? (file.variant_status ?? 'pending') : null,
    variant_count: isImage ? file.variant_count : null,
  }
}

function dimensionsOf(file: FileRow): { width: number; height: number } | null {
  return file.width === null || file.height === null ? null : { width: file.width, height: file.height }
}

export function listedFile(file: FileRow, store: ObjectStore) {
  return {
    ...common(file, store),
    filename: file.filename,
    has_full_description: false,
    dimensions: dimensionsOf(file),
    description_error: null,
    variant_error: file.variant_error,
    confidence_score: null,
  }
}

export function fileDetails(file: FileRow, store: ObjectStore) {
  const shared = common(file, store)
  return {
    ...shared,
    object_key: file.object_key,
    original_filename: file.filename,
    original_url: shared.full_url ?? shared.document_url,
    full_url: variantUrl(file, store, 'large_1024'),
    dimensions: dimensionsOf(file) ?? {},
    hash: file.sha256,
    updated_at: file.updated_at.toISOString(),
    upload_method: 'presigned',
    description_generated_at: null,
    full_descriptions: [],
    processing_history: [],
    page_title: null,
    crawl_error: null,
    crawled_at: null,
  }
}
