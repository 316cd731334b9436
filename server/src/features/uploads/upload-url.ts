// An upload as it begins, and the URL that its bytes go to.
import { randomUUID } from 'node:crypto'
import type { ObjectStore } from '../../platform/object-store/object-store.ts'
import type { Actor } from '../files/actor.ts'
import type { CheckedFile } from './check-file.ts'
import { placeOf } from './collect-object.ts'
import { objectKeyFor } from './filename.ts'
import type { UploadRow } from './queries.ts'

const urlSeconds = 600

/** Whole seconds, because that is what the URL carries. */
export function urlExpiry(now: number): Date {
  return new Date((Math.floor(now / 1000) + urlSeconds) * 1000)
}

export function newUpload(
  actor: Actor,
  file: CheckedFile,
  now: number,
  extra: { batchId?: string; batchIndex?: number; fingerprint?: Buffer | null; bucketName?: string | null } = {},
): UploadRow {
  const id = randomUUID()
  const at = new Date(now)
  return {
    id,
    tenant_id: actor.tenantId,
    created_by: actor.userId,
    batch_id: extra.batchId ?? null,
    batch_index: extra.batchIndex ?? null,
    media_type: file.mediaType,
    filename: file.filename,
    content_type: file.contentType,
    size_bytes: file.sizeBytes,
    object_key: objectKeyFor({ id, tenantId: actor.tenantId, mediaType: file.mediaType, filename: file.filename }),
    bucket_name: extra.bucketName ?? null,
    status: 'pending',
    error_message: null,
    idempotency_key: file.idempotencyKey,
    idempotency_fingerprint: file.idempotencyKey === null ? null : (extra.fingerprint ?? null),
    url_expires_at: urlExpiry(now),
    created_at: at,
    updated_at: at,
    confirmed_at: null,
  }
}

/** The part of an answer that tells a client where and how to send the bytes. */
export async function urlAnswer(store: ObjectStore, upload: UploadRow) {
  const { url, headers } = await store.presignPut({
    key: upload.object_key,
    contentType: upload.content_type,
    sizeBytes: upload.size_bytes,
    expiresAt: upload.url_expires_at,
    place: placeOf(upload),
  })
  return {
    upload_url: url,
    upload_method: 'PUT' as const,
    upload_fields: null,
    upload_headers: headers,
    object_key: upload.object_key,
    expires_at: upload.url_expires_at.toISOString(),
  }
}
