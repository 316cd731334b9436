// The command line comes back: with its secret, its proof and, where a browser brought one, the code, it gets a session of its own.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { clientBucket } from '../../http/client-bucket.ts'
import { ApiError, rateLimited } from '../../http/errors.ts'
import { findUserById, type UserRow } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { findSession, insertSession, lockPerson } from '../sessions/queries.ts'
import { type Client, newSession } from '../sessions/start-session.ts'
import { deleteCliLogin, lockByDevice } from './queries.ts'
import { digest } from './start-cli-login.ts'

/** A working day: longer than a deploy, shorter than a stolen laptop goes unnoticed. */
export const sessionLifeMs = 12 * 3_600_000
const exchangesAMinute = 120
const minuteMs = 60_000

export interface ExchangeInput {
  readonly device_code: string
  readonly code_verifier: string
  readonly code?: string
}

export interface Exchanged {
  readonly user: UserRow
  readonly sessionId: string
  readonly token: string
  readonly endsAt: Date
}

const gone = () =>
  new ApiError('TOKEN_EXPIRED', 'This sign-in was refused, used already, or is older than ten minutes. Begin again.')

/** Null while nobody has decided. */
export async function exchangeCliLogin(
  deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'limiter'>,
  input: ExchangeInput,
  client: Client,
): Promise<Exchanged | null> {
  const { db, clock, limiter } = deps
  const decision = await limiter.decide(`cli-exchange:${clientBucket(client.ip)}`, exchangesAMinute, minuteMs)
  if (!decision.allowed) throw rateLimited('Too many exchanges. Wait as long as Retry-After says.', decision.retryAfterMs)
  return db.transaction().execute(async (trx) => {
    const now = clock.now()
    const row = await lockByDevice(trx, digest(input.device_code))
    if (!row || row.denied_at || row.expires_at.getTime() <= now || !proves(row.code_challenge, input.code_verifier)) throw gone()
    if (row.approved_by === null || row.approving_session === null) return null
    // A code that came by the browser proves that who approved sits where the command line runs.
    if (row.redirect_code_hash && !timingSafeEqual(row.redirect_code_hash, digest(input.code ?? ''))) throw gone()
    await lockPerson(trx, row.approved_by, 'share')
    const user = await findUserById(trx, row.approved_by)
    const approving = await findSession(trx, row.approving_session)
    if (!user?.is_active || !approving) throw gone()
    await deleteCliLogin(trx, row.id)
    const endsAt = new Date(now + sessionLifeMs)
    const { row: session, token } = newSession({
      userId: user.id,
      rememberMe: false,
      client,
      now,
      endsAt,
      authenticatedAt: approving.authenticated_at,
      factorAt: approving.factor_at,
    })
    await insertSession(trx, session)
    await recordOwnDeed(trx, deps, {
      eventType: 'auth.login',
      action: 'session.start',
      userId: user.id,
      ip: client.ip,
      sessionId: session.id,
      metadata: { by: 'cli', client_name: row.client_name, asked_from: row.ip_address },
    })
    return { user, sessionId: session.id, token, endsAt }
  })
}

/** RFC 7636 §4.6, S256. */
function proves(challenge: string, verifier: string): boolean {
  const made = createHash('sha256').update(verifier).digest('base64url')
  return made.length === challenge.length && timingSafeEqual(Buffer.from(made), Buffer.from(challenge))
}
