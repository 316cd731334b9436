// Mails about limits, and what is too old to keep.
import type { Deps } from '../../deps.ts'
import type { Task, Tasks } from '../../platform/jobs.ts'
import { planNames } from '../plans/plan-table.ts'
import { selectManagers } from '../tenants/manager-queries.ts'
import { monthOf, nextMonth } from '../uploads/quota.ts'
import { usageMail } from './mails.ts'
import { findNotified, insertNotice, selectNearLimit } from './notice-queries.ts'
import { dayMs, monthsAfter } from './period.ts'
import { pruneBatches, pruneMinutes, pruneNotices, pruneRequests } from './queries.ts'

type Needs = Pick<Deps, 'db' | 'clock' | 'plans' | 'jobs' | 'mailer' | 'publicUrl'>

const shares = [100, 80] as const
const monthsKept = 13
const requestsKeptMs = 30 * dayMs
/** A batch is tried again every few seconds; after a day nobody holds it any more. */
const batchesKeptMs = dayMs

interface Letter {
  readonly tenant_id: string
  readonly user_id: string
  readonly share: 80 | 100
  /** The first day of the month it is about. */
  readonly month: string
}

export function usageTasks(deps: Needs): Tasks {
  return {
    tasks: {
      'notice-usage-limits': () => noticeLimits(deps),
      'mail-usage-limit': mailLimit(deps),
      'prune-usage': async () => {
        const now = deps.clock.now()
        const thisMonth = Date.parse(monthOf(now))
        await pruneMinutes(deps.db, new Date(monthsAfter(thisMonth, -monthsKept)))
        await pruneRequests(deps.db, new Date(now - requestsKeptMs))
        await pruneBatches(deps.db, new Date(now - batchesKeptMs))
        await pruneNotices(deps.db, new Date(monthsAfter(thisMonth, -1)))
      },
    },
    cron: [
      { task: 'notice-usage-limits', pattern: '*/5 * * * *' },
      { task: 'prune-usage', pattern: '41 2 * * *' },
    ],
  }
}

/** Of the marks that were passed since anybody looked, the highest is told; one mail a mark, a month and a person. */
async function noticeLimits({ db, clock, plans, jobs }: Needs): Promise<void> {
  const at = clock.now()
  const month = monthOf(at)
  for (const name of planNames) {
    const limit = plans[name].monthlyUploads
    if (!limit) continue
    for (const share of shares)
      for (const tenantId of await selectNearLimit(db, {
        plan: name,
        month,
        uploads: Math.ceil((limit * share) / 100),
        kind: kindOf(share, month),
      }))
        await db.transaction().execute(async (trx) => {
          if (!(await insertNotice(trx, tenantId, kindOf(share, month), new Date(at)))) return
          // Whoever is told that all is used need not be told that most was.
          if (share === 100) await insertNotice(trx, tenantId, kindOf(80, month), new Date(at))
          for (const userId of await selectManagers(trx, tenantId))
            await jobs.add(trx, 'mail-usage-limit', { tenant_id: tenantId, user_id: userId, share, month } satisfies Letter)
        })
  }
}

function mailLimit({ db, plans, mailer, publicUrl }: Needs): Task {
  return async (payload) => {
    const { tenant_id, user_id, share, month } = payload as unknown as Letter
    const told = await findNotified(db, { tenantId: tenant_id, userId: user_id, month })
    const limit = told && plans[told.plan].monthlyUploads
    // No member any more, or another plan meanwhile.
    if (!told || !limit || told.uploads * 100 < limit * share) return
    const { email, workspace, uploads } = told
    await mailer.send({
      to: email,
      ...usageMail({ share, used: uploads, limit, workspace, resets: nextMonth(Date.parse(month)), origin: publicUrl() }),
    })
  }
}

/** `usage-80-2026-11`. */
function kindOf(share: 80 | 100, month: string): string {
  return `usage-${share}-${month.slice(0, 7)}`
}
