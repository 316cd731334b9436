// One change to a tenant or its members: under the tenant's lock, by the caller's role of this moment, with its trail and its word to every server.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { levelOfPermission, levelOfRole, type Principal, type Role, tenantOf } from '../../http/principal.ts'
import type { Change } from '../../platform/changes.ts'
import type { Trx } from '../../platform/database/database.ts'
import { type AuditEvent, recordEvent } from '../audit/record-event.ts'
import { findRole, lockTenantPlan, type TenantPlan } from './queries.ts'

export type ChangeDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes'>

export interface Actor {
  readonly tenantId: string
  readonly userId: string
  readonly ip: string
}

export function actorOf(request: { principal: Principal | null; ip: string }): Actor {
  const { tenantId, userId } = tenantOf(request)
  return { tenantId, userId, ip: request.ip }
}

export interface Deed<Result> {
  readonly result: Result
  /** Null when there was nothing to do. */
  readonly event: Pick<AuditEvent, 'eventType' | 'action' | 'resourceType' | 'resourceId' | 'metadata'> | null
  /** Whose sessions and keys must be looked up anew. */
  readonly changed: readonly Change[]
}

interface Present {
  readonly tenant: TenantPlan
  readonly role: Role
  /** Epoch milliseconds. */
  readonly now: number
}

/**
 * Throws 404 for who is no member any more and 403 below `permission`: the session was let in before the lock, and its person may
 * have been lowered or removed while it waited.
 */
export async function changeTenant<Result>(
  { db, clock, audit, changes }: ChangeDeps,
  actor: Actor,
  permission: keyof typeof levelOfPermission,
  work: (trx: Trx, present: Present) => Promise<Deed<Result>>,
): Promise<Result> {
  const now = clock.now()
  const { tenantId, userId, ip } = actor
  const deed = await db.transaction().execute(async (trx) => {
    const tenant = await lockTenantPlan(trx, tenantId)
    const role = tenant && (await findRole(trx, tenantId, userId))
    if (!tenant || !role) throw new ApiError('NOT_FOUND', 'There is no such resource.')
    if (levelOfRole[role] < levelOfPermission[permission])
      throw new ApiError('INSUFFICIENT_PERMISSIONS', `Your role lacks the permission needed: ${permission}.`, {
        required: [permission],
        held: [role],
      })
    const done = await work(trx, { tenant, role, now })
    for (const change of done.changed) await changes.publish(trx, change)
    if (done.event) await recordEvent(trx, audit, { ...done.event, tenantId, userId, ip, result: 'success', at: now })
    return done
  })
  for (const change of deed.changed) changes.apply(change)
  return deed.result
}

/** Only the owner appoints, demotes or removes an admin; an open invitation to become one counts as one. */
export function requireOwnerForAdmins(actor: Role, ...roles: Role[]): void {
  if (actor === 'owner' || !roles.includes('admin')) return
  throw new ApiError('INSUFFICIENT_PERMISSIONS', 'Only the owner appoints, changes or removes an admin.', {
    required: ['OWNER'],
    held: [actor],
  })
}
