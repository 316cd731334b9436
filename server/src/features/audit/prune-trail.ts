// Removes what a plan no longer keeps: from the front only, proved before it goes, and its end kept as the place the chain begins.
import type { Deps } from '../../deps.ts'
import { baseHmac, equal, genesis, linkHmac } from './chain.ts'
import { readLinks } from './queries.ts'
import { advanceBase, findPlanOf, lockTrailBase } from './read-queries.ts'
import { isGenuine } from './verify-chain.ts'

type Needs = Pick<Deps, 'db' | 'audit' | 'plans' | 'clock' | 'log'>

const dayMs = 24 * 3_600_000
/** One transaction each: short enough that nobody waits for it. */
const batchSize = 1_000

/** Returns how many rows went. A link that does not hold stops it: what was edited must stay to be found. */
export async function pruneTrail(deps: Needs, tenantId: string): Promise<number> {
  const { db, plans, clock } = deps
  // A workspace that is gone keeps its trail as long as the smallest plan does.
  const plan = plans[(await findPlanOf(db, tenantId)) ?? 'free']
  const cutoffMicros = BigInt(clock.now() - plan.auditRetentionDays * dayMs) * 1000n
  let removed = 0
  for (;;) {
    const batch = await pruneBatch(deps, tenantId, cutoffMicros)
    removed += batch
    if (batch < batchSize) return removed
  }
}

async function pruneBatch({ db, audit, log }: Needs, tenantId: string, cutoffMicros: bigint): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const base = await lockTrailBase(trx, tenantId)
    if (base && !isGenuine(audit, tenantId, base)) {
      log.error({ tenant_id: tenantId, sequence: base.sequence }, 'the beginning of this trail was altered: it is not pruned')
      return 0
    }
    const before = base?.sequence ?? 0
    let last = before
    let previous: Buffer = base?.base ?? genesis
    for (const { link, hmac } of await readLinks(trx, tenantId, before, batchSize)) {
      if (BigInt(link.atMicros) >= cutoffMicros) break
      if (link.sequence !== last + 1 || !equal(hmac, linkHmac(audit, previous, link))) {
        log.error({ tenant_id: tenantId, sequence: last + 1 }, 'this trail is broken: it is not pruned beyond here')
        break
      }
      previous = hmac
      last = link.sequence
    }
    if (last === before) return 0
    await advanceBase(trx, tenantId, { sequence: last, base: previous, hmac: baseHmac(audit, tenantId, last, previous) })
    return last - before
  })
}
