// Opens a tenant's bucket with its credentials of this moment.
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Deps } from '../../deps.ts'
import type { FindBucket } from '../../platform/object-store/composed-object-store.ts'
import type { ByteStore } from '../../platform/object-store/object-store.ts'
import { BucketRefusedError, StoreUnavailableError } from '../../platform/object-store/object-store.ts'
import { fixedCredentials } from '../../platform/object-store/s3/credentials.ts'
import { openBucket } from '../../platform/object-store/s3/open-bucket.ts'
import type { S3Client } from '../../platform/object-store/s3/s3-client.ts'
import { awsEndpoint, isAwsEndpoint, type S3Target } from '../../platform/object-store/s3/s3-target.ts'
import { tenantByteStore } from '../../platform/object-store/s3/tenant-byte-store.ts'
import { createOutbound, OutboundRefused } from '../../platform/outbound.ts'
import { findOwnBucket } from './queries.ts'
import { type BucketCredentials, openCredentials } from './seal-credentials.ts'

const openMax = 1_000

export interface BucketAddress {
  readonly bucketName: string
  readonly region: string
  /** null: AWS. */
  readonly endpointUrl: string | null
}

function targetOf({ bucketName, region, endpointUrl }: BucketAddress): S3Target {
  const endpoint = endpointUrl ?? awsEndpoint(region)
  const aws = isAwsEndpoint(endpoint)
  return {
    endpoint,
    publicEndpoint: endpoint,
    bucket: bucketName,
    region,
    // A wildcard certificate covers one label, and a name with dots is several.
    pathStyle: !aws || bucketName.includes('.'),
    signLength: aws,
  }
}

/** Never to where the operator's own network is (S33): checked at every request, since names can be pointed elsewhere. */
export function openTenantBucket(
  { config, tracing }: Pick<Deps, 'config' | 'tracing'>,
  address: BucketAddress,
  credentials: BucketCredentials,
): S3Client {
  const outbound = createOutbound({ allow: config.outboundAllow })
  return openBucket({
    target: targetOf(address),
    credentials: fixedCredentials(credentials),
    tracing,
    guard: (url) =>
      outbound.guard(url).catch((error: Error) => {
        // Else the name does not resolve.
        throw error instanceof OutboundRefused
          ? new BucketRefusedError(`${error.message}.`)
          : new StoreUnavailableError(error.message)
      }),
  })
}

export function createFindBucket(deps: Pick<Deps, 'db' | 'clock' | 'secrets' | 'config' | 'tracing'>): FindBucket {
  const open = new LRUCache<string, ByteStore>({ max: openMax })
  return async (place) => {
    // Asked each time: what was removed on any server a moment ago is not used.
    const row = await findOwnBucket(deps.db, place.tenantId)
    if (row?.bucket_name !== place.bucket) return null
    const version = `${row.tenant_id} ${row.configured_at.getTime()} ${row.key_version}`
    const known = open.get(version)
    if (known) return known
    const credentials = openCredentials(deps.secrets, row.key_version, row.tenant_id, row.credentials)
    const address = { bucketName: row.bucket_name, region: row.region, endpointUrl: row.endpoint_url }
    const client = openTenantBucket(deps, address, credentials)
    const store = tenantByteStore(
      { client, db: deps.db, clock: deps.clock, scratch: join(deps.config.dataDir, 'scratch') },
      place,
    )
    open.set(version, store)
    return store
  }
}
