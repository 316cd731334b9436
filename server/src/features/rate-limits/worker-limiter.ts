// One limit over the workers of one machine: their primary decides, by the counters that one process alone would have.
import type { Siblings } from '../../platform/workers/siblings.ts'
import type { Decision } from './decide-limit.ts'
import type { DecisionCounts, Limit, LocalRateLimiter, RateLimiter } from './rate-limiter.ts'

/** Told apart by their length, and without the names of their parts: every request of a key is one of these. */
type Question = FlatLimit | readonly [...FlatLimit, ...FlatLimit] | readonly [...FlatLimit, 'peek'] | readonly [forget: string]
type FlatLimit = readonly [name: string, limit: number, windowMs: number]
type FlatDecision = readonly [allowed: 0 | 1, limit: number, remaining: number, retryAfterMs: number]

export function createWorkerLimiter(siblings: Siblings): RateLimiter {
  const decided: DecisionCounts = { admitted: 0, refused: 0 }
  const ask = <Answer>(question: Question, read: (answer: unknown) => Answer) => siblings.ask(question, read)
  const readCounted = (answer: unknown) => {
    const decision = readDecision(answer)
    decided[decision.allowed ? 'admitted' : 'refused']++
    return decision
  }
  const decideAll = (own: Limit, ceiling: Limit | null): Promise<Decision> =>
    ask(
      ceiling
        ? [own.name, own.limit, own.windowMs, ceiling.name, ceiling.limit, ceiling.windowMs]
        : [own.name, own.limit, own.windowMs],
      readCounted,
    )
  return {
    decideAll,
    decide: (name, limit, windowMs) => decideAll({ name, limit, windowMs }, null),
    peek: ({ name, limit, windowMs }) => ask([name, limit, windowMs, 'peek'], readDecision),
    async forget(name) {
      await ask([name], () => {})
    },
    exact: () => true,
    decisions: () => ({ exact: decided, shares: { admitted: 0, refused: 0 } }),
    async start() {},
    async stop() {},
  }
}

/** In the primary. */
export function answerWorkers(local: LocalRateLimiter): (question: unknown) => unknown {
  return (asked) => {
    const question = asked as Question
    const [name, limit = 0, windowMs = 0] = question
    if (question.length === 1) return local.forget(name)
    const own = { name, limit, windowMs }
    if (question.length === 4) return flattenDecision(local.peek(own))
    const ceiling = question.length === 6 ? { name: question[3], limit: question[4], windowMs: question[5] } : null
    return flattenDecision(local.decideAll(own, ceiling))
  }
}

function readDecision(answer: unknown): Decision {
  const [allowed, limit, remaining, retryAfterMs] = answer as FlatDecision
  return { allowed: allowed === 1, limit, remaining, retryAfterMs }
}
const flattenDecision = ({ allowed, limit, remaining, retryAfterMs }: Decision): FlatDecision => [
  allowed ? 1 : 0,
  limit,
  remaining,
  retryAfterMs,
]
