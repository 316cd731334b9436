// /tenant/audit-*: the trail, read, exported and verified.
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { ApiError, validationError } from '../../http/errors.ts'
import { readEnd, readMoment, unreadable } from '../../http/moment.ts'
import { tenantOf } from '../../http/principal.ts'
import { exportTrail } from './export-trail.ts'
import { presentEntry } from './present-entry.ts'
import { findEntry, listEntries } from './read-queries.ts'
import { entryParams, entryResponse, exportQuery, exportResponse, listQuery, listResponse, verdictResponse } from './schemas.ts'
import { type Verdict, verifyChain } from './verify-chain.ts'

const admin = { credential: 'session', permission: 'ADMIN' } as const satisfies Access
const tags = ['tenant']
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const types = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson; charset=utf-8' } as const

export function auditRoutes({ db, reports, audit }: Pick<Deps, 'db' | 'reports' | 'audit'>): FastifyPluginAsyncTypebox {
  /** One walk per trail at a time: who asks meanwhile gets its verdict. */
  const walks = new Map<string, Promise<Verdict>>()

  function verify(tenantId: string): Promise<Verdict> {
    let walk = walks.get(tenantId)
    if (!walk) {
      walk = verifyChain(db, audit, tenantId).finally(() => walks.delete(tenantId))
      walks.set(tenantId, walk)
    }
    return walk
  }

  return async (app) => {
    app.get(
      '/tenant/audit-logs',
      {
        config: { access: admin },
        schema: { tags, summary: 'The trail, newest first', querystring: listQuery, response: { 200: listResponse } },
      },
      async (request) => {
        const { event_type, severity, user_id, result, limit = 50, offset = 0 } = request.query
        const filter = {
          tenantId: tenantOf(request).tenantId,
          eventType: event_type ?? null,
          severity: severity ?? null,
          userId: user_id ?? null,
          result: result ?? null,
          ...readPeriod(request.query),
        }
        const { entries, total } = await reports.read((db) => listEntries(db, filter, { limit, offset }))
        return { entries: entries.map(presentEntry), total_count: total, has_more: offset + entries.length < total }
      },
    )

    app.get(
      '/tenant/audit-logs/:log_id',
      {
        config: { access: admin },
        schema: { tags, summary: 'One entry of the trail', params: entryParams, response: { 200: entryResponse } },
      },
      async (request) => {
        const { log_id } = request.params
        const entry = uuid.test(log_id) ? await findEntry(db, tenantOf(request).tenantId, log_id) : undefined
        if (!entry) throw new ApiError('NOT_FOUND', 'There is no such entry.')
        return presentEntry(entry)
      },
    )

    app.get(
      '/tenant/audit-export',
      {
        config: { access: { ...admin, limit: { count: 6, seconds: 60 } } },
        schema: { tags, summary: 'The trail as a file', querystring: exportQuery, response: { 200: exportResponse } },
      },
      async (request, reply) => {
        const { format = 'ndjson' } = request.query
        const lines = exportTrail(reports, tenantOf(request).tenantId, format, readPeriod(request.query))
        return reply
          .type(types[format])
          .header('content-disposition', `attachment; filename="audit-trail.${format}"`)
          .send(Readable.from(lines, { objectMode: false }))
      },
    )

    app.post(
      '/tenant/audit-verify',
      {
        config: { access: { ...admin, limit: { count: 6, seconds: 60 } } },
        schema: { tags, summary: 'Prove the trail, or name its first broken link', response: { 200: verdictResponse } },
      },
      async (request) => {
        const verdict = await verify(tenantOf(request).tenantId)
        const { intact, rows, firstSequence } = verdict
        const proved = { intact, rows, first_sequence: firstSequence }
        if (verdict.intact) return proved
        return { ...proved, sequence: verdict.sequence, event_id: verdict.eventId, problem: verdict.problem }
      },
    )
  }
}

function readPeriod(query: { date_from?: string; date_to?: string }): { from: Date | null; to: Date | null } {
  const [from, to] = [readMoment(query.date_from), readEnd(query.date_to)]
  const issues = [
    ...(from === 'unreadable' ? [unreadable('date_from')] : []),
    ...(to === 'unreadable' ? [unreadable('date_to')] : []),
  ]
  if (from === 'unreadable' || to === 'unreadable') throw validationError(issues)
  return { from, to }
}
