// Walks a tenant's trail from its beginning to its authenticated head and names the first broken link; memory stays constant.
import type { Db } from '../../platform/database/database.ts'
import { type AuditKey, baseHmac, equal, genesis, headHmac, linkHmac } from './chain.ts'
import { readHead, readLinks, readTrails } from './queries.ts'
import { type Base, readBase } from './read-queries.ts'

export type Verdict =
  | { readonly tenantId: string; readonly intact: true; readonly rows: number; readonly firstSequence: number }
  | {
      readonly tenantId: string
      readonly intact: false
      /** Rows that were proved before the break. */
      readonly rows: number
      /** Where the trail begins: 1, or the row after the last that retention removed. */
      readonly firstSequence: number
      /** Where the chain breaks: the row's place, and its id if there is one. */
      readonly sequence: number
      readonly eventId: string | null
      readonly problem: string
    }

/** Read at once: about a megabyte, and a few milliseconds in which nothing else of this process runs. */
const defaultPageSize = 1_000

export async function verifyChain(db: Db, audit: AuditKey, tenantId: string, pageSize = defaultPageSize): Promise<Verdict> {
  // One snapshot: base, rows and head of the same instant, however busy the tenant is.
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const base = await readBase(trx, tenantId)
      const before = base?.sequence ?? 0
      const firstSequence = before + 1
      let last = before
      let previous: Buffer = base?.base ?? genesis
      const broken = (sequence: number, eventId: string | null, problem: string): Verdict => ({
        tenantId,
        intact: false,
        rows: last - before,
        firstSequence,
        sequence,
        eventId,
        problem,
      })
      if (base && !isGenuine(audit, tenantId, base)) return broken(before, null, 'the beginning of the trail was altered')
      let next = readLinks(trx, tenantId, last, pageSize)
      for (;;) {
        const page = await next
        const full = page.length === pageSize
        // The database reads the next page while this one is proved.
        if (full) next = readLinks(trx, tenantId, page.at(-1)?.link.sequence ?? 0, pageSize)
        const fault = provePage()
        if (fault) {
          await next
          return fault
        }
        if (!full) break

        function provePage(): Verdict | null {
          for (const { link, hmac } of page) {
            if (link.sequence !== last + 1) return broken(last + 1, null, 'this row is missing')
            if (!equal(hmac, linkHmac(audit, previous, link)))
              return broken(link.sequence, link.id, 'this row or its link was altered')
            // Against replacing a trail by a new one: only a tenant's creation begins one.
            if (link.sequence === 1 && link.eventType !== 'tenant.created')
              return broken(1, link.id, 'the trail before this row was removed')
            previous = hmac
            last = link.sequence
          }
          return null
        }
      }
      const head = await readHead(trx, tenantId)
      if (!head) return broken(last + 1, null, 'the head of the trail is missing')
      if (!equal(head.hmac, headHmac(audit, tenantId, head.sequence, head.head)))
        return broken(head.sequence, null, 'the head of the trail was altered')
      if (head.sequence > last) return broken(last + 1, null, 'the newest rows are missing')
      if (head.sequence < last || !equal(head.head, previous))
        return broken(last, null, 'the head of the trail does not belong to its newest row')
      return { tenantId, intact: true, rows: last - before, firstSequence }
    })
}

export function isGenuine(audit: AuditKey, tenantId: string, base: Base): boolean {
  return equal(base.hmac, baseHmac(audit, tenantId, base.sequence, base.base))
}

/** Every trail there is, one verdict at a time. */
export async function* verifyChains(db: Db, audit: AuditKey): AsyncGenerator<Verdict> {
  for (let after: string | null = null; ; ) {
    const trails: string[] = await readTrails(db, after, 500)
    for (const tenantId of trails) yield await verifyChain(db, audit, tenantId)
    after = trails.at(-1) ?? null
    if (after === null) return
  }
}
