// Begins a session inside the transaction of what earned it: a login, a reset, a rotation.
import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Connection } from '../../platform/database/database.ts'
import { insertSession, type SessionRow } from './queries.ts'
import { newSessionToken } from './session-token.ts'

/** Where a session is used from, as its owner will see it in the list. */
export interface Client {
  readonly ip: string
  readonly userAgent: string | null
}

export function clientOf(request: FastifyRequest): Client {
  const userAgent = request.headers['user-agent']
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out (S41).
  return { ip: request.ip, userAgent: userAgent ? userAgent.replace(/[\u0000-\u001f\u007f]/g, ' ').slice(0, 500) : null }
}

export interface StartedSession {
  readonly id: string
  readonly token: string
}

interface Begin {
  readonly userId: string
  readonly rememberMe: boolean
  readonly client: Client
  /** Epoch milliseconds. */
  readonly now: number
  readonly createdAt?: Date
  readonly authenticatedAt?: Date
  readonly factorAt?: Date | null
  /** Ends it at the latest, whatever its use. */
  readonly endsAt?: Date | null
}

/** A new session's row, and the token that only its holder will know. */
export function newSession(session: Begin): { row: SessionRow; token: string } {
  const { token, digest } = newSessionToken()
  const at = new Date(session.now)
  const row = {
    id: randomUUID(),
    token_hash: digest,
    user_id: session.userId,
    remember_me: session.rememberMe,
    ip_address: session.client.ip,
    user_agent: session.client.userAgent,
    // A rotated session keeps its age: rotation must not outrun the absolute end.
    created_at: session.createdAt ?? at,
    authenticated_at: session.authenticatedAt ?? at,
    last_accessed_at: at,
    factor_at: session.factorAt ?? null,
    ends_at: session.endsAt ?? null,
  }
  return { row, token }
}

export async function startSession(conn: Connection, session: Begin): Promise<StartedSession> {
  const { row, token } = newSession(session)
  await insertSession(conn, row)
  return { id: row.id, token }
}
