// What a client library reads: the X-RateLimit trio of the contract, and the pair of draft-ietf-httpapi-ratelimit-headers-10.
import type { FastifyReply } from 'fastify'
import { type Decision, resetOf } from './decide-limit.ts'

/** `nowMs` is epoch milliseconds. Reset is now while something remains, else when the next slot frees, rounded up. */
export function setLimitHeaders(reply: FastifyReply, policy: 'key' | 'tenant', decision: Decision, nowMs: number): void {
  const { limit, remaining, retryAfterMs } = decision
  const waits = remaining === 0 && retryAfterMs > 0
  reply.header('x-ratelimit-limit', String(limit))
  reply.header('x-ratelimit-remaining', String(remaining))
  reply.header('x-ratelimit-reset', String(resetOf(decision, nowMs)))
  reply.header('ratelimit-policy', `"${policy}";q=${limit};w=60`)
  reply.header('ratelimit', `"${policy}";r=${remaining};t=${waits ? Math.ceil(retryAfterMs / 1000) : 0}`)
}
