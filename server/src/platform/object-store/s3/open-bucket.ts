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
  watched = false,
  tracing = null,
}: {
  readonly target: S3Target
  readonly credentials: GetCredentials
  readonly guard?: Guard
  /** The store was taken as gone, or is back. */
  readonly onChange?: (gone: boolean) => void
  /** `probe` of the client is called all the time. */
  readonly watched?: boolean
  readonly tracing?: Tracing | null
}): S3Client {
  // Real time: how long a store was silent has nothing to do with a test's clock.
  const breaker = createBreaker({ monotonic: () => performance.now(), onChange, watched })
  return createS3Client(
    target,
    createS3Transport({ region: target.region, credentials, breaker, tracing, ...(guard && { guard }) }),
  )
}
