// From the trail to deliveries: what was recorded since the last look, so that no deed waits for a webhook.
import { randomUUID } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { presentEntry } from '../audit/present-entry.ts'
import { readEntries } from '../audit/read-queries.ts'
import { isSent } from './event-types.ts'
import { createCursor, dropCursors, findBehind, insertDeliveries, lockCursor, moveCursor } from './queries.ts'

const tenantsPerRound = 200
const pageSize = 200

type Needs = Pick<Deps, 'db' | 'clock'>

export async function collectEvents(deps: Needs): Promise<void> {
  await dropCursors(deps.db)
  for (const { id, head } of await findBehind(deps.db, tenantsPerRound)) while (await collectPage(deps, id, head)) {}
}

/** False when there is nothing more for now, or another server is at it. */
async function collectPage({ db, clock }: Needs, tenantId: string, head: number): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await createCursor(trx, tenantId, head)
    const cursor = await lockCursor(trx, tenantId)
    if (!cursor?.url) return false
    const { url, sequence } = cursor
    // Rows get their places under the lock of the trail's head: what is not visible yet comes after all that is.
    const entries = await readEntries(trx, tenantId, { after: sequence, limit: pageSize })
    const now = new Date(clock.now())
    await insertDeliveries(
      trx,
      entries
        .filter((entry) => isSent(entry.event_type))
        .map((entry) => ({
          id: randomUUID(),
          tenant_id: tenantId,
          event_id: entry.id,
          event_type: entry.event_type,
          url,
          payload: JSON.stringify({
            type: entry.event_type,
            timestamp: entry.event_timestamp.toISOString(),
            data: { tenant_id: tenantId, ...presentEntry(entry) },
          }),
          status: 'pending',
          created_at: now,
          next_attempt_at: now,
        })),
    )
    // Nothing to read though the trail is longer: retention has removed it.
    await moveCursor(trx, tenantId, entries.at(-1)?.sequence ?? Math.max(sequence, head))
    return entries.length === pageSize
  })
}
