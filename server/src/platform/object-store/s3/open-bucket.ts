// Puts the parts of an S3 client together: target, credentials, breaker, transport.
import type { Tracing } from '../../tracing.ts'
import { createBreaker } from './breaker.ts'
import type { GetCredentials } from './credentials.ts'
import { createS3Client, type S3Client } from './s3-client.ts'
import type { S3Target } from './s3-target.ts'
import { createS3Transport, type Guard } from './s3-transport.ts'

export function openBucket({
  target,
  credentials,
  guard,
  onChange = () => {},
  tracing = null,
}: {
  readonly target: S3Target
  readonly credentials: GetCredentials
  readonly guard?: Guard
  /** The store was taken as gone, or is back. */
  readonly onChange?: (gone: boolean) => void
  readonly tracing?: Tracing | null
}): S3Client {
  // Real time: how long a store was silent has nothing to do with a test's clock.
  const breaker = createBreaker(() => performance.now(), onChange)
  return createS3Client(
    target,
    createS3Transport({ region: target.region, credentials, breaker, tracing, ...(guard && { guard }) }),
  )
}
