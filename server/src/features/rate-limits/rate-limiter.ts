// The counters of this process: one sliding log a name, kept while it holds anything, and across a clean restart.
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { Clock } from '../../platform/clock.ts'
import { type Decision, decideLimit, describeLimit } from './decide-limit.ts'
import { SlidingLog } from './sliding-log.ts'

export type { Decision } from './decide-limit.ts'

export interface Limit {
  readonly name: string
  /** What is decided together stands together where the counters are spread over machines; the name itself unless given. */
  readonly group?: string
  readonly limit: number
  readonly windowMs: number
}

type MaybePromise<T> = T | Promise<T>

/** How many were decided since the start, each way. */
export interface DecisionCounts {
  admitted: number
  refused: number
}

export interface RateLimiter {
  decide(name: string, limit: number, windowMs: number): MaybePromise<Decision>
  /** Both are spent or neither; the answer describes the tighter one, its wait is the longer one. */
  decideAll(own: Limit, ceiling: Limit | null): MaybePromise<Decision>
  /** Spends nothing. */
  peek(limit: Limit): MaybePromise<Decision>
  forget(name: string): MaybePromise<void>
  /** False while this server admits its share only, because it cannot ask where all servers count. */
  exact(): boolean
  /** `shares`: what this server decided while it could not ask. */
  decisions(): Readonly<Record<'exact' | 'shares', Readonly<DecisionCounts>>>
  start(): Promise<void>
  stop(): Promise<void>
}

/** The counters of this process, which answer at once. */
export interface LocalRateLimiter extends RateLimiter {
  decide(name: string, limit: number, windowMs: number): Decision
  decideAll(own: Limit, ceiling: Limit | null): Decision
  peek(limit: Limit): Decision
  forget(name: string): void
}

/** More names than this at once only under attack from that many addresses; then the oldest idle ones go first. */
const namesMax = 1_000_000
const sweepEveryMs = 60_000

const none: DecisionCounts = { admitted: 0, refused: 0 }

interface Entry {
  readonly log: SlidingLog
  windowMs: number
}

export function createLocalLimiter({ clock, file }: { clock: Clock; file: string }): LocalRateLimiter {
  const entries = new Map<string, Entry>()
  let sweptAt = clock.monotonic()
  const decided: DecisionCounts = { admitted: 0, refused: 0 }

  function entryOf(name: string, windowMs: number, now: number): Entry {
    if (now - sweptAt >= sweepEveryMs) sweep(now)
    let entry = entries.get(name)
    if (!entry) {
      if (entries.size >= namesMax) evictOldest()
      entry = { log: new SlidingLog(), windowMs }
      entries.set(name, entry)
    }
    entry.windowMs = windowMs
    entry.log.expire(now, windowMs)
    return entry
  }

  function sweep(now: number): void {
    sweptAt = now
    for (const [name, { log, windowMs }] of entries) {
      log.expire(now, windowMs)
      if (log.count === 0) entries.delete(name)
    }
  }

  function evictOldest(): void {
    for (const name of entries.keys()) {
      entries.delete(name)
      return
    }
  }

  function decide(name: string, limit: number, windowMs: number): Decision {
    const now = clock.monotonic()
    const { log } = entryOf(name, windowMs, now)
    const decision = decideLimit(log, now, windowMs, limit)
    if (decision.allowed) decided.admitted++
    else decided.refused++
    return decision
  }

  return {
    decide,
    decideAll(own, ceiling) {
      if (!ceiling) return decide(own.name, own.limit, own.windowMs)
      const now = clock.monotonic()
      const first = entryOf(own.name, own.windowMs, now).log
      const second = entryOf(ceiling.name, ceiling.windowMs, now).log
      const wait = first.wait(now, own.windowMs, own.limit)
      const ceilingWait = second.wait(now, ceiling.windowMs, ceiling.limit)
      if (wait > 0 || ceilingWait > 0) {
        decided.refused++
        return {
          allowed: false,
          limit: ceilingWait > wait ? ceiling.limit : own.limit,
          remaining: 0,
          retryAfterMs: Math.max(wait, ceilingWait),
        }
      }
      decided.admitted++
      first.admit(now, own.limit)
      second.admit(now, ceiling.limit)
      return second.remaining(ceiling.limit) < first.remaining(own.limit)
        ? describeLimit(second, now, ceiling.windowMs, ceiling.limit)
        : describeLimit(first, now, own.windowMs, own.limit)
    },
    peek({ name, limit, windowMs }) {
      const now = clock.monotonic()
      const entry = entries.get(name)
      if (!entry) return { allowed: true, limit, remaining: limit, retryAfterMs: 0 }
      entry.log.expire(now, windowMs)
      return describeLimit(entry.log, now, windowMs, limit)
    },
    forget(name) {
      entries.delete(name)
    },
    exact: () => true,
    decisions: () => ({ exact: decided, shares: none }),
    async start() {
      const text = await readFile(file, 'utf8').catch(() => null)
      if (text === null) return
      // Read once: after a crash an old file must not stand for what happened since.
      await rm(file, { force: true })
      const now = clock.monotonic()
      const toMonotonic = now - clock.now()
      // A wall clock set back meanwhile must not put admissions into the future, where they would block for as long.
      for (const [name, windowMs, instants] of parseSaved(text))
        entries.set(name, { log: new SlidingLog(instants.map((at) => Math.min(at + toMonotonic, now))), windowMs })
    },
    async stop() {
      const now = clock.monotonic()
      sweep(now)
      const toWall = clock.now() - now
      const saved = [...entries].map(([name, { log, windowMs }]) => [
        name,
        windowMs,
        log.instants().map((instant) => instant + toWall),
      ])
      await writeFile(`${file}.new`, JSON.stringify(saved), { mode: 0o600 })
      await rename(`${file}.new`, file)
    },
  }
}

/** A damaged file counts as none: the price is the documented one of a crash. */
function parseSaved(text: string): [string, number, number[]][] {
  try {
    const saved = JSON.parse(text) as [string, number, number[]][]
    const good =
      Array.isArray(saved) &&
      saved.every(([name, windowMs, instants]) => typeof name === 'string' && windowMs > 0 && Array.isArray(instants))
    return good ? saved : []
  } catch {
    return []
  }
}
