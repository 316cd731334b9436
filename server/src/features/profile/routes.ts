// /user: a person’s own profile, password, address, sessions and account.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { ApiError } from '../../http/errors.ts'
import { sessionOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { findUserById, type UserRow } from '../accounts/queries.ts'
import { listSessions } from '../sessions/queries.ts'
import { clearSessionCookie } from '../sessions/session-cookie.ts'
import { sessionEnd } from '../sessions/session-life.ts'
import { clientOf } from '../sessions/start-session.ts'
import { confirmEmailChange, requestEmailChange } from './change-email.ts'
import { changePassword, setInitialPassword } from './change-password.ts'
import { deleteAccount } from './delete-account.ts'
import { revokeOtherSessions, revokeSession } from './revoke-sessions.ts'
import {
  changeEmailBody,
  changePasswordBody,
  changePasswordResponse,
  deleteAccountBody,
  emailChangedResponse,
  initialPasswordBody,
  initialPasswordResponse,
  messageResponse,
  profileResponse,
  profileUpdate,
  sessionParams,
  sessionResponse,
  tokenBody,
} from './schemas.ts'
import { updateProfile } from './update-profile.ts'

const own = (extra: Partial<Exclude<Access, { credential: 'public' }>> = {}): { access: Access } => ({
  access: { credential: 'session', permission: 'SELF', ...extra },
})
const hour = 3600
const day = 24 * hour
const tags = ['user']
const noPassword = refusal('The account has no password')

export function profileRoutes(
  deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'passwords' | 'delays' | 'config' | 'secrets' | 'jobs' | 'publicUrl'>,
): FastifyPluginAsyncTypebox {
  const caller = async (request: Parameters<typeof sessionOf>[0]): Promise<UserRow> => {
    const user = await findUserById(deps.db, sessionOf(request).userId)
    if (!user) throw new ApiError('INVALID_SESSION', 'This session is not valid or has ended. Sign in again.')
    return user
  }
  const view = (user: UserRow) => ({
    id: user.id,
    email: user.email,
    name: user.name,
    is_active: user.is_active,
    email_verified: user.email_verified_at !== null,
    created_at: user.created_at.toISOString(),
    last_login_at: user.last_login_at?.toISOString() ?? null,
    preferences: user.preferences,
    has_password: user.password_hash !== null,
  })

  return async (app) => {
    app.get(
      '/user/profile',
      { config: own({ unverified: true }), schema: { tags, summary: 'My profile', response: { 200: profileResponse } } },
      async (request) => view(await caller(request)),
    )

    app.patch(
      '/user/profile',
      {
        config: own({ unverified: true }),
        schema: { tags, summary: 'Change my name and preferences', body: profileUpdate, response: { 200: profileResponse } },
      },
      async (request) => {
        await updateProfile(deps, sessionOf(request).userId, request.body)
        return view(await caller(request))
      },
    )

    app.post(
      '/user/change-password',
      {
        config: own({ limit: { count: 3, seconds: hour } }),
        schema: {
          tags,
          summary: 'Change my password, ending all other sessions',
          body: changePasswordBody,
          response: { 200: changePasswordResponse, 400: noPassword, 401: refusal('The current password is not right') },
        },
      },
      async (request) => {
        await changePassword(deps, sessionOf(request), await caller(request), request.body, clientOf(request))
        return {
          message: 'Password changed. All other sessions have ended.',
          session_rotation_required: true as const,
          rotation_endpoint: '/api/v2/auth/session/rotate-session',
        }
      },
    )

    app.post(
      '/user/set-initial-password',
      {
        config: own({ fresh: true }),
        schema: {
          tags,
          summary: 'Add a password to an account that has none',
          body: initialPasswordBody,
          response: { 200: initialPasswordResponse, 400: refusal('There is a password already') },
        },
      },
      async (request) => {
        await setInitialPassword(deps, await caller(request), request.body, clientOf(request))
        return { success: true as const, auth_provider: 'both' as const }
      },
    )

    app.post(
      '/user/change-email',
      {
        config: own({ fresh: true, limit: { count: 3, seconds: day } }),
        schema: {
          tags,
          summary: 'Ask to move my account to another address',
          body: changeEmailBody,
          response: { 202: messageResponse, 400: noPassword, 401: refusal('The password is not right') },
        },
      },
      async (request, reply) => {
        await requestEmailChange(deps, await caller(request), request.body, clientOf(request))
        return reply.code(202).send({ message: 'A mail with a link is on its way to the new address.' })
      },
    )

    app.post(
      '/user/confirm-email-change',
      {
        config: { access: { credential: 'public' } },
        schema: {
          tags,
          summary: 'Prove the new address with the token from the mail',
          body: tokenBody,
          response: {
            200: emailChangedResponse,
            409: refusal('The address belongs to another account by now'),
            410: refusal('The link was used already, replaced by a newer one, or is too old'),
          },
        },
      },
      async (request) => {
        const { email } = await confirmEmailChange(deps, request.body.token, request.ip)
        return { message: 'E-mail address changed', email }
      },
    )

    app.get(
      '/user/sessions',
      { config: own(), schema: { tags, summary: 'My sessions', response: { 200: Type.Array(sessionResponse) } } },
      async (request) => {
        const { userId, sessionId } = sessionOf(request)
        const now = deps.clock.now()
        return (await listSessions(deps.db, userId)).flatMap((row) => {
          const lastAccessedAt = row.id === sessionId ? now : row.last_accessed_at.getTime()
          const end = sessionEnd({
            createdAt: row.created_at.getTime(),
            lastAccessedAt,
            rememberMe: row.remember_me,
            endsAtMost: row.ends_at?.getTime() ?? null,
          })
          if (end <= now) return []
          return {
            id: row.id,
            user_agent: row.user_agent,
            ip_address: row.ip_address,
            created_at: row.created_at.toISOString(),
            last_activity_at: new Date(lastAccessedAt).toISOString(),
            expires_at: new Date(end).toISOString(),
            is_current: row.id === sessionId,
          }
        })
      },
    )

    app.delete(
      '/user/sessions/:session_id',
      {
        config: own(),
        schema: {
          tags,
          summary: 'End one of my other sessions',
          params: sessionParams,
          response: { 204: Type.Null(), 400: refusal('This is the session that asks') },
        },
      },
      async (request, reply) => {
        await revokeSession(deps, sessionOf(request), request.params.session_id, clientOf(request))
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/user/revoke-all-sessions',
      { config: own(), schema: { tags, summary: 'End all my sessions but this one', response: { 204: Type.Null() } } },
      async (request, reply) => {
        await revokeOtherSessions(deps, sessionOf(request), clientOf(request))
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/user/account/delete',
      {
        config: own({ fresh: true, limit: { count: 3, seconds: day } }),
        schema: {
          tags,
          summary: 'Delete my account and the workspaces I own',
          body: deleteAccountBody,
          response: {
            200: messageResponse,
            400: refusal('The confirmation is not the exact text'),
            409: refusal('A workspace was handed over meanwhile'),
          },
        },
      },
      async (request, reply) => {
        await deleteAccount(deps, sessionOf(request).userId, request.body.confirmation, clientOf(request))
        clearSessionCookie(reply, deps.publicUrl().startsWith('https:'))
        return { message: 'Account deleted successfully' }
      },
    )
  }
}
