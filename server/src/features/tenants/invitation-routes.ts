// /auth/session/invitation: what a mail's link asks, and saying yes to it; public, because who is invited may have no account yet.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { refusal } from '../../http/refusal.ts'
import { setSessionCookie } from '../sessions/session-cookie.ts'
import { clientOf } from '../sessions/start-session.ts'
import { acceptInvitation, lookAtInvitation, maskedEmail } from './accept-invitation.ts'
import { acceptBody, acceptResponse, invitationQuery, invitationResponse } from './schemas.ts'

const tags = ['auth']
const gone = refusal('The link was used already, withdrawn, replaced by a newer one, or is too old')

export function invitationRoutes(
  deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'passwords' | 'publicUrl'>,
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/auth/session/invitation',
      {
        config: { access: { credential: 'public' } },
        schema: {
          tags,
          summary: 'What an invitation asks',
          querystring: invitationQuery,
          response: { 200: invitationResponse, 410: gone },
        },
      },
      async (request) => {
        const { row, tenantName, accountId } = await lookAtInvitation(deps, request.query.token)
        return {
          tenant_name: tenantName,
          email: maskedEmail(row.email),
          role: row.role,
          expires_at: row.expires_at.toISOString(),
          account_exists: accountId !== null,
        }
      },
    )

    app.post(
      '/auth/session/accept-invitation',
      {
        config: { access: { credential: 'public', identify: true } },
        schema: {
          tags,
          summary: 'Accept an invitation',
          body: acceptBody,
          response: {
            200: acceptResponse,
            401: refusal('Sign in as who was invited first'),
            409: refusal('A member already'),
            410: gone,
          },
        },
      },
      async (request, reply) => {
        const caller = request.principal?.kind === 'session' ? request.principal : null
        const { user, tenantId, tenantName, role, session } = await acceptInvitation(
          deps,
          request.body,
          caller,
          clientOf(request),
        )
        if (session) setSessionCookie(reply, session.token, { rememberMe: false, secure: deps.publicUrl().startsWith('https:') })
        return {
          user_id: user.id,
          email: user.email,
          name: user.name,
          tenant_id: tenantId,
          tenant_name: tenantName,
          role,
          session_id: session?.id ?? caller?.sessionId ?? '',
          session_token: session?.token ?? null,
          message: 'Invitation accepted',
        }
      },
    )
  }
}
