// Takes the bytes of an upload: every check that the URL, its tenant and the plan ask for, then straight to the disk.
import type { Readable } from 'node:stream'
import type { Deps } from '../../deps.ts'
import { ApiError, unavailable } from '../../http/errors.ts'
import { BodyLengthError, type PutGrant, type StoredObject } from '../../platform/object-store/object-store.ts'
import { canonicalType } from '../files/content-types.ts'
import { findTarget, lockStatus, type UploadRow } from './queries.ts'

export interface Arrival {
  readonly grant: PutGrant
  readonly contentType: string | undefined
  /** null: not announced, as with chunked bodies. */
  readonly length: number | null
  readonly body: Readable
}

/** Bodies in flight per tenant, in this process. */
export type InFlight = Map<string, number>

export async function receiveObject(
  deps: Pick<Deps, 'db' | 'plans' | 'store'> & { inFlight: InFlight },
  { grant, contentType, length, body }: Arrival,
): Promise<StoredObject> {
  const target = await findTarget(deps.db, grant.key)
  if (!target) throw invalidUrl()
  checkOpen(target.status)
  if (canonicalType(contentType ?? '') !== grant.contentType)
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `Send the header Content-Type: ${grant.contentType}, as it was asked for.`, {
      expected: grant.contentType,
    })
  if (length !== null && length > grant.sizeBytes) throw tooLong(grant.sizeBytes)
  if (length !== null && length < grant.sizeBytes) throw tooShort(grant)

  const held = deps.inFlight.get(target.tenantId) ?? 0
  const max = deps.plans[target.plan].concurrentUploads
  if (held >= max)
    throw new ApiError(
      'CONCURRENT_UPLOAD_LIMIT',
      `This plan uploads ${max} files at a time. Wait for one to finish.`,
      { limit: max },
      { 'Retry-After': '1' },
    )
  deps.inFlight.set(target.tenantId, held + 1)
  try {
    return await deps.store.write(grant, body, async (trx) => {
      // Locked until the bytes are visible: a confirmation comes before or after, never between.
      const status = await lockStatus(trx, target.id)
      if (!status) throw invalidUrl()
      checkOpen(status)
    })
  } catch (error) {
    if (error instanceof BodyLengthError) throw error.kind === 'long' ? tooLong(grant.sizeBytes) : tooShort(grant)
    if (body.destroyed && !body.readableEnded) throw tooShort(grant)
    if (isDiskFull(error)) throw unavailable()
    throw error
  } finally {
    const left = (deps.inFlight.get(target.tenantId) ?? 1) - 1
    if (left > 0) deps.inFlight.set(target.tenantId, left)
    else deps.inFlight.delete(target.tenantId)
  }
}

function checkOpen(status: UploadRow['status']): void {
  if (status === 'confirmed')
    throw new ApiError('ALREADY_CONFIRMED', 'This upload is confirmed: its bytes can no longer be replaced.')
  if (status === 'expired') throw invalidUrl()
}

export function invalidUrl(): ApiError {
  return new ApiError('INVALID_SIGNATURE', 'This URL is not valid, or no longer. Ask for a new one.')
}

export function tooLong(declared: number): ApiError {
  return new ApiError('FILE_TOO_LARGE', `The body is longer than the ${declared} bytes that were declared.`, { declared })
}

function tooShort(grant: PutGrant): ApiError {
  return new ApiError('UPLOAD_MISMATCH', `The body is shorter than the ${grant.sizeBytes} bytes that were declared.`, {
    declared: grant.sizeBytes,
  })
}

function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EMFILE'
}
