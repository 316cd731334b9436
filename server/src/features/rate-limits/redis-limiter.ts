// One limit over many servers: decided in Redis while it answers in time, else by each server for its share.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '../../platform/clock.ts'
import type { RedisConnection } from '../../platform/redis.ts'
import { limitScript } from './limit-script.ts'
import type { Decision, DecisionCounts, Limit, LocalRateLimiter, RateLimiter } from './rate-limiter.ts'

interface Options {
  readonly redis: RedisConnection
  /** Decides while Redis does not. */
  readonly local: LocalRateLimiter
  readonly log: Logger
  /** Where several installations share one Redis. */
  readonly prefix: string
  /** Instead of Redis's own clock: for tests that hold time still. */
  readonly clock?: Clock | undefined
}

/** How many servers there are, counted by those that were heard of lately. */
const heartbeatMs = 500
const silenceMs = 10_000
/** How soon a Redis that is back is noticed. */
const probeMs = 250
/** A server that starts waits two seconds for it. */
const startAttempts = 8

export function createRedisLimiter({ redis, local, log, prefix, clock }: Options): RateLimiter {
  const id = randomUUID()
  const serversKey = `${prefix}servers`
  let reachable = false
  /** Whether it was there before. */
  let lost = false
  let servers = 1
  const decided: DecisionCounts = { admitted: 0, refused: 0 }
  const timers: NodeJS.Timeout[] = []

  /** Slow is gone: from the first deadline that passes each server takes its share, and no request waits for the next. */
  function lose(error: unknown): void {
    if (!reachable) return
    reachable = false
    lost = true
    log.warn(
      { err: (error as Error).message, servers },
      'Redis does not answer: each server admits its share of every limit until it is back',
    )
  }

  async function probe(): Promise<void> {
    if (reachable) return
    try {
      await redis.ping()
      reachable = true
      if (lost) log.warn({ servers }, 'Redis answers again: limits are exact over all servers')
    } catch {
      // The next probe asks again.
    }
  }

  async function beat(): Promise<void> {
    if (!reachable) return
    try {
      const now = Date.now()
      servers = Math.max(1, await redis.beat(serversKey, id, now, now - silenceMs))
    } catch (error) {
      lose(error)
    }
  }

  const share = (limit: number) => Math.max(1, Math.floor(limit / servers))
  const shared = (limit: Limit): Limit => ({ ...limit, limit: share(limit.limit) })
  const keyOf = ({ name, group = name }: Limit) => `${prefix}{${group}}:${name}`

  async function ask(limits: readonly Limit[], peek: boolean, otherwise: () => Decision): Promise<Decision> {
    try {
      const now = clock ? String(clock.monotonic()) : ''
      const rest = limits.flatMap(({ limit, windowMs }) => [String(limit), String(windowMs)])
      const answer = await redis.evaluate(limitScript, limits.map(keyOf), [now, peek ? '1' : '', ...rest])
      const [allowed, which, remaining, wait] = answer as [number, number, number, string]
      if (!peek) decided[allowed === 1 ? 'admitted' : 'refused']++
      return {
        allowed: allowed === 1,
        limit: limits[which - 1]?.limit ?? 0,
        remaining,
        retryAfterMs: Number(wait),
      }
    } catch (error) {
      lose(error)
      return otherwise()
    }
  }

  function decideAll(own: Limit, ceiling: Limit | null): Decision | Promise<Decision> {
    const otherwise = () => local.decideAll(shared(own), ceiling && shared(ceiling))
    return reachable ? ask(ceiling ? [own, ceiling] : [own], false, otherwise) : otherwise()
  }

  return {
    decideAll,
    decide: (name, limit, windowMs) => decideAll({ name, limit, windowMs }, null),
    peek(limit) {
      const otherwise = () => local.peek(shared(limit))
      return reachable ? ask([limit], true, otherwise) : otherwise()
    },
    async forget(name) {
      local.forget(name)
      if (reachable) await redis.del(keyOf({ name, limit: 0, windowMs: 0 })).catch(lose)
    },
    exact: () => reachable,
    decisions: () => ({ exact: decided, shares: local.decisions().exact }),
    async start() {
      for (let attempt = 0; attempt < startAttempts && !reachable; attempt++) {
        await probe()
        if (!reachable) await sleep(probeMs)
      }
      if (!reachable) log.warn('Redis does not answer: this server starts without it and counts for itself until it is there')
      await beat()
      timers.push(setInterval(() => void beat(), heartbeatMs).unref(), setInterval(() => void probe(), probeMs).unref())
    },
    async stop() {
      for (const timer of timers) clearInterval(timer)
      if (reachable) await redis.leave(serversKey, id).catch(() => {})
      await redis.close()
    },
  }
}
