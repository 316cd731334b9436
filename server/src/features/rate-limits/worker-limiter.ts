// One limit over the workers of one machine: their primary decides, by the counters that one process alone would have.
import type { Siblings } from '../../platform/workers.ts'
import type { Decision } from './decide-limit.ts'
import type { DecisionCounts, Limit, LocalRateLimiter, RateLimiter } from './rate-limiter.ts'

type Question =
  | readonly ['decide', own: Limit, ceiling: Limit | null]
  | readonly ['peek', limit: Limit]
  | readonly ['forget', name: string]

export function createWorkerLimiter(siblings: Siblings): RateLimiter {
  const decided: DecisionCounts = { admitted: 0, refused: 0 }
  const ask = (question: Question) => siblings.ask(question) as Promise<Decision>
  async function decideAll(own: Limit, ceiling: Limit | null): Promise<Decision> {
    const decision = await ask(['decide', own, ceiling])
    decided[decision.allowed ? 'admitted' : 'refused']++
    return decision
  }
  return {
    decideAll,
    decide: (name, limit, windowMs) => decideAll({ name, limit, windowMs }, null),
    peek: (limit) => ask(['peek', limit]),
    async forget(name) {
      await ask(['forget', name])
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
    if (question[0] === 'decide') return local.decideAll(question[1], question[2])
    if (question[0] === 'peek') return local.peek(question[1])
    return local.forget(question[1])
  }
}
