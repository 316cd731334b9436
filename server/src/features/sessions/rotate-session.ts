// Swaps a session's secret: the new one is good from now on, the old one never again.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import { recordEvent } from '../audit/record-event.ts'
import { deleteSession, findSession, lockPerson } from './queries.ts'
import { type Client, type StartedSession, startSession } from './start-session.ts'

export async function rotateSession(
  { db, changes, clock, audit }: Pick<Deps, 'db' | 'changes' | 'clock' | 'audit'>,
  caller: SessionPrincipal,
  client: Client,
): Promise<StartedSession & { rememberMe: boolean }> {
  const rotated = await db.transaction().execute(async (trx) => {
    await lockPerson(trx, caller.userId, 'share')
    const old = await findSession(trx, caller.sessionId)
    // Of two parallel rotations one deletes the row; the other finds its session gone (S27).
    if (!old || !(await deleteSession(trx, caller.userId, caller.sessionId)))
      throw new ApiError('INVALID_SESSION', 'This session is not valid or has ended. Sign in again.')
    await changes.publish(trx, { kind: 'session', id: old.id })
    const session = await startSession(trx, {
      userId: old.user_id,
      rememberMe: old.remember_me,
      client,
      now: clock.now(),
      createdAt: old.created_at,
      authenticatedAt: old.authenticated_at,
      factorAt: old.factor_at,
      endsAt: old.ends_at,
    })
    if (caller.tenantId)
      await recordEvent(trx, audit, {
        tenantId: caller.tenantId,
        eventType: 'auth.token_refresh',
        action: 'session.rotate',
        result: 'success',
        userId: caller.userId,
        ip: client.ip,
        resourceType: 'session',
        resourceId: session.id,
        at: clock.now(),
      })
    return { ...session, rememberMe: old.remember_me }
  })
  changes.apply({ kind: 'session', id: caller.sessionId })
  return rotated
}
