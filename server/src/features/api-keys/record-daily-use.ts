// `api_key.used`: the first use of a key on a day (UTC) is a row of the trail, all others are counts elsewhere.
import { LRUCache } from 'lru-cache'
import type { Deps } from '../../deps.ts'
import { recordEvent } from '../audit/record-event.ts'
import { findKeyOwner, noteOnce } from './watch-queries.ts'

export interface DailyUse {
  /** Keys used since the last call, by id; returns at once. */
  note(uses: ReadonlyMap<string, { readonly at: number; readonly ip: string }>): void
  /** When everything noted is written. */
  settled(): Promise<void>
}

const dayMs = 24 * 3_600_000

export function createDailyUse({ db, audit, config, log }: Pick<Deps, 'db' | 'audit' | 'config' | 'log'>): DailyUse {
  /** The last day that each key was seen on: what is in here asks no database. */
  const seen = new LRUCache<string, number>({ max: config.keyCacheSize })
  let writing: Promise<void> = Promise.resolve()

  async function write(keyId: string, at: number, ip: string): Promise<void> {
    await db.transaction().execute(async (trx) => {
      // Of several servers, or after a restart, one finds the day unmarked.
      if (!(await noteOnce(trx, keyId, 'api_key.used', new Date(at - (at % dayMs))))) return
      const owner = await findKeyOwner(trx, keyId)
      if (!owner) return
      await recordEvent(trx, audit, {
        tenantId: owner.tenant_id,
        eventType: 'api_key.used',
        action: 'api_key.use',
        result: 'success',
        userId: owner.created_by,
        apiKeyId: keyId,
        ip,
        resourceType: 'api_key',
        resourceId: keyId,
        metadata: { name: owner.name, key_prefix: owner.key_prefix },
        at,
      })
    })
  }

  return {
    note(uses) {
      const fresh = [...uses].filter(([keyId, { at }]) => seen.get(keyId) !== Math.floor(at / dayMs))
      for (const [keyId, { at }] of fresh) seen.set(keyId, Math.floor(at / dayMs))
      if (fresh.length === 0) return
      writing = writing.then(async () => {
        for (const [keyId, { at, ip }] of fresh)
          await write(keyId, at, ip).catch((error: Error) => {
            // Asked again at its next use.
            seen.delete(keyId)
            log.warn({ err: error.message, key_id: keyId }, "a key's first use of the day could not be written to the trail")
          })
      })
    },
    settled: () => writing,
  }
}
