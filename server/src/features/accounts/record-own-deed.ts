// What a person does to their own account, or is done to it, in the trail of the workspace that is most their own.
import type { Deps } from '../../deps.ts'
import type { Trx } from '../../platform/database/database.ts'
import { type AuditEvent, recordEvent } from '../audit/record-event.ts'
import type { Client } from '../sessions/start-session.ts'
import { primaryTenant } from './queries.ts'

type Deed = Pick<AuditEvent, 'eventType' | 'action' | 'severity' | 'metadata'> & {
  readonly userId: string
  readonly ip: string
  readonly result?: AuditEvent['result']
  readonly sessionId?: string
}

/** The last statement of its transaction; nothing for a person who is in no workspace. */
export async function recordOwnDeed(
  trx: Trx,
  { audit, clock }: Pick<Deps, 'audit' | 'clock'>,
  { result = 'success', sessionId, ...deed }: Deed,
): Promise<void> {
  const tenantId = await primaryTenant(trx, deed.userId)
  if (!tenantId) return
  await recordEvent(trx, audit, {
    ...deed,
    tenantId,
    result,
    resourceType: sessionId ? 'session' : 'user',
    resourceId: sessionId ?? deed.userId,
    at: clock.now(),
  })
}

/** A password that was not right, wherever it was asked for. */
export async function recordFailure(
  deps: Pick<Deps, 'db' | 'audit' | 'clock'>,
  userId: string,
  action: 'session.start' | 'password.verify',
  { ip }: Client,
): Promise<void> {
  await deps.db
    .transaction()
    .execute((trx) => recordOwnDeed(trx, deps, { eventType: 'auth.login_failed', action, result: 'failure', userId, ip }))
}
