// What the plan allows and what is used of it now, in whole numbers; -1 stands for unlimited.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { activeKeyLimits } from '../api-keys/queries.ts'
import { readUse } from '../uploads/quota.ts'
import { findTenantPlan } from './queries.ts'

const unlimited = -1
const minuteMs = 60_000

export async function readLimits(
  { db, plans, clock, limiter }: Pick<Deps, 'db' | 'plans' | 'clock' | 'limiter'>,
  tenantId: string,
) {
  const now = clock.now()
  const tenant = await findTenantPlan(db, tenantId)
  if (!tenant) throw new ApiError('NOT_FOUND', 'There is no such resource.')
  const plan = plans[tenant.plan]
  const [held, keys] = await Promise.all([readUse(db, tenantId, now), activeKeyLimits(db, tenantId, new Date(now))])
  // The limit is each key's own, so the busiest one says how near it is.
  const spent = await Promise.all(
    keys.map(async ({ id, rate_limit_per_minute }) => {
      const limit = Math.min(rate_limit_per_minute ?? plan.requestsPerMinute, plan.requestsPerMinute)
      return limit - (await limiter.peek({ name: id, group: tenant.id, limit, windowMs: minuteMs })).remaining
    }),
  )
  const limits = {
    monthly_uploads: plan.monthlyUploads ?? unlimited,
    api_calls_per_minute: plan.requestsPerMinute,
    storage_bytes: plan.storageBytesMax ?? unlimited,
    active_keys: plan.activeKeys,
  }
  const usage: Record<keyof typeof limits, number> = {
    monthly_uploads: held.uploads,
    api_calls_per_minute: Math.max(0, ...spent),
    storage_bytes: held.bytes,
    active_keys: keys.filter(({ rotated_to }) => rotated_to === null).length,
  }
  const left = (figure: keyof typeof limits) =>
    limits[figure] === unlimited ? unlimited : Math.max(0, limits[figure] - usage[figure])
  const remaining = {
    monthly_uploads: left('monthly_uploads'),
    api_calls_per_minute: left('api_calls_per_minute'),
    storage_bytes: left('storage_bytes'),
    active_keys: left('active_keys'),
  }
  return { limits, usage, remaining, subscription_tier: tenant.plan }
}
