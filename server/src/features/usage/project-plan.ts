// The plan, what is left of it, and where this month is heading if it goes on as it began.
import type { Deps } from '../../deps.ts'
import type { PlanName } from '../plans/plan-table.ts'
import { monthOf } from '../uploads/quota.ts'
import { type Allowance, readAllowance } from './monthly-allowance.ts'
import { beginningOf, dayMs, monthsAfter } from './period.ts'
import { readUploads } from './queries.ts'

export type BillingPeriod = 'month' | 'quarter' | 'year'
const monthsOf: Readonly<Record<BillingPeriod, number>> = { month: 1, quarter: 3, year: 12 }
/** Nearer to last month than this share is neither up nor down. */
const stableShare = 0.1

export async function projectPlan(
  deps: Pick<Deps, 'db' | 'clock' | 'plans'>,
  caller: { tenantId: string; plan: PlanName },
  period: BillingPeriod,
  withProjections: boolean,
) {
  const now = deps.clock.now()
  const allowance = await readAllowance(deps, caller)
  const { plan } = allowance
  const start = beginningOf(period, now)
  const end = monthsAfter(start, monthsOf[period])
  const lastMonth = monthOf(monthsAfter(beginningOf('month', now), -1))
  const projections = withProjections
    ? project(allowance, await readUploads(deps.db, caller.tenantId, lastMonth, lastMonth), now)
    : null
  return {
    billing_period: {
      start_date: new Date(start).toISOString(),
      end_date: new Date(end).toISOString(),
      days_remaining: Math.floor((end - 1 - now) / dayMs),
      renewal_date: allowance.resets,
    },
    plan_details: {
      plan_name: plan.title,
      monthly_requests_limit: allowance.limit,
      requests_used: allowance.used,
      requests_remaining: allowance.remaining,
      usage_percentage: allowance.percentage,
      requests_used_in_period: await readUploads(deps.db, caller.tenantId, monthOf(start), monthOf(now)),
      features: {
        api_access: plan.apiAccess,
        requests_per_minute: plan.requestsPerMinute,
        active_keys: plan.activeKeys,
        concurrent_uploads: plan.concurrentUploads,
        batch_files_max: plan.batchFilesMax,
        image_size_bytes_max: plan.imageSizeBytesMax,
        document_size_bytes_max: plan.documentSizeBytesMax,
        storage_bytes_max: plan.storageBytesMax,
        audit_retention_days: plan.auditRetentionDays,
      },
    },
    projections,
    optimization_recommendations: {
      suggestions: projections?.will_exceed_limit
        ? [
            `At this pace the month ends at ${projections.projected_monthly_requests} uploads, and the plan has ${allowance.limit}: upload less, or choose a larger plan.`,
          ]
        : [],
    },
  }
}

function project({ used, limit }: Allowance, lastMonth: number, now: number) {
  const begins = beginningOf('month', now)
  // The first day counts whole, so that one early upload does not promise thousands.
  const elapsed = Math.max(now - begins, dayMs)
  const projected = Math.max(used, Math.round((used * (monthsAfter(begins, 1) - begins)) / elapsed))
  const change = projected - lastMonth
  return {
    projected_monthly_requests: projected,
    will_exceed_limit: limit >= 0 && projected > limit,
    trending:
      Math.abs(change) <= lastMonth * stableShare ? ('stable' as const) : change > 0 ? ('up' as const) : ('down' as const),
  }
}
