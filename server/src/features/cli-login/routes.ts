// /auth/session/cli: a command line signs in through a browser that is signed in already (RFC 8628 and RFC 8252 in one).
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { sessionOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { clientOf } from '../sessions/start-session.ts'
import { decideCliLogin, lookAtCliLogin } from './decide-cli-login.ts'
import { exchangeCliLogin } from './exchange-cli-login.ts'
import { lifeMs, pollSeconds, startCliLogin } from './start-cli-login.ts'

const open: { access: Access } = { access: { credential: 'public' } }
const fresh: { access: Access } = { access: { credential: 'session', permission: 'SELF', fresh: true, unverified: true } }
const own: { access: Access } = { access: { credential: 'session', permission: 'SELF', unverified: true } }
const tags = ['auth']
const gone = refusal('The sign-in was refused, used already, or is older than ten minutes')

const startBody = Type.Object({
  client_name: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description: 'What the person is shown',
  }),
  code_challenge: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'RFC 7636, S256' }),
  redirect_uri: Type.Optional(
    Type.String({ maxLength: 200, description: 'http://127.0.0.1:PORT/… where the command line listens' }),
  ),
})
const startResponse = Type.Object({
  device_code: Type.String(),
  user_code: Type.String(),
  verification_uri: Type.String(),
  verification_uri_complete: Type.String(),
  expires_in: Type.Integer({ description: 'Seconds' }),
  interval: Type.Integer({ description: 'Seconds between two exchanges' }),
})
const waitingParams = Type.Object({ user_code: Type.String({ maxLength: 32 }) })
const askedResponse = Type.Object({
  user_code: Type.String({ description: 'As the command line shows it' }),
  client_name: Type.String({ description: 'What it calls itself' }),
  ip_address: Type.String({ description: 'Where it asked from' }),
  expires_at: Type.String({ format: 'date-time' }),
})
const approveBody = Type.Object({
  user_code: Type.String({ maxLength: 32 }),
  approve: Type.Optional(Type.Boolean({ default: true })),
})
const exchangeBody = Type.Object({
  device_code: Type.String({ maxLength: 128 }),
  code_verifier: Type.String({ minLength: 43, maxLength: 128 }),
  code: Type.Optional(Type.String({ maxLength: 128 })),
})
const exchangedResponse = Type.Object({
  user_id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  session_id: Type.String(),
  session_token: Type.String(),
  expires_at: Type.String({ format: 'date-time' }),
})
const waitingResponse = Type.Object({ status: Type.Literal('pending'), interval: Type.Integer() })

export function cliLoginRoutes(deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'limiter' | 'publicUrl'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/auth/session/cli/start',
      {
        config: open,
        schema: { tags, summary: 'Begin to sign in a command line', body: startBody, response: { 200: startResponse } },
      },
      async (request) => {
        const { deviceCode, userCode } = await startCliLogin(deps, request.body, request.ip)
        const page = `${deps.publicUrl()}/auth/cli`
        return {
          device_code: deviceCode,
          user_code: userCode,
          verification_uri: page,
          verification_uri_complete: `${page}?code=${userCode}`,
          expires_in: lifeMs / 1000,
          interval: pollSeconds,
        }
      },
    )

    app.get(
      '/auth/session/cli/:user_code',
      {
        config: own,
        schema: {
          tags,
          summary: 'What asks to be signed in with this code, and from where',
          params: waitingParams,
          response: { 200: askedResponse, 410: gone },
        },
      },
      async (request) => {
        const row = await lookAtCliLogin(deps, request.params.user_code)
        return {
          user_code: row.user_code,
          client_name: row.client_name,
          ip_address: row.ip_address,
          expires_at: row.expires_at.toISOString(),
        }
      },
    )

    app.post(
      '/auth/session/cli/approve',
      {
        config: fresh,
        schema: {
          tags,
          summary: 'Say yes or no to a command line that asks',
          body: approveBody,
          response: {
            200: Type.Object({ message: Type.String(), redirect_uri: Type.Union([Type.String(), Type.Null()]) }),
            410: gone,
          },
        },
      },
      async (request) => {
        const { user_code, approve = true } = request.body
        const { redirectTo } = await decideCliLogin(deps, sessionOf(request), { user_code, approve })
        return { message: approve ? 'Approved' : 'Refused', redirect_uri: redirectTo }
      },
    )

    app.post(
      '/auth/session/cli/exchange',
      {
        config: open,
        schema: {
          tags,
          summary: 'The session, once somebody approved',
          body: exchangeBody,
          response: { 200: exchangedResponse, 202: waitingResponse, 410: gone },
        },
      },
      async (request, reply) => {
        const done = await exchangeCliLogin(deps, request.body, clientOf(request))
        if (!done) return reply.code(202).send({ status: 'pending' as const, interval: pollSeconds })
        return {
          user_id: done.user.id,
          email: done.user.email,
          name: done.user.name,
          session_id: done.sessionId,
          session_token: done.token,
          expires_at: done.endsAt.toISOString(),
        }
      },
    )
  }
}
