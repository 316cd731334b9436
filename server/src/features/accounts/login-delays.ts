// Guessing one account's password from many addresses: five failures are free, then each next try waits twice as long.
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../platform/clock.ts'

const freeFailures = 5
const longestMs = 900_000
/** Failures are forgotten an hour after the last one. */
const forgetMs = 3_600_000
const accountsMax = 200_000

export interface LoginDelays {
  /** One try at a time per account, so that parallel guesses are counted before the next is let through. */
  inTurn<T>(account: string, work: () => Promise<T>): Promise<T>
  /** Milliseconds this account must wait; 0 = it may try. */
  wait(account: string): number
  fail(account: string): void
  succeed(account: string): void
}

export function createLoginDelays(clock: Clock): LoginDelays {
  const failures = new LRUCache<string, { count: number; at: number }>({ max: accountsMax })
  const turns = new Map<string, Promise<unknown>>()
  return {
    async inTurn(account, work) {
      const before = turns.get(account) ?? Promise.resolve()
      const mine = before.then(work, work)
      const settled = mine.catch(() => {})
      turns.set(account, settled)
      try {
        return await mine
      } finally {
        if (turns.get(account) === settled) turns.delete(account)
      }
    },
    wait(account) {
      const record = failures.get(account)
      if (!record || record.count < freeFailures) return 0
      const passed = clock.monotonic() - record.at
      if (passed >= forgetMs) return 0
      return Math.max(0, Math.min(longestMs, 1000 * 2 ** (record.count - freeFailures)) - passed)
    },
    fail(account) {
      const now = clock.monotonic()
      const record = failures.get(account)
      failures.set(account, { count: record && now - record.at < forgetMs ? record.count + 1 : 1, at: now })
    },
    succeed(account) {
      failures.delete(account)
    },
  }
}
