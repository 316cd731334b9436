// From the text a client sends to a principal: checksum, memory, then one query; and never on a state that has ended.
import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Deps } from '../../deps.ts'
import type { KeyRefusal, KeySubject } from '../../http/access.ts'
import type { KeyPrincipal } from '../../http/principal.ts'
import { type AddressList, toAddressList } from '../../platform/address-list.ts'
import { SubjectCache } from '../../platform/subject-cache.ts'
import { newTally } from '../usage/recorder.ts'
import { isWellFormed, keyLength } from './key-format.ts'
import { addUses, findByHash, type VerifiedRow } from './queries.ts'
import { createDailyUse } from './record-daily-use.ts'
import { effectiveRights } from './scopes.ts'

export interface KeyAuthenticator {
  /** Answers at once for a key in memory. */
  authenticate(token: string): KeyPrincipal | KeyRefusal | Promise<KeyPrincipal | KeyRefusal>
  touch(keyId: string, ip: string, now: number): void
  /** Of the keys in memory; counts since the start. */
  cache(): { readonly entries: number; readonly hits: number; readonly misses: number }
  flush(): Promise<void>
  start(): void
  stop(): Promise<void>
}

/** `last_used_at` and `usage_count` are at most this far behind. */
const flushEveryMs = 4_000
/** Enough to answer a flood of the same few thousand keys without a query. */
const strangersMax = 10_000
const addressListsMax = 10_000
const invalid: KeyRefusal = { refusal: 'INVALID_API_KEY' }
const expired: KeyRefusal = { refusal: 'EXPIRED_API_KEY' }
const revoked: KeyRefusal = { refusal: 'REVOKED_API_KEY' }

/** A change to whom an entry is about ends it, a refusal too (a member removed may come back). */
type Known = { readonly principal: KeyPrincipal } | KeyRefusal

export function createKeyAuthenticator(
  deps: Pick<Deps, 'pool' | 'db' | 'audit' | 'clock' | 'changes' | 'config' | 'plans' | 'log'>,
): KeyAuthenticator {
  const { pool, clock, changes, config, plans, log } = deps
  const known = new SubjectCache<Known>(config.keyCacheSize, idsOf)
  /** Well-formed keys that nobody was given, kept apart: a flood of them pushes no real one out of memory. */
  const strangers = new LRUCache<string, KeyRefusal>({ max: strangersMax })
  const addressLists = new LRUCache<string, AddressList>({ max: addressListsMax })
  /** Loads under way, so that a burst on one unknown key is one query. */
  const loads = new Map<string, Promise<Known>>()
  /** Rises with every change: what was read before one is not trusted after it. */
  let generation = 0
  let uses = new Map<string, { count: number; at: number; ip: string }>()
  const dailyUse = createDailyUse(deps)
  let timer: NodeJS.Timeout | undefined
  let hits = 0
  let misses = 0

  changes.subscribe((change) => {
    generation++
    loads.clear()
    if (change === 'all') {
      known.clear()
      return strangers.clear()
    }
    known.end(change.id)
  })

  /** Reads until no change came in between (S37): a revoked key is never put back by a slow read. */
  async function load(digest: string): Promise<Known> {
    for (;;) {
      const before = generation
      const row = await findByHash(pool, Buffer.from(digest, 'hex'))
      if (before !== generation) continue
      const entry = row ? toKnown(row) : invalid
      if (changes.live) {
        if (row) known.set(digest, entry)
        else strangers.set(digest, invalid)
      }
      return entry
    }
  }

  function toKnown(row: VerifiedRow): Known {
    const subject: KeySubject = { keyId: row.id, tenantId: row.tenant_id, userId: row.created_by }
    if (row.revoked_at) return { ...revoked, subject }
    // The tenant or its creator is gone: the key has nobody to answer for it.
    if (!row.alive || !row.role) return { ...invalid, subject }
    const plan = plans[row.plan]
    const { level, grants, held } = effectiveRights(row.scopes, row.role)
    return {
      principal: {
        kind: 'key',
        keyId: row.id,
        tenantId: row.tenant_id,
        userId: row.created_by,
        plan: row.plan,
        level,
        grants,
        scopes: held,
        expiresAt: row.expires_at?.getTime() ?? null,
        allowedIps: [row.allowed_ips, row.key_allowed_ips].filter((cidrs) => cidrs.length > 0).map(addressListOf),
        allowedOrigins: row.allowed_domains,
        limit: Math.min(row.rate_limit_per_minute ?? plan.requestsPerMinute, plan.requestsPerMinute),
        tenantLimit: plan.requestsPerMinute * config.tenantCeilingFactor,
        tally: newTally(),
      },
    }
  }

  /** Many keys have the same list, their workspace's: it is made and kept once. */
  function addressListOf(cidrs: readonly string[]): AddressList {
    const name = cidrs.join()
    let list = addressLists.get(name)
    if (!list) {
      list = toAddressList(cidrs)
      addressLists.set(name, list)
    }
    return list
  }

  function decide(entry: Known): KeyPrincipal | KeyRefusal {
    if ('refusal' in entry) return entry
    const { expiresAt } = entry.principal
    return expiresAt !== null && expiresAt <= clock.now() ? { ...expired, subject: entry.principal } : entry.principal
  }

  async function flush(): Promise<void> {
    if (uses.size === 0) return
    const taken = uses
    uses = new Map()
    dailyUse.note(taken)
    try {
      await addUses(
        pool,
        [...taken].map(([id, use]) => ({ id, ...use })),
      )
    } catch (error) {
      log.warn({ err: (error as Error).message }, 'the use of keys could not be written; it is kept and tried again')
      for (const [id, use] of taken) {
        const newer = uses.get(id)
        if (newer) newer.count += use.count
        else uses.set(id, use)
      }
    }
  }

  return {
    authenticate(token) {
      if (token.length !== keyLength) return invalid
      const digest = hash('sha256', token)
      const entry = known.get(digest) ?? strangers.get(digest)
      if (entry) {
        hits++
        return decide(entry)
      }
      // Only what is not in memory has its checksum worked out; a bad one never reaches the database.
      if (!isWellFormed(token)) return invalid
      misses++
      let loading = loads.get(digest)
      if (!loading) {
        loading = load(digest).finally(() => loads.get(digest) === loading && loads.delete(digest))
        loads.set(digest, loading)
      }
      return loading.then(decide)
    },
    touch(keyId, ip, now) {
      const use = uses.get(keyId)
      if (!use) uses.set(keyId, { count: 1, at: now, ip })
      else {
        use.count++
        use.at = now
        use.ip = ip
      }
    },
    cache: () => ({ entries: known.size + strangers.size, hits, misses }),
    flush,
    start() {
      timer = setInterval(() => void flush(), flushEveryMs).unref()
    },
    async stop() {
      clearInterval(timer)
      await flush()
      await dailyUse.settled()
    },
  }
}

function idsOf(entry: Known): readonly string[] {
  const subject: KeySubject | undefined = 'principal' in entry ? entry.principal : entry.subject
  return subject ? [subject.keyId, subject.tenantId, subject.userId] : []
}
