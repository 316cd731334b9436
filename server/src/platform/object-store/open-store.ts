// Opens the store that the configuration names: the disk of this machine, or a bucket.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { Db } from '../database/database.ts'
import type { Secrets } from '../secrets.ts'
import { StartupError } from '../startup-error.ts'
import type { Tracing } from '../tracing.ts'
import { composeObjectStore, type FindBucket } from './composed-object-store.ts'
import { diskByteStore } from './disk-object-store.ts'
import { type ObjectStore, StoreUnavailableError } from './object-store.ts'
import { type Credentials, fixedCredentials, type RoleSettings, roleCredentials } from './s3/credentials.ts'
import { openBucket } from './s3/open-bucket.ts'
import { s3ByteStore } from './s3/s3-byte-store.ts'
import { type S3Client, S3Refusal } from './s3/s3-client.ts'
import { watchBucket } from './s3/watch-bucket.ts'
import { createUrlSigner } from './signed-url.ts'

export interface BucketSettings {
  readonly endpoint: string
  readonly publicEndpoint: string
  readonly bucket: string
  readonly region: string
  readonly forcePathStyle: boolean
  readonly signLength: boolean
  readonly keys: Credentials | null
  readonly role: Omit<RoleSettings, 'region'>
}

export async function openStore({
  s3,
  alone = true,
  dataDir,
  db,
  secrets,
  clock,
  log,
  publicUrl,
  findBucket,
  tracing = null,
}: {
  /** null: the disk. */
  readonly s3: BucketSettings | null
  /** No other process reads copies in this data directory. */
  readonly alone?: boolean
  readonly dataDir: string
  readonly db: Db
  readonly secrets: Secrets
  readonly clock: Clock
  readonly log: Logger
  readonly publicUrl: () => string
  readonly findBucket: FindBucket
  readonly tracing?: Tracing | null
}): Promise<ObjectStore> {
  // Copies that a killed process was still reading.
  if (alone) await rm(join(dataDir, 'scratch'), { recursive: true, force: true })
  const signer = createUrlSigner({ key: secrets.derive('object-urls'), clock, publicUrl })
  const onLeftBehind = (name: string, error: Error) => log.warn({ object: name, err: error.message }, 'bytes were left behind')
  const shared = { db, signer, findBucket, onLeftBehind }
  if (!s3) {
    const primary = diskByteStore({ dir: join(dataDir, 'objects'), db, clock, signer })
    return composeObjectStore({ ...shared, primary, takesPuts: true, origin: null })
  }
  const client = openBucket({
    target: { ...s3, pathStyle: s3.forcePathStyle },
    tracing,
    credentials: s3.keys ? fixedCredentials(s3.keys) : roleCredentials({ ...s3.role, region: s3.region }),
    watched: true,
    onChange: (gone) => log.warn({ bucket: s3.bucket }, gone ? 'the object store does not answer' : 'the object store is back'),
  })
  await lookAt(client, log)
  const primary = s3ByteStore({ client, db, clock, scratch: join(dataDir, 'scratch') })
  return composeObjectStore({
    ...shared,
    primary,
    takesPuts: false,
    origin: client.publicOrigin,
    gone: () => client.transport.breaker.open,
    stop: watchBucket(client),
  })
}

/** A wrong name or key is a fault of the configuration; a store that is away may come back, and only uploads wait for it. */
async function lookAt(client: S3Client, log: Logger): Promise<void> {
  const { bucket, endpoint } = client.target
  try {
    await client.checkBucket()
  } catch (error) {
    if (error instanceof StoreUnavailableError)
      log.warn({ bucket, err: error.message }, 'the object store does not answer; uploads wait for it')
    else if (error instanceof S3Refusal)
      throw new StartupError(
        `The bucket "${bucket}" at ${endpoint} cannot be used: ${error.message}. Check S3_BUCKET, S3_REGION and the credentials.`,
      )
    else throw error
  }
}
