// The documents of a tenant: those of its files that are read, not looked at, in the words that document clients use.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Deps } from '../../deps.ts'
import { actorOf } from '../files/actor.ts'
import { changeFile } from '../files/change-file.ts'
import { batchReport, deleteFiles } from '../files/delete-files.ts'
import type { FileRow } from '../files/queries.ts'
import { batchDeleteResponse, updateBody, updateResponse } from '../files/schemas.ts'
import { redirectToBytes, refusals } from '../files/wire.ts'
import { noSuchDocument, requireDocument } from './find-document.ts'
import { listDocuments } from './list-documents.ts'
import { batchDeleteBody, documentInfo, listQuery, listResponse, params } from './schemas.ts'

const read = { credential: 'either', permission: 'VIEW', resource: 'documents', action: 'read' } as const
const write = { credential: 'either', permission: 'EDIT', resource: 'documents', action: 'write' } as const
const remove = { credential: 'either', permission: 'EDIT', resource: 'documents', action: 'delete' } as const
const tags = ['documents']

export function documentRoutes(deps: Pick<Deps, 'db' | 'clock' | 'store' | 'audit'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/documents',
      {
        config: { access: read },
        schema: { tags, summary: 'List documents', querystring: listQuery, response: { 200: listResponse } },
      },
      async (request) => {
        const { page = 1, page_size = 20, status_filter } = request.query
        const wanted = { page, pageSize: page_size, status: status_filter?.trim() || null }
        const { documents, total } = await listDocuments(deps, actorOf(request).tenantId, wanted)
        return { documents: documents.map(toWire), total_count: total, page, page_size }
      },
    )

    app.get(
      '/documents/:document_id',
      {
        config: { access: read },
        schema: { tags, summary: 'Read one document', params, response: { 200: documentInfo, ...refusals(404) } },
      },
      async (request) => toWire(await requireDocument(deps, actorOf(request).tenantId, request.params.document_id)),
    )

    app.get(
      '/documents/:document_id/download',
      {
        config: { access: read },
        schema: {
          tags,
          summary: 'Go to the bytes: a URL that is good for one hour',
          params,
          response: { ...redirectToBytes, ...refusals(404) },
        },
      },
      async (request, reply) => {
        const document = await requireDocument(deps, actorOf(request).tenantId, request.params.document_id)
        return reply.redirect(deps.store.urlOf(document.object_key), 302)
      },
    )

    app.patch(
      '/documents/:document_id',
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
        const actor = actorOf(request)
        const { id } = await requireDocument(deps, actor.tenantId, request.params.document_id)
        const { title = null, tags = null } = request.body
        const changed = await changeFile(deps, actor, id, { title, tags })
        return { id, title: changed.title, tags: changed.tags, updated_at: changed.updated_at.toISOString() }
      },
    )

    app.delete(
      '/documents/:document_id',
      {
        config: { access: remove },
        schema: {
          tags,
          summary: 'Delete a document; for 30 days it can be restored',
          params,
          response: { 204: Type.Null(), ...refusals(404) },
        },
      },
      async (request, reply) => {
        const actor = actorOf(request)
        const { id } = await requireDocument(deps, actor.tenantId, request.params.document_id)
        const { deleted } = await deleteFiles(deps, actor, [id])
        if (!deleted.has(id)) throw noSuchDocument()
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/documents/batch-delete',
      {
        config: { access: remove },
        schema: { tags, summary: 'Delete up to 100 documents', body: batchDeleteBody, response: { 200: batchDeleteResponse } },
      },
      async (request) => {
        const ids = [...new Set(request.body.document_ids.map((id) => id.toLowerCase()))]
        return batchReport(ids, await deleteFiles(deps, actorOf(request), ids, ['document']))
      },
    )
  }
}

function toWire(file: FileRow) {
  return {
    id: file.id,
    filename: file.filename,
    title: file.title,
    tags: file.tags,
    content_type: file.content_type,
    document_type: file.document_type,
    size_bytes: file.size_bytes,
    page_count: null,
    chunk_count: null,
    extraction_status: 'pending',
    created_at: file.created_at.toISOString(),
  }
}
