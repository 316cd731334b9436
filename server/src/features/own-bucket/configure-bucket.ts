// A tenant's own bucket: tried before it is kept, sealed when it is kept, looked at again when asked, and forgotten at once.
import type { Deps } from '../../deps.ts'
import { ApiError, type Issue, validationError } from '../../http/errors.ts'
import { type Actor, changeTenant } from '../tenants/change-tenant.ts'
import { checkBucket } from './check-bucket.ts'
import { type BucketAddress, openTenantBucket } from './find-bucket.ts'
import { deleteOwnBucket, findOwnBucket, noteValidation, type OwnBucketRow, putOwnBucket, readKeyVersion } from './queries.ts'
import { type BucketCredentials, openCredentials, sealCredentials } from './seal-credentials.ts'

export type BucketDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'secrets' | 'config' | 'tracing'>

export async function configureBucket(
  deps: BucketDeps,
  actor: Actor,
  given: BucketAddress & BucketCredentials,
): Promise<OwnBucketRow> {
  const address = checkAddress(given)
  const credentials = { accessKeyId: given.accessKeyId, secretAccessKey: given.secretAccessKey }
  const fault = await checkBucket(openTenantBucket(deps, address, credentials))
  if (fault) throw new ApiError('BUCKET_NOT_ACCESSIBLE', fault)
  const { tenantId, userId } = actor
  return changeTenant(deps, actor, 'ADMIN', async (trx, { now }) => {
    const key_version = await readKeyVersion(trx)
    const at = new Date(now)
    const row: OwnBucketRow = {
      tenant_id: tenantId,
      bucket_name: address.bucketName,
      region: address.region,
      endpoint_url: address.endpointUrl,
      credentials: sealCredentials(deps.secrets, key_version, tenantId, credentials),
      key_version,
      configured_at: at,
      configured_by: userId,
      validated_at: at,
      error: null,
    }
    await putOwnBucket(trx, row)
    const metadata = { bucket_name: row.bucket_name, region: row.region, endpoint_url: row.endpoint_url }
    return { result: row, changed: [], event: event(tenantId, 'tenant.storage_configured', 'storage.configure', metadata) }
  })
}

/** What lies in the bucket stays there, unread until the same bucket is configured again. */
export async function removeBucket(deps: BucketDeps, actor: Actor): Promise<boolean> {
  return changeTenant(deps, actor, 'ADMIN', async (trx) => {
    const name = await deleteOwnBucket(trx, actor.tenantId)
    const metadata = { bucket_name: name }
    return {
      result: name !== null,
      changed: [],
      event: name === null ? null : event(actor.tenantId, 'tenant.storage_removed', 'storage.remove', metadata),
    }
  })
}

export async function validateBucket(
  deps: BucketDeps,
  tenantId: string,
): Promise<{ row: OwnBucketRow | undefined; error: string | null }> {
  const row = await findOwnBucket(deps.db, tenantId)
  if (!row) return { row, error: 'This workspace has no bucket of its own.' }
  const address = { bucketName: row.bucket_name, region: row.region, endpointUrl: row.endpoint_url }
  const credentials = openCredentials(deps.secrets, row.key_version, tenantId, row.credentials)
  const error = await checkBucket(openTenantBucket(deps, address, credentials))
  await noteValidation(deps.db, row, new Date(deps.clock.now()), error)
  return { row, error }
}

function event(tenantId: string, eventType: `tenant.${string}`, action: string, metadata: Record<string, unknown>) {
  return { eventType, action, resourceType: 'tenant', resourceId: tenantId, metadata }
}

/** Bucket and region become part of a host name: nothing but what such names may hold. */
function checkAddress({ bucketName, region, endpointUrl }: BucketAddress): BucketAddress {
  const issues: Issue[] = []
  const fault = (field: string, msg: string) => issues.push({ loc: ['body', field], msg, type: 'value_error' })
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucketName) || bucketName.includes('..'))
    fault('bucket_name', 'Must be a bucket name: lower-case letters, digits, dots and hyphens')
  if (!/^[a-z0-9-]{2,32}$/.test(region)) fault('region', 'Must be a region such as eu-west-1')
  const url = endpointUrl !== null && URL.canParse(endpointUrl) ? new URL(endpointUrl) : null
  if (endpointUrl !== null && (!url || !/^https?:$/.test(url.protocol) || url.origin !== endpointUrl.replace(/\/$/, '')))
    fault('endpoint_url', 'Must be an origin without path, such as https://s3.example.com')
  if (issues.length) throw validationError(issues)
  return { bucketName, region, endpointUrl: url?.origin ?? null }
}
