// What every way of signing in answers with: the session's cookie, and the contract's LoginResponse.
import type { FastifyReply } from 'fastify'
import type { Deps } from '../../deps.ts'
import { setSessionCookie } from '../sessions/session-cookie.ts'
import type { StartedSession } from '../sessions/start-session.ts'
import type { UserRow } from './queries.ts'

export interface SignedIn {
  readonly user: UserRow
  readonly session: StartedSession
  readonly rememberMe: boolean
}

export function answerLogin(
  { publicUrl }: Pick<Deps, 'publicUrl'>,
  reply: FastifyReply,
  { user, session, rememberMe }: SignedIn,
  message = 'Login successful',
) {
  setSessionCookie(reply, session.token, { rememberMe, secure: publicUrl().startsWith('https:') })
  return {
    user_id: user.id,
    email: user.email,
    name: user.name,
    email_verified: user.email_verified_at !== null,
    is_active: user.is_active,
    session_id: session.id,
    session_token: session.token,
    message,
  }
}
