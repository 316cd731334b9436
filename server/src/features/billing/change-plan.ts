// Puts a tenant on another plan: row, trail and word to every server in one transaction, for owners and operators alike.

import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { PlanName } from '../plans/plan-table.ts'
import { lockTenantPlan, updatePlan } from '../tenants/queries.ts'

export interface PlanChange {
  readonly tenantId: string
  /** Given the plan held, under lock, the plan to change to; throws to refuse. */
  readonly decide: (held: PlanName) => PlanName
  readonly action: 'upgrade' | 'downgrade' | 'cancel' | 'set'
  /** null: the operator, from the shell. */
  readonly actor: { userId: string; ip: string } | null
  readonly at: number
}

export async function changePlan(
  trx: Trx,
  { audit, changes }: Pick<Deps, 'audit'> & { changes: Pick<Deps['changes'], 'publish'> },
  change: PlanChange,
): Promise<{ from: PlanName; to: PlanName }> {
  const tenant = await lockTenantPlan(trx, change.tenantId)
  if (!tenant) throw new ApiError('NOT_FOUND', `There is no tenant ${change.tenantId}.`)
  const to = change.decide(tenant.plan)
  await updatePlan(trx, { tenantId: change.tenantId, plan: to, at: new Date(change.at) })
  await changes.publish(trx, { kind: 'tenant', id: change.tenantId })
  await recordEvent(trx, audit, {
    tenantId: change.tenantId,
    eventType: 'tenant.updated',
    action: `plan.${change.action}`,
    result: 'success',
    userId: change.actor?.userId ?? null,
    ip: change.actor?.ip ?? null,
    resourceType: 'tenant',
    resourceId: change.tenantId,
    metadata: { field: 'plan', from: tenant.plan, to, by: change.actor ? 'owner' : 'operator' },
    at: change.at,
  })
  return { from: tenant.plan, to }
}
