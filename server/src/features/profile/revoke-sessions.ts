// Ends sessions a person no longer wants, never the one they do it from: for that there is signing out.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { endSession } from '../sessions/end-session.ts'
import { lockPerson } from '../sessions/queries.ts'
import type { Client } from '../sessions/start-session.ts'
import { endOtherSessions } from './queries.ts'

type RevokeDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes'>

export async function revokeSession(deps: RevokeDeps, caller: SessionPrincipal, id: string, client: Client): Promise<void> {
  if (id.toLowerCase() === caller.sessionId)
    throw new ApiError('BAD_REQUEST', 'This is the session you are using: end it with POST /api/v2/auth/session/logout.')
  await endSession(deps, caller, id, client)
}

export async function revokeOtherSessions(deps: RevokeDeps, caller: SessionPrincipal, client: Client): Promise<void> {
  const { db, changes } = deps
  await db.transaction().execute(async (trx) => {
    await lockPerson(trx, caller.userId, 'update')
    await endOtherSessions(trx, caller.userId, caller.sessionId)
    await changes.publish(trx, { kind: 'user', id: caller.userId })
    await recordOwnDeed(trx, deps, {
      userId: caller.userId,
      ip: client.ip,
      eventType: 'auth.logout',
      action: 'session.end',
      metadata: { others: true },
    })
  })
  changes.apply({ kind: 'user', id: caller.userId })
}
