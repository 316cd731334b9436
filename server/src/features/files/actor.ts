// Who does a deed in a tenant, as the rules and the trail need to know it.
import type { Deps } from '../../deps.ts'
import { type Principal, tenantOf } from '../../http/principal.ts'
import type { Trx } from '../../platform/database/database.ts'
import { type EventType, recordEvent } from '../audit/record-event.ts'
import type { PlanName } from '../plans/plan-table.ts'

export interface Actor {
  readonly tenantId: string
  readonly userId: string
  readonly plan: PlanName
  readonly keyId: string | null
  readonly ip: string
}

export function actorOf(request: { principal: Principal | null; ip: string }): Actor {
  return { ...tenantOf(request), ip: request.ip }
}

/** The last statement of the deed's transaction. */
export async function recordDeed(
  trx: Trx,
  deps: Pick<Deps, 'audit' | 'clock'>,
  actor: Actor,
  deed: {
    eventType: EventType
    action: string
    resourceType: 'file' | 'batch'
    resourceId: string
    metadata?: Record<string, unknown>
  },
): Promise<void> {
  await recordEvent(trx, deps.audit, {
    ...deed,
    tenantId: actor.tenantId,
    userId: actor.userId,
    apiKeyId: actor.keyId,
    ip: actor.ip,
    result: 'success',
    at: deps.clock.now(),
  })
}
