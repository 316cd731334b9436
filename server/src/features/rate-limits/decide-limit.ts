// One decision by one log, purely: the server's limiter and the page that shows how it decides both run this.
import type { SlidingLog } from './sliding-log.ts'

export interface Decision {
  readonly allowed: boolean
  /** Requests in any rolling window; what is left of them now. */
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the next slot frees; 0 while one is free. */
  readonly retryAfterMs: number
}

/** Call `log.expire` first. */
export function decideLimit(log: SlidingLog, now: number, windowMs: number, limit: number): Decision {
  const wait = log.wait(now, windowMs, limit)
  if (wait > 0) return { allowed: false, limit, remaining: 0, retryAfterMs: wait }
  log.admit(now, limit)
  return describeLimit(log, now, windowMs, limit)
}

/** After an admission: what is left, and the wait when nothing is. */
export function describeLimit(log: SlidingLog, now: number, windowMs: number, limit: number): Decision {
  const remaining = log.remaining(limit)
  return { allowed: true, limit, remaining, retryAfterMs: remaining > 0 ? 0 : log.wait(now, windowMs, limit) }
}

/** What a client library reads: X-RateLimit-Reset in epoch seconds, now while something remains, else when the next slot frees, rounded up. */
export function resetOf({ remaining, retryAfterMs }: Decision, nowMs: number): number {
  return remaining === 0 && retryAfterMs > 0 ? Math.ceil((nowMs + retryAfterMs) / 1000) : Math.floor(nowMs / 1000)
}
