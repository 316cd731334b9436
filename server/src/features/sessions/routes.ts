// /auth/session: the sessions a person has, and refreshing, swapping and ending them.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { ApiError } from '../../http/errors.ts'
import { sessionOf } from '../../http/principal.ts'
import { deviceName } from './device-name.ts'
import { endAllSessions, endSession } from './end-session.ts'
import { findSession, listSessions, touchSessions } from './queries.ts'
import { rotateSession } from './rotate-session.ts'
import { clearSessionCookie, readSessionCookie, setSessionCookie } from './session-cookie.ts'
import { expiryOf } from './session-token.ts'
import { clientOf } from './start-session.ts'

const config: { access: Access } = { access: { credential: 'session', permission: 'SELF', unverified: true } }
const tags = ['auth']
const instant = () => Type.String({ format: 'date-time' })

const sessionInfo = Type.Object({
  session_id: Type.String(),
  device_name: Type.String(),
  ip_address: Type.String(),
  last_accessed_at: instant(),
  created_at: instant(),
  expires_at: instant(),
  is_current: Type.Boolean({ default: false }),
})

export function sessionRoutes(deps: Pick<Deps, 'db' | 'clock' | 'changes' | 'audit' | 'publicUrl'>): FastifyPluginAsyncTypebox {
  const { db, clock } = deps
  const secure = () => deps.publicUrl().startsWith('https:')
  return async (app) => {
    app.get(
      '/auth/session/sessions',
      { config, schema: { tags, summary: 'My sessions', response: { 200: Type.Array(sessionInfo) } } },
      async (request) => {
        const { userId, sessionId } = sessionOf(request)
        const now = clock.now()
        return (await listSessions(db, userId))
          .map((row) => ({
            session_id: row.id,
            device_name: deviceName(row.user_agent),
            ip_address: row.ip_address ?? '',
            last_accessed_at: (row.id === sessionId ? new Date(now) : row.last_accessed_at).toISOString(),
            created_at: row.created_at.toISOString(),
            expires_at: new Date(
              expiryOf({
                createdAt: row.created_at.getTime(),
                lastAccessedAt: row.last_accessed_at.getTime(),
                rememberMe: row.remember_me,
                endsAtMost: row.ends_at?.getTime() ?? null,
              }),
            ).toISOString(),
            is_current: row.id === sessionId,
          }))
          .filter((session) => Date.parse(session.expires_at) > now)
      },
    )

    app.delete(
      '/auth/session/sessions/:session_id',
      {
        config,
        schema: {
          tags,
          summary: 'End one session',
          params: Type.Object({ session_id: Type.String() }),
          response: { 200: Type.Object({ message: Type.String() }) },
        },
      },
      async (request, reply) => {
        const session = sessionOf(request)
        await endSession(deps, session, request.params.session_id, clientOf(request))
        if (request.params.session_id.toLowerCase() === session.sessionId) clearSessionCookie(reply, secure())
        return { message: 'Session ended' }
      },
    )

    app.post(
      '/auth/session/refresh',
      {
        config,
        schema: {
          tags,
          summary: 'Extend the session',
          response: { 200: Type.Object({ session_id: Type.String(), expires_at: instant(), message: Type.String() }) },
        },
      },
      async (request, reply) => {
        const { sessionId } = sessionOf(request)
        const row = await findSession(db, sessionId)
        if (!row) throw new ApiError('INVALID_SESSION', 'This session is not valid or has ended. Sign in again.')
        const token = request.headers.authorization ? null : readSessionCookie(request.headers.cookie)
        if (token) setSessionCookie(reply, token, { rememberMe: row.remember_me, secure: secure() })
        // Other requests are written in batches; one that asks for a longer life has it before it is answered.
        await touchSessions(db, [{ id: sessionId, at: clock.now() }])
        const expiry = expiryOf({
          createdAt: row.created_at.getTime(),
          lastAccessedAt: clock.now(),
          rememberMe: row.remember_me,
          endsAtMost: row.ends_at?.getTime() ?? null,
        })
        return { session_id: sessionId, expires_at: new Date(expiry).toISOString(), message: 'Session refreshed' }
      },
    )

    app.post(
      '/auth/session/rotate-session',
      {
        config,
        schema: {
          tags,
          summary: 'Swap the session’s secret',
          response: {
            200: Type.Object({
              session_id: Type.String(),
              message: Type.String({ default: 'Session rotated successfully' }),
              session_token: Type.Union([Type.String(), Type.Null()], {
                description: 'Only for who sent a Bearer token; a browser gets the cookie, which scripts cannot read',
              }),
            }),
          },
        },
      },
      async (request, reply) => {
        const { id, token, rememberMe } = await rotateSession(deps, sessionOf(request), clientOf(request))
        setSessionCookie(reply, token, { rememberMe, secure: secure() })
        return {
          session_id: id,
          message: 'Session rotated successfully',
          session_token: request.headers.authorization ? token : null,
        }
      },
    )

    app.post(
      '/auth/session/logout',
      {
        config,
        schema: {
          tags,
          summary: 'End this session, or all',
          querystring: Type.Object({ logout_all: Type.Optional(Type.Boolean({ default: false })) }),
          response: { 200: Type.Object({ message: Type.String() }) },
        },
      },
      async (request, reply) => {
        const session = sessionOf(request)
        if (request.query.logout_all) await endAllSessions(deps, session, clientOf(request))
        else await endSession(deps, session, session.sessionId, clientOf(request))
        clearSessionCookie(reply, secure())
        return { message: request.query.logout_all ? 'All sessions ended' : 'Logged out' }
      },
    )
  }
}
