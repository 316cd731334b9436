// One limit over many servers: decided in Redis while it answers in time, else by each server for its share.
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Apart } from '../../platform/changes.ts'
import { type Clock, systemClock } from '../../platform/clock.ts'
import type { Beat, RedisConnection } from '../../platform/redis.ts'
import { limitScript, tellScript } from './limit-script.ts'
import type { Decision, DecisionCounts, Limit, LocalRateLimiter, RateLimiter } from './rate-limiter.ts'
import { createUntold } from './untold.ts'

interface Options {
  readonly redis: RedisConnection
  /** Decides while Redis does not. */
  readonly local: LocalRateLimiter
  readonly log: Logger
  /** Where several installations share one Redis. */
  readonly prefix: string
  /** Holds the last known number of servers, at least `workers`: for one that begins while Redis is away, and so may the others. */
  readonly file: string
  readonly workers: number
  /** Who does not reach Redis says so here, is left its share by those that do, and learns of how many it is one. */
  readonly apart: Apart
  /** Instead of Redis's own clock: for tests that hold time still. */
  readonly clock?: Clock | undefined
}

/** How many servers there are, counted by those that were heard of lately. */
const beatMs = 250
const silenceMs = 10_000
/** The window of every plan's limit: what an empty Redis would admit a second time is past by then, and the share of a server that ended. */
const forgottenMs = 60_000
/** So long, in beats, the others have to come back and tell Redis what they admitted, before anybody relies on what it knows. */
const settlingBeats = 12
/** In beats: one that is starting or stopping is with one of the two before the other. */
const missedMax = 40
/** A server that starts waits two seconds for Redis. */
const startAttempts = 8

export function createRedisLimiter({ redis, local, log, prefix, file, workers, apart, clock }: Options): RateLimiter {
  const id = randomUUID()
  const serversKey = `${prefix}servers`
  /** Decided in Redis: it answers, and knows what was admitted. */
  let exact = false
  let onceExact = false
  /** Whatever is admitted Redis is told of. */
  let answers = false
  /** When it was last told of something. */
  let toldAt = Number.NEGATIVE_INFINITY
  /** Its memory, as it was when last seen, and how many keys it had put out of it. */
  let known: Pick<Beat, 'memory' | 'evicted'> | null = null
  let forgotUntil = Number.NEGATIVE_INFINITY
  let servers = workers
  /** When fewer of them may have been seen than there are. */
  let unseenAt = Number.NEGATIVE_INFINITY
  /** When there were as many, for all that is known. */
  let asManyAt = 0
  let settling = 0
  let leavesShares = false
  /** Beats in a row in which PostgreSQL has shown more servers than this Redis. */
  let missed = 0
  const untold = createUntold()
  const decided: DecisionCounts = { admitted: 0, refused: 0 }
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const monotonic = () => (clock ?? systemClock).monotonic()

  function leaveExact(): void {
    if (answers) toldAt = monotonic()
    exact = false
    unseenAt = monotonic()
  }

  /** Without Redis PostgreSQL tells. What a server that ended had admitted is past before its share is taken. */
  function countServers(): void {
    const now = monotonic()
    const fewer = apart.servers < servers
    if (fewer && now - asManyAt < forgottenMs) return
    believe(fewer ? servers - 1 : apart.servers)
    asManyAt = now
  }

  function believe(count: number): void {
    if (count === servers) return
    servers = count
    writeFile(file, String(count)).catch(() => {})
  }

  /** Slow is gone: from the first deadline that passes each server takes its share, and no request waits for the next. */
  function lose(error?: unknown): void {
    if (stopped) return
    countServers()
    if (answers) {
      log.warn(
        { err: (error as Error | undefined)?.message ?? 'the connection broke', servers },
        'Redis does not answer: each server admits its share of every limit until it is back',
      )
      settling = settlingBeats
    }
    leaveExact()
    answers = false
    apart.say(servers)
  }

  function noteApart(): void {
    const leaves = apart.others.length > 0
    if (leaves !== leavesShares)
      log.warn(
        leaves
          ? 'Another server does not reach Redis: its share of every limit is left to it'
          : 'Every server reaches Redis again: no share is left to others',
      )
    leavesShares = leaves
  }

  /** Two that count in different places admit the limit twice, and each by itself sees nothing amiss. */
  function noteElsewhere(members: number): void {
    missed = members + apart.others.length < apart.servers ? missed + 1 : 0
    if (missed === missedMax)
      log.warn(
        { here: members, servers: apart.servers },
        'Not every server of this database counts in this Redis: give all the same REDIS_URL and AION_REDIS_PREFIX',
      )
  }

  /** Says that this server lives, and learns whether Redis does, and whether it is the one it was. */
  async function beat(): Promise<void> {
    try {
      const { members, memory, evicted } = await redis.beat(serversKey, id, silenceMs)
      const now = monotonic()
      const evicts = known?.memory === memory && evicted > known.evicted
      if (known && (evicts || known.memory !== memory)) {
        // Said once where it goes on and on.
        if (now >= forgotUntil)
          log.warn(
            { servers },
            `Redis has ${evicts ? 'evicted keys, as its maxmemory-policy says (set noeviction)' : 'forgotten what it admitted'}: each server admits its share of every limit until a minute has passed`,
          )
        leaveExact()
        forgotUntil = toldAt + forgottenMs
      }
      known = { memory, evicted }
      // Who is not heard of yet may be alive: fewer are believed once they had time to be.
      if (members > servers || now - unseenAt > silenceMs) believe(Math.max(1, members))
      asManyAt = now
      await untold.tell(tell, monotonic)
      if (answers) settling = Math.max(0, settling - 1)
      answers = true
      apart.say(null)
      if (exact) noteApart()
      noteElsewhere(members)
      if (exact || settling > 0 || now < forgotUntil) return
      exact = true
      if (onceExact) log.warn({ servers }, 'Redis counts again: limits are exact over all servers')
      onceExact = true
    } catch (error) {
      lose(error)
    }
  }

  const share = (limit: number, of = servers) => Math.max(1, Math.floor(limit / of))
  const shared = (limit: Limit): Limit => ({ ...limit, limit: share(limit.limit) })
  /** What is left of a limit to those that reach Redis. */
  const common = (limit: number) =>
    Math.max(
      1,
      apart.others.reduce((left, of) => left - share(limit, of), limit),
    )
  const keyOf = ({ name, group = name }: Limit) => `${prefix}{${group}}:${name}`

  /** For Redis: '' is its own clock. */
  const instant = () => (clock ? String(clock.monotonic()) : '')

  const tell = (limit: Limit, ages: readonly number[]) =>
    redis.evaluate(tellScript, [keyOf(limit)], [instant(), String(limit.windowMs), ...ages.map((age) => age.toFixed(3))])

  async function ask(limits: readonly Limit[], peek: boolean, otherwise: () => Decision): Promise<Decision> {
    try {
      const rest = limits.flatMap(({ limit, windowMs }) => [String(common(limit)), String(windowMs)])
      const answer = await redis.evaluate(limitScript, limits.map(keyOf), [instant(), peek ? '1' : '', ...rest])
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
    const limits = ceiling ? [own, ceiling] : [own]
    const byShares = () => local.decideAll(shared(own), ceiling && shared(ceiling))
    const alone = (decision: Decision) => {
      if (decision.allowed) untold.note(limits, monotonic())
      return decision
    }
    if (exact) return ask(limits, false, () => alone(byShares()))
    const decision = byShares()
    if (!decision.allowed) return decision
    if (!answers) return alone(decision)
    // Until it is relied on, both have to admit.
    return ask(limits, false, () => alone(decision)).then((known) => (known.allowed ? decision : known))
  }

  return {
    decideAll,
    decide: (name, limit, windowMs) => decideAll({ name, limit, windowMs }, null),
    peek(limit) {
      const otherwise = () => local.peek(shared(limit))
      return exact ? ask([limit], true, otherwise) : otherwise()
    },
    async forget(name) {
      local.forget(name)
      untold.forget(name)
      if (answers) await redis.del(keyOf({ name, limit: 0, windowMs: 0 })).catch(lose)
    },
    exact: () => exact,
    decisions: () => ({ exact: decided, shares: local.decisions().exact }),
    async start() {
      const last = Number(await readFile(file, 'utf8').catch(() => ''))
      if (Number.isSafeInteger(last) && last > servers) servers = last
      asManyAt = monotonic()
      redis.onLost(lose)
      await beat()
      for (let attempt = 1; attempt < startAttempts && !answers; attempt++) {
        await sleep(beatMs)
        await beat()
      }
      if (!answers)
        log.warn(
          { err: redis.refusal() ?? 'no answer' },
          'Redis does not answer: this server starts without it and counts for itself until it is there',
        )
      const next = () => {
        timer = setTimeout(() => void beat().then(() => !stopped && next()), beatMs).unref()
      }
      next()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      if (answers) await redis.leave(serversKey, id).catch(() => {})
      await redis.close()
    },
  }
}
