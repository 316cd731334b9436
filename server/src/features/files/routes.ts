// The files of a tenant: listed, read, downloaded, described by their owner, deleted and brought back.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { actorOf } from './actor.ts'
import { changeFile } from './change-file.ts'
import { batchReport, deleteFiles } from './delete-files.ts'
import { fileDetails, listedFile } from './file-view.ts'
import { noSuchFile, requireFile } from './find-file.ts'
import { findVariantUrl } from './find-variant.ts'
import { listFiles } from './list-files.ts'
import { restoreFile } from './restore-file.ts'
import {
  batchDeleteBody,
  batchDeleteResponse,
  deleteResponse,
  detailsResponse,
  listQuery,
  listResponse,
  params,
  restoreResponse,
  shortParams,
  triggerResponse,
  updateBody,
  updateResponse,
  variantParams,
} from './schemas.ts'
import { triggerVariants } from './trigger-variants.ts'
import { redirectToBytes, refusals } from './wire.ts'

const read = { credential: 'either', permission: 'VIEW', resource: 'files', action: 'read' } as const
const write = { credential: 'either', permission: 'EDIT', resource: 'files', action: 'write' } as const
const remove = { credential: 'either', permission: 'EDIT', resource: 'files', action: 'delete' } as const
const tags = ['user-files']

export function fileRoutes(deps: Pick<Deps, 'db' | 'clock' | 'store' | 'audit' | 'jobs'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/user-files',
      {
        config: { access: read },
        schema: { tags, summary: 'List files', querystring: listQuery, response: { 200: listResponse } },
      },
      async (request) => {
        const { files, total, hasMore } = await listFiles(deps, actorOf(request).tenantId, request.query)
        return { files: files.map((file) => listedFile(file, deps.store)), total_count: total, has_more: hasMore }
      },
    )

    app.get(
      '/user-files/:image_id',
      {
        config: { access: read },
        schema: {
          tags,
          summary: 'Read one file',
          params: shortParams,
          response: { 200: detailsResponse, ...refusals(404, 409) },
        },
      },
      async (request) => fileDetails(await requireFile(deps, actorOf(request).tenantId, request.params.image_id), deps.store),
    )

    app.get(
      '/user-files/:image_id/download',
      {
        config: { access: read },
        schema: {
          tags,
          summary: 'Go to the bytes: a URL that is good for one hour',
          params,
          response: { ...redirectToBytes, ...refusals(404, 409) },
        },
      },
      async (request, reply) => {
        const file = await requireFile(deps, actorOf(request).tenantId, request.params.image_id)
        return reply.redirect(deps.store.urlOf(file.object_key), 302)
      },
    )

    app.get(
      '/user-files/:image_id/variant/:variant_type',
      {
        config: { access: read },
        schema: {
          tags,
          summary: 'Go to a smaller copy of an image: a URL that is good for one hour',
          params: variantParams,
          response: { ...redirectToBytes, ...refusals(404, 409) },
        },
      },
      async (request, reply) => {
        const { image_id, variant_type } = request.params
        const file = await requireFile(deps, actorOf(request).tenantId, image_id)
        return reply.redirect(findVariantUrl(file, variant_type, deps.store), 302)
      },
    )

    app.post(
      '/user-files/:image_id/trigger-variants',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Make the smaller copies of an image again',
          params: shortParams,
          response: { 200: triggerResponse, ...refusals(404, 409) },
        },
      },
      async (request) => {
        const actor = actorOf(request)
        const { id } = await requireFile(deps, actor.tenantId, request.params.image_id)
        const { taskId, status } = await triggerVariants(deps, actor, id)
        return {
          success: true,
          message: taskId === null ? 'The variants are being made already.' : 'The variants will be made.',
          task_id: taskId,
          current_status: status,
          image_id: id,
          skipped_duplicate: taskId === null,
        }
      },
    )

    app.patch(
      '/user-files/:image_id',
      {
        config: { access: write },
        schema: {
          tags,
          summary: 'Change title and tags',
          params,
          body: updateBody,
          response: { 200: updateResponse, ...refusals(404) },
        },
      },
      async (request) => {
        const { title = null, tags = null } = request.body
        const file = await changeFile(deps, actorOf(request), request.params.image_id, { title, tags })
        return { id: file.id, title: file.title, tags: file.tags, updated_at: file.updated_at.toISOString() }
      },
    )

    app.delete(
      '/user-files/:image_id',
      {
        config: { access: remove },
        schema: {
          tags,
          summary: 'Delete a file; for 30 days it can be restored',
          params,
          response: { 200: deleteResponse, ...refusals(404) },
        },
      },
      async (request) => {
        const id = request.params.image_id.toLowerCase()
        const { deleted, at } = await deleteFiles(deps, actorOf(request), [id])
        if (!deleted.has(id)) throw noSuchFile()
        return { id, deleted_at: at.toISOString(), message: 'The file is deleted. It can be restored for 30 days.' }
      },
    )

    app.post(
      '/user-files/batch-delete',
      {
        config: { access: remove },
        schema: { tags, summary: 'Delete up to 100 files', body: batchDeleteBody, response: { 200: batchDeleteResponse } },
      },
      async (request) => {
        const ids = [...new Set(request.body.file_ids.map((id) => id.toLowerCase()))]
        return batchReport(ids, await deleteFiles(deps, actorOf(request), ids))
      },
    )

    app.post(
      '/user-files/:image_id/restore',
      {
        config: { access: write },
        schema: { tags, summary: 'Undo a deletion', params, response: { 200: restoreResponse, ...refusals(404, 409) } },
      },
      async (request) => {
        const id = request.params.image_id.toLowerCase()
        await restoreFile(deps, actorOf(request), id)
        return { id, message: 'The file is back.' }
      },
    )
  }
}
