// Ends sessions: the rows are gone, every server has heard, and the trail knows, before the answer goes out.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import { recordEvent } from '../audit/record-event.ts'
import { deleteSession, deleteSessionsOf, lockPerson } from './queries.ts'
import type { Client } from './start-session.ts'

type EndDeps = Pick<Deps, 'db' | 'changes' | 'audit' | 'clock'>
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** One session of the caller's own; anybody else's is like one that does not exist. */
export async function endSession(deps: EndDeps, caller: SessionPrincipal, id: string, client: Client): Promise<void> {
  // PostgreSQL takes a UUID in any case; every other server's memory knows it in this one.
  const sessionId = id.toLowerCase()
  const missing = () => new ApiError('NOT_FOUND', 'There is no such session.')
  if (!uuid.test(sessionId)) throw missing()
  const { db, changes } = deps
  await db.transaction().execute(async (trx) => {
    if (!(await deleteSession(trx, caller.userId, sessionId))) throw missing()
    await changes.publish(trx, { kind: 'session', id: sessionId })
    await recordLogout(deps, trx, caller, client, { session_id: sessionId })
  })
  changes.apply({ kind: 'session', id: sessionId })
}

export async function endAllSessions(deps: EndDeps, caller: SessionPrincipal, client: Client): Promise<void> {
  const { db, changes } = deps
  await db.transaction().execute(async (trx) => {
    await lockPerson(trx, caller.userId, 'update')
    await deleteSessionsOf(trx, caller.userId)
    await changes.publish(trx, { kind: 'user', id: caller.userId })
    await recordLogout(deps, trx, caller, client, { all: true })
  })
  changes.apply({ kind: 'user', id: caller.userId })
}

async function recordLogout(
  { audit, clock }: EndDeps,
  trx: Parameters<typeof recordEvent>[0],
  caller: SessionPrincipal,
  client: Client,
  metadata: Record<string, unknown>,
): Promise<void> {
  if (!caller.tenantId) return
  await recordEvent(trx, audit, {
    tenantId: caller.tenantId,
    eventType: 'auth.logout',
    action: 'session.end',
    result: 'success',
    userId: caller.userId,
    ip: client.ip,
    resourceType: 'session',
    metadata,
    at: clock.now(),
  })
}
