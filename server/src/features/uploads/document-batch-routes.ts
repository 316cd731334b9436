// Many documents as one: the twin of the batches under /uploads.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { actorOf } from '../files/actor.ts'
import { isUuid, refusals } from '../files/wire.ts'
import { findBatch } from './batch-queries.ts'
import { type BatchDeps, resultAnswer, toReport, toWanted } from './batch-routes.ts'
import { confirmBatch, noSuchBatch } from './confirm-batch.ts'
import { documentType } from './document-routes.ts'
import {
  documentBatchConfirmBody,
  documentBatchConfirmResponse,
  documentBatchParams,
  documentBatchStatusResponse,
  documentPrepareBody,
  documentPrepareResponse,
} from './document-schemas.ts'
import { estimateSeconds, prepareBatch, sum, uploadPlan } from './prepare-batch.ts'
import { documentBatchStatus, unifiedStatus } from './progress.ts'
import { selectProgress, type UploadRow } from './queries.ts'
import { urlAnswer, urlExpiry } from './upload-url.ts'

const read = { credential: 'either', permission: 'VIEW', resource: 'documents', action: 'read' } as const
const write = { credential: 'either', permission: 'EDIT', resource: 'documents', action: 'write' } as const
const tags = ['document-uploads']

export function documentBatchRoutes(deps: BatchDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/document-uploads/batch-prepare',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Begin a batch of documents',
          body: documentPrepareBody,
          response: { 200: documentPrepareResponse, ...refusals(400, 409, 413, 501) },
        },
      },
      async (request) => {
        const actor = actorOf(request)
        const { batchId, uploads } = await prepareBatch(deps, actor, {
          kind: 'document',
          mediaTypes: ['document'],
          files: request.body.files.map(toWanted),
          intent: null,
          additionalParams: request.body.additional_params ?? null,
        })
        const total = sum(uploads.map((upload) => upload.size_bytes))
        return {
          batch_id: batchId,
          upload_plan: uploadPlan(deps.plans[actor.plan], uploads),
          presigned_urls: await Promise.all(
            uploads.map(async (upload, index) => ({
              file_index: index,
              filename: upload.filename,
              ...(await urlAnswer(deps.store, upload)),
              upload_intent_id: upload.id,
            })),
          ),
          total_size_bytes: total,
          estimated_time_seconds: estimateSeconds(total),
          expires_at: (uploads[0]?.url_expires_at ?? urlExpiry(deps.clock.now())).toISOString(),
        }
      },
    )

    app.post(
      '/document-uploads/batch-confirm',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Confirm the documents of a batch; those that fail stop no other',
          body: documentBatchConfirmBody,
          response: { 200: documentBatchConfirmResponse, ...refusals(400, 404, 501) },
        },
      },
      async (request) => {
        const { batch_id, confirmations } = request.body
        if (!isUuid(batch_id)) throw noSuchBatch()
        const result = await confirmBatch(deps, actorOf(request), batch_id, 'document', confirmations.map(toReport))
        return { batch_id, ...resultAnswer(result), documents: result.stored.map((upload) => documentInfo(upload)) }
      },
    )

    app.get(
      '/document-uploads/batch/:batch_id/status',
      {
        config: { access: read },
        schema: {
          tags,
          summary: 'How far a batch of documents has come',
          params: documentBatchParams,
          response: { 200: documentBatchStatusResponse },
        },
      },
      async (request) => {
        const { tenantId } = actorOf(request)
        const batch = await findBatch(deps.db, tenantId, request.params.batch_id)
        if (batch?.kind !== 'document') throw noSuchBatch()
        const uploads = await selectProgress(deps.db, tenantId).where('batch_id', '=', batch.id).orderBy('batch_index').execute()
        const confirmed = uploads.filter((upload) => upload.status === 'confirmed')
        return {
          batch_id: batch.id,
          status: documentBatchStatus(batch, uploads),
          total_documents: batch.total_files,
          confirmed_documents: confirmed.length,
          processed_documents: 0,
          failed_documents: uploads.filter((upload) => unifiedStatus(upload) === 'failed').length,
          created_at: batch.created_at.toISOString(),
          updated_at: batch.updated_at.toISOString(),
          documents: confirmed.filter((upload) => !upload.hidden).map((upload) => documentInfo(upload)),
        }
      },
    )
  }
}

function documentInfo(upload: UploadRow) {
  return {
    document_id: upload.id,
    object_key: upload.object_key,
    filename: upload.filename,
    document_type: documentType(upload.content_type),
    text_extraction_status: 'pending',
    created_at: upload.created_at.toISOString(),
  }
}
