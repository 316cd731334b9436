// What an owner may do to the plan without a payment provider: change it at once, where this server allows that.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import { recordEvent } from '../audit/record-event.ts'
import { type PlanName, rankOf } from '../plans/plan-table.ts'
import { clearCancellation, lockTenantPlan } from '../tenants/queries.ts'
import { changePlan } from './change-plan.ts'

export interface SubscriptionUpdate {
  readonly tenantId: string
  readonly action: 'upgrade' | 'downgrade' | 'cancel' | 'resume'
  readonly newPlan: PlanName | null
  readonly actor: { userId: string; ip: string }
}

type Needs = Pick<Deps, 'db' | 'audit' | 'changes' | 'clock' | 'config' | 'plans'>

/** Answers with the sentence for the owner. */
export async function updateSubscription(deps: Needs, update: SubscriptionUpdate): Promise<string> {
  if (!deps.config.selfServicePlans)
    throw new ApiError(
      'PAYMENTS_NOT_CONFIGURED',
      'No payment provider is configured here: ask the operator of this server to change the plan.',
    )
  const sentence = await deps.db
    .transaction()
    .execute((trx) => (update.action === 'resume' ? resume(trx, deps, update) : change(trx, deps, update)))
  deps.changes.apply({ kind: 'tenant', id: update.tenantId })
  return sentence
}

async function change(trx: Trx, deps: Needs, update: SubscriptionUpdate): Promise<string> {
  if (update.action === 'resume') throw new Error('resume changes no plan')
  const { tenantId, action, actor } = update
  const { from, to } = await changePlan(trx, deps, {
    tenantId,
    action,
    actor,
    at: deps.clock.now(),
    decide: (held) => planAfter(held, update),
  })
  return action === 'cancel'
    ? `The ${deps.plans[from].title} plan is cancelled. The workspace is on the FREE plan now.`
    : `The workspace is on the ${deps.plans[to].title} plan now.`
}

/** upgrade and downgrade go to a plan in that direction; cancel leads to the free one. */
export function planAfter(held: PlanName, { action, newPlan }: Pick<SubscriptionUpdate, 'action' | 'newPlan'>): PlanName {
  if (action === 'cancel') {
    if (held === 'free')
      throw new ApiError('CONFLICT', 'There is nothing to cancel: this workspace is on the FREE plan.', { current_plan: held })
    return 'free'
  }
  const details = { current_plan: held, new_plan: newPlan }
  if (newPlan === null) throw new ApiError('CONFLICT', `To ${action}, name the plan in new_plan.`, details)
  const step = rankOf(newPlan) - rankOf(held)
  if (step === 0) throw new ApiError('CONFLICT', `This workspace is on the ${newPlan} plan already.`, details)
  if (step > 0 !== (action === 'upgrade'))
    throw new ApiError(
      'CONFLICT',
      `Going from ${held} to ${newPlan} is ${step > 0 ? 'an upgrade' : 'a downgrade'}, not ${action === 'upgrade' ? 'an upgrade' : 'a downgrade'}.`,
      details,
    )
  return newPlan
}

/** While nothing is paid for, a cancellation is never pending; one that a payment provider left behind can still be undone. */
async function resume(trx: Trx, { audit, changes, clock }: Needs, { tenantId, actor }: SubscriptionUpdate): Promise<string> {
  const tenant = await lockTenantPlan(trx, tenantId)
  if (!tenant?.cancelAtPeriodEnd)
    throw new ApiError('CONFLICT', 'There is no pending cancellation to undo.', { current_plan: tenant?.plan ?? null })
  const at = clock.now()
  await clearCancellation(trx, tenantId, new Date(at))
  await changes.publish(trx, { kind: 'tenant', id: tenantId })
  await recordEvent(trx, audit, {
    tenantId,
    eventType: 'tenant.updated',
    action: 'plan.resume',
    result: 'success',
    userId: actor.userId,
    ip: actor.ip,
    resourceType: 'tenant',
    resourceId: tenantId,
    metadata: { field: 'cancel_at_period_end', from: true, to: false },
    at,
  })
  return 'The cancellation is undone: the plan goes on.'
}
