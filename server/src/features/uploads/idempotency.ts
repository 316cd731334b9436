// The same request within an hour gets the same answer, and a different one under the same key is refused.
import { createHash } from 'node:crypto'
import { ApiError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import { findByIdempotencyKeys, lockIdempotencyKeys, releaseIdempotencyKeys, renewUrls, type UploadRow } from './queries.ts'
import { urlExpiry } from './upload-url.ts'

const rememberedMs = 3_600_000

export interface KeyedRequest {
  readonly key: string
  /** Over all that makes two requests the same. */
  readonly fingerprint: Buffer
}

export function fingerprintOf(request: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(request)).digest()
}

/**
 * The uploads that these keys stand for, or null when they are free. Holds the keys until the transaction ends, so that of
 * parallel requests one inserts and the others find what it inserted.
 */
export async function recall(
  trx: Trx,
  tenantId: string,
  requests: readonly KeyedRequest[],
  now: number,
): Promise<UploadRow[] | null> {
  if (requests.length === 0) return null
  const keys = requests.map((request) => request.key)
  await lockIdempotencyKeys(trx, tenantId, keys)
  const found = await findByIdempotencyKeys(trx, tenantId, keys)
  const live = found.filter((row) => row.created_at.getTime() + rememberedMs > now)
  const stale = found.filter((row) => !live.includes(row))
  if (stale.length)
    await releaseIdempotencyKeys(
      trx,
      stale.map((row) => row.id),
    )
  if (live.length === 0) return null
  for (const request of requests) {
    const row = live.find((candidate) => candidate.idempotency_key === request.key)
    if (!row?.idempotency_fingerprint?.equals(request.fingerprint))
      throw new ApiError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for another request within the last hour.', {
        idempotency_key: request.key,
      })
  }
  return live
}

/** While a URL lives the answer is the same to the byte; once it is dead and still needed, the same upload gets a new one. */
export async function revive(trx: Trx, uploads: readonly UploadRow[], now: number): Promise<UploadRow[]> {
  const dead = uploads.filter(
    (row) => row.url_expires_at.getTime() <= now && (row.status === 'pending' || row.status === 'failed'),
  )
  if (dead.length === 0) return [...uploads]
  const expiresAt = urlExpiry(now)
  await renewUrls(
    trx,
    dead.map((row) => row.id),
    expiresAt,
  )
  return uploads.map((row) => (dead.includes(row) ? { ...row, url_expires_at: expiresAt } : row))
}
