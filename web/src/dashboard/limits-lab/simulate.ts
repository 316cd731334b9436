// Traffic and what becomes of it: the server's own sliding log decides each request.
import { type Decision, decideLimit, resetOf } from '@aionvision/limiter/decide-limit.ts'
import { SlidingLog } from '@aionvision/limiter/sliding-log.ts'

export type Pattern = 'steady' | 'bursts' | 'edges' | 'random' | 'patient'
export interface Outcome {
  readonly number: number
  /** Milliseconds from the beginning. */
  readonly at: number
  readonly decision: Decision
}

export const durationMs = 180_000
const windowMs = 60_000
const minuteMs = 60_000
const burstEveryMs = 20_000
/** How far from a full minute the bursts at its edges are, and between requests of a client that waits as told. */
const edgeMs = 500
const paceMs = 50

/** mulberry32: the same seed draws the same traffic. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function schedule(pattern: Exclude<Pattern, 'patient'>, perMinute: number, random: () => number): number[] {
  const all = Math.max(1, Math.round((perMinute * durationMs) / minuteMs))
  if (pattern === 'steady') return Array.from({ length: all }, (_, index) => (index * durationMs) / all)
  if (pattern === 'random') return Array.from({ length: all }, () => random() * durationMs).sort((a, b) => a - b)
  const times =
    pattern === 'bursts'
      ? Array.from({ length: durationMs / burstEveryMs }, (_, index) => index * burstEveryMs)
      : [minuteMs - edgeMs, minuteMs + edgeMs, 2 * minuteMs - edgeMs, 2 * minuteMs + edgeMs]
  const each = Math.max(1, Math.round(all / times.length))
  return times.flatMap((at) => Array.from({ length: each }, () => at))
}

export function simulate(pattern: Pattern, perMinute: number, limit: number, seed: number): readonly Outcome[] {
  const log = new SlidingLog()
  const outcomes: Outcome[] = []
  const ask = (at: number): Decision => {
    log.expire(at, windowMs)
    const decision = decideLimit(log, at, windowMs, limit)
    outcomes.push({ number: outcomes.length + 1, at, decision })
    return decision
  }
  if (pattern !== 'patient') for (const at of schedule(pattern, perMinute, dice(seed))) ask(at)
  else for (let at = 0; at < durationMs; ) at += waitAfter(ask(at))
  return outcomes
}

/** Whole seconds, as Retry-After gives them. */
const waitAfter = ({ allowed, retryAfterMs }: Decision) => (allowed ? paceMs : Math.ceil(retryAfterMs / 1000) * 1000)

/** The most that was admitted in any rolling minute. */
export function worstMinute(outcomes: readonly Outcome[]): number {
  const times = outcomes.flatMap(({ at, decision }) => (decision.allowed ? [at] : []))
  let worst = 0
  for (let first = 0, last = 0; last < times.length; last++) {
    while ((times[last] ?? 0) - (times[first] ?? 0) >= windowMs) first++
    worst = Math.max(worst, last - first + 1)
  }
  return worst
}

/** As the server would write them, the lab having begun at `epochMs`. */
export function headersOf({ at, decision }: Outcome, epochMs: number): readonly (readonly [string, string])[] {
  return [
    ['X-RateLimit-Limit', String(decision.limit)],
    ['X-RateLimit-Remaining', String(decision.remaining)],
    ['X-RateLimit-Reset', String(resetOf(decision, epochMs + at))],
    ...(decision.allowed ? [] : [['Retry-After', String(Math.ceil(decision.retryAfterMs / 1000))] as const]),
  ]
}
