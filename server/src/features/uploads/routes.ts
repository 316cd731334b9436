// Uploads of images and documents: a URL is asked for, the bytes go there, the upload is confirmed.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { actorOf } from '../files/actor.ts'
import { refusals } from '../files/wire.ts'
import { type BatchDeps, batchRoutes } from './batch-routes.ts'
import { confirmUpload } from './confirm-upload.ts'
import { documentBatchRoutes } from './document-batch-routes.ts'
import { documentRoutes } from './document-routes.ts'
import { requestUpload } from './request-upload.ts'
import { confirmBody, confirmResponse, requestBody, requestResponse } from './schemas.ts'
import { statusRoutes } from './status-routes.ts'
import { urlAnswer } from './upload-url.ts'

const write = { credential: 'either', permission: 'EDIT', resource: 'uploads', action: 'write' } as const

export function uploadRoutes(deps: BatchDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(batchRoutes(deps))
    await app.register(statusRoutes(deps))
    await app.register(documentRoutes(deps))
    await app.register(documentBatchRoutes(deps))

    app.post(
      '/uploads/request-presigned-url',
      {
        config: { access: write },
        schema: {
          tags: ['uploads'],
          summary: 'Begin the upload of an image',
          body: requestBody,
          response: { 200: requestResponse, ...refusals(400, 409, 413, 501) },
        },
      },
      async (request) => {
        const {
          filename,
          content_type,
          size_bytes,
          storage_target = 'default',
          purpose = null,
          idempotency_key = null,
        } = request.body
        const { upload, maxSizeBytes } = await requestUpload(deps, actorOf(request), {
          filename,
          contentType: content_type,
          sizeBytes: size_bytes,
          storageTarget: storage_target,
          idempotencyKey: idempotency_key,
          mediaType: 'image',
          purpose,
        })
        return {
          ...(await urlAnswer(deps.store, upload)),
          max_size_bytes: maxSizeBytes,
          storage_target: upload.bucket_name === null ? 'default' : 'custom',
          bucket_name: upload.bucket_name,
        }
      },
    )

    app.post(
      '/uploads/confirm',
      {
        config: { access: write },
        schema: {
          tags: ['uploads'],
          summary: 'Confirm an upload: its bytes are checked and the file appears',
          body: confirmBody,
          response: { 200: confirmResponse, ...refusals(400, 404, 409, 413, 501) },
        },
      },
      async (request) => {
        const { object_key, size_bytes, checksum = null, content_type = null } = request.body
        const claim = { objectKey: object_key, sizeBytes: size_bytes, checksum, contentType: content_type }
        const { upload } = await confirmUpload(deps, actorOf(request), claim)
        return { upload_id: upload.id, object_key, storage_path: upload.object_key, confirmed: true }
      },
    )
  }
}
