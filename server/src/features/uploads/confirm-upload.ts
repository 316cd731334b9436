// Confirms one upload, once, however often and from however many sides it is asked for.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { type Actor, recordDeed } from '../files/actor.ts'
import { inspectObject } from './inspect-object.ts'
import { findUpload, lockUploads, type UploadRow } from './queries.ts'
import { type Claim, settleUpload } from './settle-upload.ts'

/** A client that keeps replacing the bytes while it confirms them gets a refusal in the end, not a loop. */
export const attemptsMax = 4

export async function confirmUpload(
  deps: Pick<Deps, 'db' | 'clock' | 'plans' | 'store' | 'audit' | 'jobs'>,
  actor: Actor,
  claim: Claim,
  documentsOnly = false,
): Promise<{ upload: UploadRow; repeated: boolean }> {
  const known = await findUpload(deps.db, actor.tenantId, claim.objectKey)
  if (!known || (documentsOnly && known.media_type !== 'document')) throw noSuchUpload()
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    // Read outside the transaction: a large file must not hold a lock.
    const finding = known.status === 'confirmed' ? null : await inspectObject(deps.store, known)
    const settled = await deps.db.transaction().execute(async (trx) => {
      const [upload] = await lockUploads(trx, actor.tenantId, [claim.objectKey])
      if (!upload) throw noSuchUpload()
      const outcome = await settleUpload(trx, deps, actor, { upload, claim, finding })
      if (outcome.kind === 'refused') throw outcome.error
      if (outcome.kind === 'changed') return null
      if (!outcome.repeated)
        await recordDeed(trx, deps, actor, {
          eventType: 'upload.confirmed',
          action: 'upload.confirm',
          resourceType: 'file',
          resourceId: upload.id,
          metadata: { filename: upload.filename, content_type: upload.content_type, size_bytes: upload.size_bytes },
        })
      return { upload, repeated: outcome.repeated }
    })
    if (settled) return settled
  }
  throw new ApiError(
    'CONFLICT',
    'The bytes changed while they were being confirmed. Confirm again once the last PUT has been answered.',
  )
}

export function noSuchUpload(): ApiError {
  return new ApiError('NOT_FOUND', 'There is no such upload.')
}
