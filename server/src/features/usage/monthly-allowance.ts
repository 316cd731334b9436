// What a plan gives in a month, and how much of it is used: uploads, each of them one credit.
import type { Deps } from '../../deps.ts'
import type { Plan, PlanName } from '../plans/plan-table.ts'
import { nextMonth, readUse } from '../uploads/quota.ts'

/** On the wire, for what has no limit. */
const unlimited = -1

export interface Allowance {
  readonly plan: Plan
  readonly used: number
  /** −1 for unlimited, and so is `remaining`. */
  readonly limit: number
  readonly remaining: number
  /** Of the limit, to a hundredth; 0 where there is none. */
  readonly percentage: number
  /** ISO 8601: the first of next month, UTC. */
  readonly resets: string
}

export async function readAllowance(
  { db, clock, plans }: Pick<Deps, 'db' | 'clock' | 'plans'>,
  caller: { tenantId: string; plan: PlanName },
): Promise<Allowance> {
  const now = clock.now()
  const plan = plans[caller.plan]
  const { uploads: used } = await readUse(db, caller.tenantId, now)
  const most = plan.monthlyUploads
  return {
    plan,
    used,
    limit: most ?? unlimited,
    remaining: most === null ? unlimited : Math.max(0, most - used),
    percentage: most === null ? 0 : most === 0 ? 100 : Math.round((used / most) * 10_000) / 100,
    resets: nextMonth(now).toISOString(),
  }
}

/** The refusal is an answer: `POST /usage/check` says whether so many more uploads would fit. */
export function checkAllowance({ used, limit, remaining, resets }: Allowance, items: number) {
  const can_proceed = limit === unlimited || items <= remaining
  return {
    can_proceed,
    current_usage: used,
    monthly_limit: limit,
    required_credits: items,
    available_credits: remaining,
    reset_date: resets,
    message: can_proceed ? null : `${remaining} of this month's ${limit} uploads are left.`,
    prepaid_credits: 0,
    supports_overage: false,
    included_credits: limit,
    overage_credits_used: 0,
    max_overage_credits: 0,
    overage_cost: 0,
  }
}
