// /tenant/s3-config: the bucket that a workspace brings itself, for uploads with storage_target "custom".

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { tenantOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { actorOf } from '../tenants/change-tenant.ts'
import { type BucketDeps, configureBucket, removeBucket, validateBucket } from './configure-bucket.ts'
import { findOwnBucket, type OwnBucketRow } from './queries.ts'
import { configureBody, removedResponse, statusResponse, validationResponse } from './schemas.ts'

const tags = ['tenant']
const admin = (count: number) => ({ credential: 'session', permission: 'ADMIN', limit: { count, seconds: 60 } }) as const

export function ownBucketRoutes(deps: BucketDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/tenant/s3-config',
      {
        config: { access: { credential: 'session', permission: 'VIEW' } },
        schema: { tags, summary: 'The bucket of your own, without its credentials', response: { 200: statusResponse } },
      },
      async (request) => presentStatus(await findOwnBucket(deps.db, tenantOf(request).tenantId)),
    )

    app.post(
      '/tenant/s3-config',
      {
        config: { access: admin(5) },
        schema: {
          tags,
          summary: 'Bring a bucket of your own, or other credentials for it; it is tried before it is kept',
          body: configureBody,
          response: { 200: statusResponse, 400: refusal('The bucket does not do what is needed') },
        },
      },
      async (request) => {
        const { access_key_id, secret_access_key, bucket_name, region, endpoint_url = null } = request.body
        const row = await configureBucket(deps, actorOf(request), {
          accessKeyId: access_key_id,
          secretAccessKey: secret_access_key,
          bucketName: bucket_name,
          region,
          endpointUrl: endpoint_url,
        })
        return presentStatus(row)
      },
    )

    app.delete(
      '/tenant/s3-config',
      {
        config: { access: admin(5) },
        schema: { tags, summary: 'Forget the bucket and its credentials', response: { 200: removedResponse } },
      },
      async (request) => {
        const removed = await removeBucket(deps, actorOf(request))
        return {
          removed,
          message: removed
            ? 'The bucket and its credentials are forgotten. Files in it can be read again once it is configured again.'
            : 'This workspace has no bucket of its own.',
        }
      },
    )

    app.post(
      '/tenant/s3-config/validate',
      {
        config: { access: admin(10) },
        schema: { tags, summary: 'Look whether the bucket is open to us now', response: { 200: validationResponse } },
      },
      async (request) => {
        const { row, error } = await validateBucket(deps, tenantOf(request).tenantId)
        return { valid: error === null, bucket_name: row?.bucket_name ?? null, region: row?.region ?? null, error }
      },
    )
  }
}

function presentStatus(row: OwnBucketRow | undefined) {
  return {
    configured: row !== undefined,
    bucket_name: row?.bucket_name ?? null,
    region: row?.region ?? null,
    endpoint_url: row?.endpoint_url ?? null,
    configured_at: row?.configured_at.toISOString() ?? null,
    is_validated: row ? row.error === null && row.validated_at !== null : null,
    error: row?.error ?? null,
  }
}
