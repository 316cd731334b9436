// What shares admitted while Redis was away, until Redis has been told of it: it counts on from there.
import type { Limit } from './rate-limiter.ts'
import { SlidingLog } from './sliding-log.ts'

export interface Untold {
  note(limits: readonly Limit[], now: number): void
  forget(name: string): void
  /** Resolves when nothing is left to tell; what could not be told is kept. `ages`: how long ago each admission was, in milliseconds. */
  tell(send: (limit: Limit, ages: readonly number[]) => Promise<unknown>, clock: () => number): Promise<void>
}

/** Told at once, in a small part of the time in which Redis has to answer: it gets on however much there is, and however slow it is. */
const batchNames = 100
const batchAdmissions = 10_000
/** More names than this in one window without Redis only under attack from that many addresses; then the oldest are not told. */
const namesMax = 100_000

export function createUntold(): Untold {
  /** By name, who was admitted last comes last. */
  const entries = new Map<string, { readonly limit: Limit; readonly log: SlidingLog }>()

  /** Whatever has left its window means nothing to Redis. */
  function expire(now: number): void {
    for (const [name, { limit, log }] of entries) {
      log.expire(now, limit.windowMs)
      if (log.count > 0 && entries.size <= namesMax) return
      entries.delete(name)
    }
  }

  return {
    note(limits, now) {
      for (const limit of limits) {
        const log = entries.get(limit.name)?.log ?? new SlidingLog()
        log.expire(now, limit.windowMs)
        log.admit(now, limit.limit)
        entries.delete(limit.name)
        entries.set(limit.name, { limit, log })
      }
      expire(now)
    },
    forget: (name) => void entries.delete(name),
    async tell(send, clock) {
      while (entries.size > 0) {
        const now = clock()
        const batch = takeBatch(now)
        try {
          await Promise.all(
            batch.map(({ limit, instants }) =>
              send(
                limit,
                instants.map((instant) => now - instant),
              ),
            ),
          )
        } catch (error) {
          // Told perhaps: counted twice is better than not at all.
          for (const { limit, instants } of batch) {
            const others = entries.get(limit.name)?.log.instants() ?? []
            entries.set(limit.name, { limit, log: new SlidingLog([...instants, ...others]) })
          }
          throw error
        }
      }
    },
  }

  /** Of a long log the oldest part; the rest stays for the next batch. */
  function takeBatch(now: number): { limit: Limit; instants: readonly number[] }[] {
    const batch: { limit: Limit; instants: readonly number[] }[] = []
    let room = batchAdmissions
    for (const [name, { limit, log }] of entries) {
      if (room === 0 || batch.length === batchNames) break
      entries.delete(name)
      log.expire(now, limit.windowMs)
      const instants = log.instants()
      const rest = instants.splice(room)
      room -= instants.length
      if (instants.length > 0) batch.push({ limit, instants })
      if (rest.length > 0) entries.set(name, { limit, log: new SlidingLog(rest) })
    }
    return batch
  }
}
