// The document twin of /uploads: the same life of an upload, in the words that document clients use.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ApiError } from '../../http/errors.ts'
import { actorOf } from '../files/actor.ts'
import { contentTypeOf } from '../files/content-types.ts'
import { refusals } from '../files/wire.ts'
import { type BatchDeps, toWanted } from './batch-routes.ts'
import { checkQuota } from './check-quota.ts'
import { confirmUpload } from './confirm-upload.ts'
import {
  documentConfirmBody,
  documentConfirmResponse,
  documentParams,
  documentRequestBody,
  documentStatusResponse,
} from './document-schemas.ts'
import { selectProgress } from './queries.ts'
import { requestUpload } from './request-upload.ts'
import { requestResponse } from './schemas.ts'
import { quotaQuery, quotaResponse } from './status-schemas.ts'
import { urlAnswer } from './upload-url.ts'

const read = { credential: 'either', permission: 'VIEW', resource: 'documents', action: 'read' } as const
const write = { credential: 'either', permission: 'EDIT', resource: 'documents', action: 'write' } as const
const tags = ['document-uploads']

export function documentRoutes(deps: BatchDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/document-uploads/request-presigned-url',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Begin the upload of a document',
          body: documentRequestBody,
          response: { 200: requestResponse, ...refusals(400, 409, 413, 501) },
        },
      },
      async (request) => {
        const wanted = { ...toWanted(request.body), mediaType: 'document' as const, purpose: null }
        const { upload, maxSizeBytes } = await requestUpload(deps, actorOf(request), wanted)
        return {
          ...(await urlAnswer(deps.store, upload)),
          max_size_bytes: maxSizeBytes,
          storage_target: upload.bucket_name === null ? 'default' : 'custom',
          bucket_name: upload.bucket_name,
        }
      },
    )

    app.post(
      '/document-uploads/confirm',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Confirm a document: its bytes are checked and the file appears',
          body: documentConfirmBody,
          response: { 201: documentConfirmResponse, ...refusals(400, 404, 409, 413, 501) },
        },
      },
      async (request, reply) => {
        const { object_key, size_bytes, checksum = null, content_type } = request.body
        const claim = { objectKey: object_key, sizeBytes: size_bytes, checksum, contentType: content_type }
        const { upload, repeated } = await confirmUpload(deps, actorOf(request), claim, true)
        return reply.code(201).send({
          document_id: upload.id,
          object_key,
          filename: upload.filename,
          document_type: documentType(upload.content_type),
          status: 'pending',
          confirmed: true,
          deduplicated: false,
          is_idempotent_retry: repeated,
        })
      },
    )

    app.get(
      '/document-uploads/quota-check',
      {
        config: { access: read },
        schema: {
          tags,
          summary: 'Ask whether this many documents may be uploaded',
          querystring: quotaQuery,
          response: { 200: quotaResponse },
        },
      },
      (request) => checkQuota(deps, actorOf(request), request.query.file_count),
    )

    app.get(
      '/document-uploads/:document_id/status',
      {
        config: { access: read },
        schema: {
          tags,
          summary: 'How far a document has come',
          params: documentParams,
          response: { 200: documentStatusResponse },
        },
      },
      async (request) => {
        const upload = await selectProgress(deps.db, actorOf(request).tenantId)
          .where('uploads.id', '=', request.params.document_id)
          .where('uploads.media_type', '=', 'document')
          .executeTakeFirst()
        if (!upload || upload.hidden) throw new ApiError('NOT_FOUND', 'There is no such document.')
        return {
          document_id: upload.id,
          filename: upload.filename,
          document_type: documentType(upload.content_type),
          text_extraction_status: upload.status === 'confirmed' ? 'pending' : null,
          page_count: null,
          chunk_count: null,
          created_at: upload.created_at.toISOString(),
          processing_started_at: null,
          completed_at: null,
        }
      },
    )
  }
}

export function documentType(contentType: string): string {
  return contentTypeOf(contentType)?.format ?? 'unknown'
}
