// Which of the tenant's own buckets an upload goes to, when it asks for one.
import { ApiError } from '../../http/errors.ts'
import type { Connection } from '../../platform/database/database.ts'
import { findBucketName } from '../own-bucket/queries.ts'
import type { CheckedFile } from './check-file.ts'

/** Answers the bucket of each of these files; null is the store of this installation. */
export async function bucketFor(
  conn: Connection,
  tenantId: string,
  files: readonly CheckedFile[],
): Promise<(file: CheckedFile) => string | null> {
  if (files.every(({ storageTarget }) => storageTarget !== 'custom')) return () => null
  const name = await findBucketName(conn, tenantId)
  if (!name)
    throw new ApiError(
      'STORAGE_NOT_CONFIGURED',
      'This workspace has no bucket of its own: configure one, or leave storage_target at "default".',
    )
  return ({ storageTarget }) => (storageTarget === 'custom' ? name : null)
}
