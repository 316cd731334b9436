// /api-keys: made, listed, changed, rotated and revoked by signed-in people only; a key never manages keys.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { type Access, insufficientTier } from '../../http/access.ts'
import { sessionOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { keyId, noSuchKey } from './change-api-key.ts'
import { type Actor, createApiKey } from './create-api-key.ts'
import { presentKey } from './present-key.ts'
import { findKey, listKeys } from './queries.ts'
import { revokeApiKey } from './revoke-api-key.ts'
import { rotateApiKey } from './rotate-api-key.ts'
import {
  createBody,
  createdResponse,
  keyParams,
  keyResponse,
  listQuery,
  listResponse,
  revokeQuery,
  rotateBody,
  updateBody,
} from './schemas.ts'
import { updateApiKey } from './update-api-key.ts'

const view: { access: Access } = { access: { credential: 'session', permission: 'VIEW' } }
const manage: { access: Access } = { access: { credential: 'session', permission: 'ADMIN' } }
/** What makes, replaces or ends a key asks who is there. */
const fresh: { access: Access } = { access: { credential: 'session', permission: 'ADMIN', fresh: true } }
const listMax = 1000

export function apiKeyRoutes(
  deps: Pick<Deps, 'db' | 'plans' | 'clock' | 'audit' | 'changes' | 'publicUrl'>,
): FastifyPluginAsyncTypebox {
  const { db, clock, plans } = deps
  return async (app) => {
    app.post(
      '/api-keys',
      {
        config: fresh,
        schema: {
          summary: 'Create a key; it is shown once',
          body: createBody,
          response: { 201: createdResponse, 400: refusal('A scope that there is not, or reserved metadata') },
        },
        // The plan is asked before the body: whoever may have no key at all is not told of its fields.
        preValidation: async (request) => {
          const plan = plans[sessionOf(request).plan ?? 'free']
          if (!plan.apiAccess) throw insufficientTier(plan, deps.publicUrl())
        },
      },
      async (request, reply) => {
        const { row, key } = await createApiKey(deps, actorOf(request), request.body)
        return reply.code(201).send({ ...presentKey(row, clock.now()), api_key: key })
      },
    )

    app.get(
      '/api-keys',
      { config: view, schema: { summary: 'List keys, newest first', querystring: listQuery, response: { 200: listResponse } } },
      async (request) => {
        const { include_inactive = false, limit, offset } = request.query
        const now = clock.now()
        const { tenantId } = actorOf(request)
        const { keys, total } = await listKeys(db, {
          tenantId,
          includeInactive: include_inactive,
          limit: limit ?? listMax,
          offset: offset ?? 0,
          now: new Date(now),
        })
        return { api_keys: keys.map((row) => presentKey(row, now)), total }
      },
    )

    app.get(
      '/api-keys/:api_key_id',
      { config: view, schema: { summary: 'One key', params: keyParams, response: { 200: keyResponse } } },
      async (request) => {
        const row = await findKey(db, actorOf(request).tenantId, keyId(request.params.api_key_id))
        if (!row) throw noSuchKey()
        return presentKey(row, clock.now())
      },
    )

    app.put(
      '/api-keys/:api_key_id',
      {
        config: manage,
        schema: {
          summary: 'Change name, description, metadata, limit or addresses',
          params: keyParams,
          body: updateBody,
          response: { 200: keyResponse, 400: refusal('Reserved metadata') },
        },
      },
      async (request) =>
        presentKey(await updateApiKey(deps, actorOf(request), request.params.api_key_id, request.body), clock.now()),
    )

    app.delete(
      '/api-keys/:api_key_id',
      {
        config: fresh,
        schema: { summary: 'Revoke a key', params: keyParams, querystring: revokeQuery, response: { 204: Type.Null() } },
      },
      async (request, reply) => {
        await revokeApiKey(deps, actorOf(request), request.params.api_key_id, request.query.reason ?? null)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/api-keys/:api_key_id/rotate',
      {
        config: fresh,
        schema: {
          summary: 'Make a successor; the old key lives through the overlap',
          params: keyParams,
          body: Type.Union([rotateBody, Type.Null()]),
          response: { 201: createdResponse, 409: refusal('Rotated already, revoked or expired') },
        },
      },
      async (request, reply) => {
        const { row, key } = await rotateApiKey(
          deps,
          actorOf(request),
          request.params.api_key_id,
          request.body?.overlap_seconds ?? 86_400,
        )
        return reply.code(201).send({ ...presentKey(row, clock.now()), api_key: key })
      },
    )
  }
}

function actorOf(request: FastifyRequest): Actor {
  const { tenantId, userId, role } = sessionOf(request)
  if (!tenantId || !role) throw noSuchKey()
  return { tenantId, userId, role, ip: request.ip }
}
