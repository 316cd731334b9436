// What can be asked about uploads: whether there is room, whether a file is here already, how far one has come.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { actorOf } from '../files/actor.ts'
import { selectKnownHashes } from '../files/queries.ts'
import { isUuid } from '../files/wire.ts'
import { findBatch } from './batch-queries.ts'
import { checkQuota } from './check-quota.ts'
import { noSuchBatch } from './confirm-batch.ts'
import { batchProgress, uploadProgress } from './progress.ts'
import { selectProgress } from './queries.ts'
import { batchParams } from './schemas.ts'
import {
  batchProgressSchema,
  duplicatesBody,
  duplicatesResponse,
  imageParams,
  progressSchema,
  quotaQuery,
  quotaResponse,
  stuckQuery,
  stuckResponse,
} from './status-schemas.ts'

const access = { credential: 'either', permission: 'VIEW', resource: 'uploads', action: 'read' } as const
const tags = ['uploads']

export function statusRoutes(deps: Pick<Deps, 'db' | 'clock' | 'plans'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/uploads/quota-check',
      {
        config: { access },
        schema: {
          tags,
          summary: 'Ask whether this many files may be uploaded',
          querystring: quotaQuery,
          response: { 200: quotaResponse },
        },
      },
      (request) => checkQuota(deps, actorOf(request), request.query.file_count),
    )

    app.post(
      '/uploads/check-duplicates',
      {
        config: { access },
        schema: {
          tags,
          summary: 'Ask which of these SHA-256 hashes belong to files that are here already',
          body: duplicatesBody,
          response: { 200: duplicatesResponse },
        },
      },
      async (request) => {
        const hashes = [...new Set(request.body.hashes)]
        const known = new Set(await selectKnownHashes(deps.db, actorOf(request).tenantId, hashes.map(plainHash)))
        const isKnown = (hash: string) => known.has(plainHash(hash))
        return { duplicates: hashes.filter(isKnown), unique: hashes.filter((hash) => !isKnown(hash)) }
      },
    )

    app.get(
      '/uploads/status/:image_id',
      {
        config: { access },
        schema: { tags, summary: 'How far one upload has come', params: imageParams, response: { 200: progressSchema } },
      },
      async (request) => {
        const { image_id } = request.params
        const upload = isUuid(image_id)
          ? await selectProgress(deps.db, actorOf(request).tenantId).where('uploads.id', '=', image_id).executeTakeFirst()
          : undefined
        if (!upload || upload.hidden) throw new ApiError('NOT_FOUND', 'There is no such upload.')
        return uploadProgress(upload, deps.clock.now())
      },
    )

    app.get(
      '/uploads/batch/:batch_id/status',
      {
        config: { access },
        schema: { tags, summary: 'How far a batch has come', params: batchParams, response: { 200: batchProgressSchema } },
      },
      async (request) => {
        const { tenantId } = actorOf(request)
        const { batch_id } = request.params
        const batch = isUuid(batch_id) ? await findBatch(deps.db, tenantId, batch_id) : undefined
        if (!batch) throw noSuchBatch()
        return batchProgress(
          batch,
          await selectProgress(deps.db, tenantId).where('batch_id', '=', batch.id).execute(),
          deps.clock.now(),
        )
      },
    )

    app.get(
      '/uploads/stuck-uploads',
      {
        config: { access },
        schema: {
          tags,
          summary: 'Uploads that wait for their bytes or their confirmation',
          querystring: stuckQuery,
          response: { 200: stuckResponse },
        },
      },
      async (request) => {
        const { stuck_minutes = 30, limit = 100 } = request.query
        const now = deps.clock.now()
        const afterMs = stuck_minutes * 60_000
        const stuck = await selectProgress(deps.db, actorOf(request).tenantId)
          .where('uploads.status', '=', 'pending')
          .where('uploads.created_at', '<', new Date(now - afterMs))
          .orderBy('uploads.created_at')
          .limit(limit)
          .execute()
        return { stuck_count: stuck.length, images: stuck.map((upload) => uploadProgress(upload, now, afterMs)) }
      },
    )
  }
}

function plainHash(hash: string): string {
  return hash.replace(/^sha256:/i, '').toLowerCase()
}
