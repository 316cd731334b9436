// /auth/session/mfa/passkeys: the passkeys of who is signed in.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sessionOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { clientOf } from '../sessions/start-session.ts'
import { callerOf, own, type RouteDeps } from './caller.ts'
import { namePasskey, registerPasskey, removePasskey } from './enrol-passkey.ts'
import { requireProvedFactor } from './enrolment.ts'
import { offerRegistration, type RegistrationResponseJSON } from './passkeys.ts'
import { listPasskeys, type PasskeyRow } from './queries.ts'
import {
  ceremonyResponse,
  messageResponse,
  passkeyAddedResponse,
  passkeyListResponse,
  passkeyName,
  passkeyParams,
  passkeyResponse,
  registerPasskeyBody,
} from './schemas.ts'

const tags = ['auth']
const path = '/auth/session/mfa/passkeys'

export function viewPasskey({ id, name, created_at, last_used_at }: PasskeyRow) {
  return { id, name, created_at: created_at.toISOString(), last_used_at: last_used_at?.toISOString() ?? null }
}

export function passkeyRoutes(deps: RouteDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      path,
      { config: own(), schema: { tags, summary: 'My passkeys', response: { 200: passkeyListResponse } } },
      async (request) => (await listPasskeys(deps.db, sessionOf(request).userId)).map(viewPasskey),
    )

    app.post(
      `${path}/options`,
      {
        config: own({ fresh: true }),
        schema: { tags, summary: 'Begin to add a passkey', response: { 200: ceremonyResponse } },
      },
      async (request) => {
        requireProvedFactor(sessionOf(request))
        const { challengeId, options } = await offerRegistration(deps, await callerOf(deps, request))
        return { challenge_id: challengeId, options }
      },
    )

    app.post(
      path,
      {
        config: own(),
        schema: {
          tags,
          summary: 'Add a passkey',
          body: registerPasskeyBody,
          response: {
            201: passkeyAddedResponse,
            400: refusal('Not an answer to this challenge'),
            409: refusal('Registered already, or too many'),
          },
        },
      },
      async (request, reply) => {
        const session = sessionOf(request)
        requireProvedFactor(session)
        const { challenge_id, name, response } = request.body
        const input = { challengeId: challenge_id, name, response: response as RegistrationResponseJSON }
        const { passkey, recoveryCodes } = await registerPasskey(deps, session, input, clientOf(request))
        return reply.code(201).send({ ...viewPasskey(passkey), recovery_codes: recoveryCodes })
      },
    )

    app.patch(
      `${path}/:id`,
      {
        config: own(),
        schema: {
          tags,
          summary: 'Rename a passkey',
          params: passkeyParams,
          body: passkeyName,
          response: { 200: passkeyResponse },
        },
      },
      async (request) =>
        viewPasskey(await namePasskey(deps, sessionOf(request), request.params.id, request.body.name, clientOf(request))),
    )

    app.delete(
      `${path}/:id`,
      {
        config: own({ fresh: true }),
        schema: {
          tags,
          summary: 'Remove a passkey',
          params: passkeyParams,
          response: { 200: messageResponse, 409: refusal('It is the only way in') },
        },
      },
      async (request) => {
        const session = sessionOf(request)
        requireProvedFactor(session)
        await removePasskey(deps, session, request.params.id, clientOf(request))
        return { message: 'Passkey removed' }
      },
    )
  }
}
