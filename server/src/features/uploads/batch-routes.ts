// Many uploads as one: prepared, confirmed, found again and cleaned up together.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { actorOf } from '../files/actor.ts'
import { variantUrl } from '../files/file-view.ts'
import { selectVariantStates } from '../files/variant-queries.ts'
import { isUuid, refusals } from '../files/wire.ts'
import { confirmBatch, noSuchBatch, processingStatus } from './confirm-batch.ts'
import { estimateSeconds, prepareBatch, sum, uploadPlan } from './prepare-batch.ts'
import { cleanUpStale, listRecoverable, type Recovery, recoverBatch } from './recover-batch.ts'
import {
  batchConfirmBody,
  batchConfirmResponse,
  batchParams,
  cleanupResponse,
  pendingResponse,
  prepareBody,
  prepareResponse,
  recoverResponse,
} from './schemas.ts'
import { urlAnswer } from './upload-url.ts'

export type BatchDeps = Pick<Deps, 'db' | 'clock' | 'plans' | 'store' | 'audit' | 'jobs'>

const read = { credential: 'either', permission: 'VIEW', resource: 'uploads', action: 'read' } as const
const write = { credential: 'either', permission: 'EDIT', resource: 'uploads', action: 'write' } as const
const tags = ['uploads']

export function batchRoutes(deps: BatchDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/uploads/batch-prepare',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Begin a batch of uploads',
          body: prepareBody,
          response: { 200: prepareResponse, ...refusals(400, 409, 413, 501) },
        },
      },
      async (request) => {
        const { files, intent, additional_params = null } = request.body
        const actor = actorOf(request)
        const { batchId, uploads } = await prepareBatch(deps, actor, {
          kind: 'mixed',
          mediaTypes: ['image', 'document'],
          files: files.map(toWanted),
          intent,
          additionalParams: additional_params,
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
              image_id: upload.id,
            })),
          ),
          total_size_bytes: total,
          estimated_time_seconds: estimateSeconds(total),
        }
      },
    )

    app.post(
      '/uploads/batch-confirm',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Confirm the files of a batch; those that fail stop no other',
          body: batchConfirmBody,
          response: { 200: batchConfirmResponse, ...refusals(400, 404, 501) },
        },
      },
      async (request) => {
        const { batch_id, confirmations } = request.body
        if (!isUuid(batch_id)) throw noSuchBatch()
        const actor = actorOf(request)
        const result = await confirmBatch(deps, actor, batch_id, 'mixed', confirmations.map(toReport))
        const ids = result.stored.map((upload) => upload.id)
        const states = new Map((await selectVariantStates(deps.db, actor.tenantId, ids)).map((state) => [state.id, state]))
        return {
          batch_id,
          ...resultAnswer(result),
          stored_images: result.stored.map((upload) => {
            const state = states.get(upload.id)
            return {
              image_id: upload.id,
              object_key: upload.object_key,
              filename: upload.filename,
              thumbnail_url: state ? variantUrl(state, deps.store, 'small_256') : null,
              variant_status: state?.variant_status ?? null,
              created_at: upload.confirmed_at?.toISOString() ?? null,
            }
          }),
        }
      },
    )

    app.get(
      '/uploads/pending-batches',
      {
        config: { access: read },
        schema: {
          tags,
          summary: 'Your batches of the last two hours that nothing was confirmed of',
          response: { 200: pendingResponse },
        },
      },
      async (request) => {
        const batches = await listRecoverable(deps, actorOf(request))
        return {
          batches: batches.map((batch) => ({
            batch_id: batch.id,
            status: batch.status,
            total_files: batch.total_files,
            confirmed_count: 0,
            created_at: batch.created_at.toISOString(),
            age_seconds: Math.max(0, Math.floor((deps.clock.now() - batch.created_at.getTime()) / 1000)),
          })),
          has_recoverable: batches.length > 0,
        }
      },
    )

    app.post(
      '/uploads/batch/:batch_id/auto-recover',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Confirm what arrived of a batch and give up the rest',
          params: batchParams,
          response: { 200: recoverResponse, ...refusals(400, 501) },
        },
      },
      async (request) => {
        const { batch_id } = request.params
        const recovery: Recovery = isUuid(batch_id)
          ? await recoverBatch(deps, actorOf(request), batch_id)
          : { status: 'not_found', recovered: 0, failed: 0 }
        return {
          batch_id,
          recovered_files: recovery.recovered,
          failed_files: recovery.failed,
          status: recovery.status,
          message: recoveryMessages[recovery.status],
        }
      },
    )

    app.post(
      '/uploads/cleanup-stale-batches',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Give up batches older than two hours that were never finished',
          response: { 200: cleanupResponse },
        },
      },
      async (request) => {
        const cleaned = await cleanUpStale(deps, actorOf(request))
        return {
          cleaned_count: cleaned,
          message: cleaned === 1 ? 'One batch was given up.' : `${cleaned} batches were given up.`,
        }
      },
    )
  }
}

const recoveryMessages: Readonly<Record<Recovery['status'], string>> = {
  recovered: 'The files that had arrived are confirmed.',
  nothing_to_recover: 'No file of this batch could be recovered.',
  already_processed: 'This batch was finished before.',
  not_found: 'There is no such batch.',
}

interface WireFile {
  filename: string
  content_type: string
  size_bytes: number
  storage_target?: string
  idempotency_key?: string | null
}

export function toWanted(file: WireFile) {
  return {
    filename: file.filename,
    contentType: file.content_type,
    sizeBytes: file.size_bytes,
    storageTarget: file.storage_target ?? 'default',
    idempotencyKey: file.idempotency_key ?? null,
  }
}

export function toReport(report: {
  object_key: string
  success: boolean
  file_size: number
  checksum?: string | null
  error_message?: string | null
}) {
  return {
    objectKey: report.object_key,
    sizeBytes: report.file_size,
    checksum: report.checksum ?? null,
    contentType: null,
    success: report.success,
    errorMessage: report.error_message ?? null,
  }
}

export function resultAnswer(result: Awaited<ReturnType<typeof confirmBatch>>) {
  const [stored, failed] = [result.stored.length, result.failed.length]
  return {
    successful_uploads: stored,
    failed_uploads: failed,
    processing_status: processingStatus(result),
    failed_files: failed ? result.failed : null,
    message: failed ? `${stored} of ${stored + failed} files were confirmed.` : `All ${stored} files were confirmed.`,
  }
}
