// /auth/session/mfa and /auth/session/reauthenticate: a second factor, and proving again who you are.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { freshMs } from '../../http/access.ts'
import { ApiError } from '../../http/errors.ts'
import { sessionOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { findUserById } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { lockPerson } from '../sessions/queries.ts'
import { clientOf } from '../sessions/start-session.ts'
import { callerOf, own, type RouteDeps } from './caller.ts'
import { confirmTotp, offerTotp, removeTotp } from './enrol-totp.ts'
import { renewRecoveryCodes, requireProvedFactor } from './enrolment.ts'
import { mailFactorNotice } from './mails.ts'
import { passkeyRoutes, viewPasskey } from './passkey-routes.ts'
import { proofOf } from './proof.ts'
import { countRecoveryCodes, findFactors } from './queries.ts'
import { reauthenticate } from './reauthenticate.ts'
import {
  ceremonyResponse,
  codeBody,
  codesLeftResponse,
  codesResponse,
  confirmedResponse,
  gone,
  limited,
  messageResponse,
  overviewResponse,
  reauthenticateBody,
  reauthenticatedResponse,
  totpOfferResponse,
  wrong,
} from './schemas.ts'
import { offerOwn } from './sign-in.ts'
import { signInRoutes } from './sign-in-routes.ts'

const tags = ['auth']
const base = '/auth/session'
const mfa = `${base}/mfa`

export function secondFactorRoutes(deps: RouteDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(passkeyRoutes(deps))
    await app.register(signInRoutes(deps))

    app.get(
      mfa,
      { config: own(), schema: { tags, summary: 'My second factors', response: { 200: overviewResponse } } },
      async (request) => {
        const user = await callerOf(deps, request)
        const { totp, passkeys, recoveryCodes } = await findFactors(deps.db, user.id)
        return {
          enrolled: user.factor_enrolled_at !== null,
          totp,
          passkeys: passkeys.map(viewPasskey),
          recovery_codes_left: recoveryCodes,
        }
      },
    )

    app.post(
      `${mfa}/totp`,
      {
        config: own({ fresh: true }),
        schema: { tags, summary: 'Begin to add an authenticator app', response: { 200: totpOfferResponse } },
      },
      async (request) => {
        requireProvedFactor(sessionOf(request))
        return offerTotp(deps, await callerOf(deps, request))
      },
    )

    app.post(
      `${mfa}/totp/confirm`,
      {
        config: own(),
        schema: {
          tags,
          summary: 'Add the authenticator app by its first code',
          body: codeBody,
          response: { 200: confirmedResponse, 401: wrong, 410: gone },
        },
      },
      async (request) => {
        const session = sessionOf(request)
        requireProvedFactor(session)
        const { recoveryCodes } = await confirmTotp(deps, session, request.body.code, clientOf(request))
        return { recovery_codes: recoveryCodes }
      },
    )

    app.delete(
      `${mfa}/totp`,
      {
        config: own({ fresh: true }),
        schema: {
          tags,
          summary: 'Remove the authenticator app',
          response: { 200: messageResponse, 409: refusal('It is the only way in') },
        },
      },
      async (request) => {
        const session = sessionOf(request)
        requireProvedFactor(session)
        await removeTotp(deps, session, clientOf(request))
        return { message: 'Authenticator app removed' }
      },
    )

    app.get(
      `${mfa}/recovery-codes`,
      { config: own(), schema: { tags, summary: 'How many recovery codes are left', response: { 200: codesLeftResponse } } },
      async (request) => ({ left: await countRecoveryCodes(deps.db, sessionOf(request).userId) }),
    )

    app.post(
      `${mfa}/recovery-codes`,
      {
        config: own({ fresh: true }),
        schema: { tags, summary: 'Replace all recovery codes', response: { 200: codesResponse, 409: refusal('No factor yet') } },
      },
      async (request) => {
        const session = sessionOf(request)
        requireProvedFactor(session)
        return { recovery_codes: await replaceCodes(deps, session.userId, request.ip) }
      },
    )

    app.post(
      `${base}/reauthenticate`,
      {
        config: own(),
        schema: {
          tags,
          summary: 'Prove again who I am',
          body: reauthenticateBody,
          response: { 200: reauthenticatedResponse, 401: wrong, 429: limited },
        },
      },
      async (request) => {
        const proof = proofOf(request.body)
        const user = await callerOf(deps, request)
        const { authenticatedAt, factor } = await reauthenticate(deps, sessionOf(request), user, proof, clientOf(request))
        return {
          authenticated_at: authenticatedAt.toISOString(),
          expires_at: new Date(authenticatedAt.getTime() + freshMs).toISOString(),
          factor,
        }
      },
    )

    app.post(
      `${base}/reauthenticate/options`,
      {
        config: own(),
        schema: {
          tags,
          summary: 'What a passkey of mine must sign to prove me',
          response: { 200: ceremonyResponse, 409: refusal('No passkey yet') },
        },
      },
      async (request) => {
        const { challengeId, options } = await offerOwn(deps, 'reauthenticate', sessionOf(request).userId)
        return { challenge_id: challengeId, options }
      },
    )
  }
}

async function replaceCodes(deps: RouteDeps, userId: string, ip: string): Promise<string[]> {
  return deps.db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId, 'update')
    const user = await findUserById(trx, userId)
    if (!user?.factor_enrolled_at)
      throw new ApiError('CONFLICT', 'Recovery codes stand in for a second factor: add an authenticator app or a passkey first.')
    const codes = await renewRecoveryCodes(trx, userId)
    await mailFactorNotice(deps, trx, 'recovery_codes_replaced', userId)
    const deed = { userId, ip, action: 'recovery_codes.replace' }
    await recordOwnDeed(trx, deps, { ...deed, eventType: 'user.recovery_codes_replaced' })
    return codes
  })
}
