// /auth/session: signing up, proving the address, signing in, and the way back in for who forgot.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { ApiError } from '../../http/errors.ts'
import { sessionOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { setSessionCookie } from '../sessions/session-cookie.ts'
import { clientOf } from '../sessions/start-session.ts'
import { answerLogin } from './answer-login.ts'
import { digest } from './limits.ts'
import { login } from './login.ts'
import { findUserById, lastTokenAt, type UserRow } from './queries.ts'
import { register } from './register.ts'
import { resetPassword, validateResetToken } from './reset-password.ts'
import {
  emailBody,
  loginBody,
  loginResponse,
  meResponse,
  messageResponse,
  registerBody,
  registerResponse,
  resetBody,
  statusResponse,
  tokenBody,
  tokenQuery,
  validResponse,
  verifiedResponse,
} from './schemas.ts'
import { requestMail, verifyEmail } from './verify-email.ts'

const open: { access: Access } = { access: { credential: 'public' } }
const own: { access: Access } = { access: { credential: 'session', permission: 'SELF', unverified: true } }
const tags = ['auth']
const gone = refusal('The link was used already, replaced by a newer one, or is too old')
const sentIfThere = { message: 'If there is such an account, a mail is on its way.' }

export function accountRoutes(
  deps: Pick<
    Deps,
    | 'db'
    | 'pool'
    | 'clock'
    | 'audit'
    | 'changes'
    | 'passwords'
    | 'delays'
    | 'secrets'
    | 'jobs'
    | 'limiter'
    | 'config'
    | 'log'
    | 'publicUrl'
  >,
): FastifyPluginAsyncTypebox {
  const unfinished = new Set<Promise<void>>()
  const afterwards = (work: () => Promise<void>) => {
    const done = new Promise((resolve) => setImmediate(resolve))
      .then(work)
      .catch((error: Error) => deps.log.warn({ err: error.message }, 'a failed sign-in was not recorded'))
      .finally(() => unfinished.delete(done))
    unfinished.add(done)
  }
  const caller = async (userId: string): Promise<UserRow> => {
    const user = await findUserById(deps.db, userId)
    if (!user) throw new ApiError('INVALID_SESSION', 'This session is not valid or has ended. Sign in again.')
    return user
  }

  return async (app) => {
    app.addHook('onClose', async () => {
      await Promise.all(unfinished)
    })
    app.post(
      '/auth/session/register',
      { config: open, schema: { tags, summary: 'Sign up', body: registerBody, response: { 200: registerResponse } } },
      async (request, reply) => {
        const { userId, tenantId, email, name, session } = await register(deps, request.body, clientOf(request))
        if (session) setSessionCookie(reply, session.token, { rememberMe: false, secure: deps.publicUrl().startsWith('https:') })
        return {
          user_id: userId,
          email,
          name,
          tenant_id: tenantId,
          session_id: session?.id ?? null,
          session_token: session?.token ?? null,
          email_verification_required: true,
          email_sent: true,
          email_error: null,
          message: 'Registration successful',
        }
      },
    )

    app.post(
      '/auth/session/login',
      {
        config: open,
        schema: {
          tags,
          summary: 'Sign in',
          body: loginBody,
          response: { 200: loginResponse, 401: refusal('Address and password do not belong together') },
        },
      },
      async (request, reply) => {
        const { user, session } = await login({ ...deps, afterwards }, request.body, clientOf(request))
        return answerLogin(deps, reply, { user, session, rememberMe: request.body.remember_me ?? false })
      },
    )

    app.get(
      '/auth/session/me',
      { config: own, schema: { tags, summary: 'Who am I', response: { 200: meResponse } } },
      async (request) => {
        const user = await caller(sessionOf(request).userId)
        return {
          user_id: user.id,
          email: user.email,
          name: user.name,
          email_verified: user.email_verified_at !== null,
          is_active: user.is_active,
          created_at: user.created_at.toISOString(),
          last_login_at: user.last_login_at?.toISOString() ?? null,
        }
      },
    )

    app.post(
      '/auth/session/verify-email',
      {
        config: open,
        schema: {
          tags,
          summary: 'Prove the address with the token from the mail',
          body: tokenBody,
          response: { 200: verifiedResponse, 410: gone },
        },
      },
      async (request) => {
        await verifyEmail(deps, request.body.token, request.ip)
        return { message: 'E-mail address verified', email_verified: true }
      },
    )

    app.post(
      '/auth/session/resend-verification',
      { config: own, schema: { tags, summary: 'Send the verification mail again', response: { 200: messageResponse } } },
      async (request) => {
        const user = await caller(sessionOf(request).userId)
        if (user.email_verified_at) return { message: 'This address is verified already.' }
        await requestMail(deps, 'verify_email', user.email, request.ip)
        return { message: 'A mail is on its way.' }
      },
    )

    app.post(
      '/auth/session/resend-verification-by-email',
      {
        config: open,
        schema: {
          tags,
          summary: 'Send the verification mail again, signed out',
          body: emailBody,
          response: { 200: messageResponse },
        },
      },
      async (request) => {
        await requestMail(deps, 'verify_email', request.body.email, request.ip)
        return sentIfThere
      },
    )

    app.get(
      '/auth/session/email-verification-status',
      { config: own, schema: { tags, summary: 'Whether the address is verified', response: { 200: statusResponse } } },
      async (request) => {
        const user = await caller(sessionOf(request).userId)
        const sent = await lastTokenAt(deps.db, user.id, 'verify_email')
        return { email: user.email, email_verified: user.email_verified_at !== null, last_sent_at: sent?.toISOString() ?? null }
      },
    )

    app.post(
      '/auth/session/password-reset/request',
      {
        config: open,
        schema: { tags, summary: 'Mail a link to choose a new password', body: emailBody, response: { 200: messageResponse } },
      },
      async (request) => {
        await requestMail(deps, 'reset_password', request.body.email, request.ip)
        return sentIfThere
      },
    )

    app.get(
      '/auth/session/password-reset/validate',
      {
        config: open,
        schema: {
          tags,
          summary: 'Whether a reset link still works',
          querystring: tokenQuery,
          response: { 200: validResponse, 410: gone },
        },
      },
      async (request) => {
        const { expiresAt } = await validateResetToken(deps, request.query.token)
        return { valid: true, expires_at: expiresAt.toISOString() }
      },
    )

    app.post(
      '/auth/session/password-reset/complete',
      {
        config: open,
        schema: { tags, summary: 'Set a new password and sign in', body: resetBody, response: { 200: loginResponse, 410: gone } },
      },
      async (request, reply) => {
        const { user, session } = await resetPassword(deps, request.body, clientOf(request))
        deps.delays.succeed(digest(user.email))
        return answerLogin(deps, reply, { user, session, rememberMe: false }, 'Password reset successful')
      },
    )
  }
}
