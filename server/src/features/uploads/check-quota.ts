// May this many more files be uploaded this month? An answer, never a refusal.
import type { Deps } from '../../deps.ts'
import type { Actor } from '../files/actor.ts'
import { readUse } from './quota.ts'

const unlimited = -1

export async function checkQuota(deps: Pick<Deps, 'db' | 'clock' | 'plans'>, actor: Actor, requested: number) {
  const plan = deps.plans[actor.plan]
  const { uploads } = await readUse(deps.db, actor.tenantId, deps.clock.now())
  const limit = plan.monthlyUploads
  const available = limit === null ? unlimited : Math.max(0, limit - uploads)
  const can_proceed = limit === null || requested <= available
  return {
    can_proceed,
    requested,
    available,
    monthly_limit: limit ?? unlimited,
    current_usage: uploads,
    message: can_proceed ? null : `${available} of this month's ${limit} uploads are left.`,
    prepaid_credits: 0,
    max_batch_size: plan.batchFilesMax,
    max_concurrent_uploads: plan.concurrentUploads,
  }
}
