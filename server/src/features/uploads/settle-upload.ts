// Turns one upload into a file, inside the caller's transaction: everything that confirming means, but the locks and the trail.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import type { Actor } from '../files/actor.ts'
import { canonicalType, contentTypeOf } from '../files/content-types.ts'
import { queueVariants } from '../files/make-variants.ts'
import { insertFile } from '../files/queries.ts'
import type { Finding, Look } from './inspect-object.ts'
import { markConfirmed, type UploadRow } from './queries.ts'
import { spend } from './quota.ts'
import { tooLong } from './receive-object.ts'

/** What the client says that it sent. */
export interface Claim {
  readonly objectKey: string
  readonly sizeBytes: number
  /** `hex` or `sha256:hex`. */
  readonly checksum: string | null
  readonly contentType: string | null
}

export type Outcome =
  | { readonly kind: 'confirmed'; readonly repeated: boolean; readonly at: Date | null }
  | { readonly kind: 'refused'; readonly error: ApiError }
  /** Other bytes arrived since they were looked at: look again. */
  | { readonly kind: 'changed' }

export async function settleUpload(
  trx: Trx,
  deps: Pick<Deps, 'clock' | 'plans' | 'store' | 'jobs'>,
  actor: Actor,
  { upload, claim, finding: look }: { upload: UploadRow; claim: Claim; finding: Look },
): Promise<Outcome> {
  if (look === 'long' && upload.status !== 'confirmed') return { kind: 'refused', error: tooLong(upload.size_bytes) }
  const finding = look === 'long' ? null : look
  const object = await deps.store.head(upload.object_key, trx)
  if (!object || upload.status === 'expired') return { kind: 'refused', error: notThere(upload) }
  const repeated = upload.status === 'confirmed'
  if (!repeated && finding?.sha256 !== object.sha256) return { kind: 'changed' }
  const mismatch = findMismatch(upload, claim, object, repeated ? null : finding)
  if (mismatch) return { kind: 'refused', error: mismatch }
  if (repeated) return { kind: 'confirmed', repeated, at: upload.confirmed_at }
  const now = deps.clock.now()
  const refusal = await spend(trx, deps.plans[actor.plan], actor.tenantId, upload.size_bytes, now)
  if (refusal) return { kind: 'refused', error: refusal }
  const at = new Date(now)
  const isImage = upload.media_type === 'image'
  await insertFile(trx, {
    id: upload.id,
    tenant_id: upload.tenant_id,
    uploaded_by: upload.created_by,
    object_key: upload.object_key,
    media_type: upload.media_type,
    document_type: isImage ? null : (contentTypeOf(upload.content_type)?.format ?? null),
    filename: upload.filename,
    content_type: upload.content_type,
    size_bytes: upload.size_bytes,
    sha256: object.sha256,
    width: finding?.width ?? null,
    height: finding?.height ?? null,
    variant_status: isImage ? 'pending' : null,
    variant_status_at: isImage ? at : null,
    created_at: at,
    updated_at: at,
  })
  if (isImage) await queueVariants(trx, deps, upload.id)
  await markConfirmed(trx, upload.id, at)
  return { kind: 'confirmed', repeated: false, at }
}

export function notThere(upload: UploadRow): ApiError {
  return new ApiError(
    'OBJECT_NOT_FOUND',
    'Nothing has been uploaded to this URL yet. Send the file with PUT first, then confirm.',
    {
      object_key: upload.object_key,
    },
  )
}

function findMismatch(
  upload: UploadRow,
  claim: Claim,
  object: { sizeBytes: number; sha256: string },
  finding: Finding | null,
): ApiError | null {
  if (object.sizeBytes !== upload.size_bytes || claim.sizeBytes !== upload.size_bytes)
    return mismatch('size', 'The size is not the one that was declared.', {
      declared: upload.size_bytes,
      stored: object.sizeBytes,
      confirmed: claim.sizeBytes,
    })
  if (claim.contentType !== null && canonicalType(claim.contentType) !== upload.content_type)
    return mismatch('content_type', 'The content type is not the one that was declared.', { declared: upload.content_type })
  if (finding && !finding.isOfType)
    return mismatch('content_type', `The bytes are not of the declared type ${upload.content_type}.`, {
      declared: upload.content_type,
    })
  if (claim.checksum !== null && claim.checksum.replace(/^sha256:/i, '').toLowerCase() !== object.sha256)
    return mismatch('checksum', 'The checksum is not the SHA-256 of the bytes that arrived.', {
      stored: `sha256:${object.sha256}`,
    })
  return null
}

function mismatch(field: string, message: string, details: Record<string, unknown>): ApiError {
  return new ApiError('UPLOAD_MISMATCH', message, { field, ...details })
}
