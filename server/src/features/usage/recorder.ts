// Counts every request of a key without touching the hot path, and writes in batches, at most five seconds behind.
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { Newest } from './newest.ts'
import { type Batch, trimRequests, writeBatch } from './queries.ts'

export interface UsageRecorder {
  /** Once per request of a key, when its answer is decided. */
  record(request: FastifyRequest, reply: FastifyReply, milliseconds: number): void
  /** Writes what was recorded; never throws, what could not be written is kept. */
  flush(): Promise<void>
  /** The same for somebody who is about to read: what was recorded until a second ago is in the database when it resolves. */
  settle(): Promise<void>
  start(): void
  stop(): Promise<void>
}

const minuteMs = 60_000
/** With the time a write takes, at most five seconds behind. */
const flushEveryMs = 4_000
const settleEveryMs = 1_000
/** So much waits only while PostgreSQL is away for long; from there on minutes are merged, and no request is forgotten. */
const waitingCountersMax = 200_000
const stopAttempts = 3

/** Requests and milliseconds of one key on one route in one minute, a pair for each class of status. */
type Counters = Float64Array
const nowhere: Counters = new Float64Array(0)
const nobody = new Newest()
interface KeyMinute {
  readonly newest: Newest
  readonly routes: Map<string, Counters>
}
interface Minute {
  /** Whole minutes since 1970. */
  readonly number: number
  readonly keys: Map<string, KeyMinute>
}

/** Where a key's last request was counted: the next one on the same route in the same minute needs no look-up. */
export interface Tally {
  minute: Minute | null
  route: string
  counters: Counters
  newest: Newest
}

export const newTally = (): Tally => ({ minute: null, route: '', counters: nowhere, newest: nobody })

export function createUsageRecorder({ pool, clock, log }: Pick<Deps, 'pool' | 'clock' | 'log'>): UsageRecorder {
  let minutes: Minute[] = []
  let minute: Minute = { number: -1, keys: new Map() }
  let newest = new Map<string, Newest>()
  let counters = 0
  /** Taken and perhaps written: nobody knows until PostgreSQL has said so. */
  let doubtful: Batch | null = null
  let running: Promise<void> | null = null
  let begunAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  function turnTo(number: number): void {
    if (counters >= waitingCountersMax) return
    minute = { number, keys: new Map() }
    minutes.push(minute)
  }

  function beginKey(keyId: string, tenantId: string): KeyMinute {
    let ring = newest.get(tenantId)
    if (!ring) {
      ring = new Newest()
      newest.set(tenantId, ring)
    }
    const key = { newest: ring, routes: new Map<string, Counters>() }
    minute.keys.set(keyId, key)
    return key
  }

  function beginRoute(key: KeyMinute, route: string): Counters {
    const made = new Float64Array(12)
    key.routes.set(route, made)
    counters++
    return made
  }

  function take(): Batch | null {
    if (minutes.length === 0) return null
    const batch = toBatch(minutes, newest, clock.now())
    minutes = []
    minute = { number: -1, keys: new Map() }
    newest = new Map()
    counters = 0
    return batch
  }

  /** One whose answer was lost is sent again under the same id, and nothing newer before it. */
  async function writeDoubtful(): Promise<void> {
    if (!doubtful) return
    await writeBatch(pool, doubtful)
    const { busiest } = doubtful
    doubtful = null
    for (const tenantId of busiest) await trimRequests(pool, tenantId)
  }

  async function writeAll(): Promise<void> {
    begunAt = performance.now()
    try {
      await writeDoubtful()
      doubtful = take()
      await writeDoubtful()
    } catch (error) {
      log.warn({ err: (error as Error).message }, 'usage could not be written; it is kept and tried again')
    }
  }

  function flush(): Promise<void> {
    // Whoever comes during a write waits for one that begins after it: that one holds what they recorded.
    const next: Promise<void> = (running ?? Promise.resolve()).then(writeAll).finally(() => {
      if (running === next) running = null
    })
    running = next
    return next
  }

  return {
    record(request, reply, milliseconds) {
      const principal = request.principal
      if (principal?.kind !== 'key') return
      const at = clock.now()
      const number = Math.floor(at / minuteMs)
      if (number !== minute.number) turnTo(number)
      const { keyId, tally } = principal
      const route = request.route === '' ? `${request.method} (unknown)` : request.route
      if (tally.minute !== minute || tally.route !== route) {
        const key = minute.keys.get(keyId) ?? beginKey(keyId, principal.tenantId)
        tally.counters = key.routes.get(route) ?? beginRoute(key, route)
        tally.newest = key.newest
        tally.minute = minute
        tally.route = route
      }
      const sums = tally.counters
      const status = reply.statusCode
      const place = Math.trunc(status / 100) * 2
      sums[place] = (sums[place] as number) + 1
      sums[place + 1] = (sums[place + 1] as number) + milliseconds
      tally.newest.add(keyId, route, at, status, milliseconds, request.errorCode)
    },
    flush,
    async settle() {
      if (performance.now() - begunAt >= settleEveryMs) await flush()
      else await running
    },
    start() {
      timer = setInterval(() => void (running ?? flush()), flushEveryMs).unref()
    },
    async stop() {
      clearInterval(timer)
      for (let attempt = 0; attempt < stopAttempts; attempt++) {
        await flush()
        if (!doubtful && minutes.length === 0) return
      }
      log.error('usage was lost: PostgreSQL did not take it before the end')
    },
  }
}

function toBatch(minutes: readonly Minute[], newest: ReadonlyMap<string, Newest>, at: number): Batch {
  const keys = new Numbered()
  const tenantOfKey: string[] = []
  const routes = new Numbered()
  const codes = new Numbered()
  const tenantOf = new Map<Newest, string>()
  for (const [tenantId, ring] of newest) tenantOf.set(ring, tenantId)
  const numberOfKey = (keyId: string, tenantId: string) => {
    const number = keys.of(keyId)
    tenantOfKey[number - 1] = tenantId
    return number
  }

  const sums: Batch['sums'] = { minute: [], key: [], route: [], statusClass: [], requests: [], milliseconds: [] }
  for (const { number, keys: used } of minutes)
    for (const [keyId, { newest: ring, routes: called }] of used) {
      const key = numberOfKey(keyId, tenantOf.get(ring) ?? '')
      for (const [route, counters] of called)
        for (let statusClass = 1; statusClass <= 5; statusClass++) {
          const requests = counters[statusClass * 2] ?? 0
          if (requests === 0) continue
          sums.minute.push(number)
          sums.key.push(key)
          sums.route.push(routes.of(route))
          sums.statusClass.push(statusClass)
          sums.requests.push(requests)
          sums.milliseconds.push(round(counters[statusClass * 2 + 1] ?? 0))
        }
    }

  const requests: Batch['requests'] = { at: [], key: [], route: [], status: [], milliseconds: [], code: [] }
  const busiest: string[] = []
  for (const [tenantId, ring] of newest) {
    ring.forEach((keyId, route, requestAt, status, milliseconds, code) => {
      requests.at.push(requestAt)
      requests.key.push(numberOfKey(keyId, tenantId))
      requests.route.push(routes.of(route))
      requests.status.push(status)
      requests.milliseconds.push(round(milliseconds))
      requests.code.push(code === null ? 0 : codes.of(code))
    })
    // About once in a thousand requests of a tenant its older ones are looked for.
    if (Math.random() < ring.size / 1_000) busiest.push(tenantId)
  }
  return {
    id: randomUUID(),
    at,
    keys: keys.all,
    tenants: tenantOfKey,
    routes: routes.all,
    codes: codes.all,
    sums,
    requests,
    busiest,
  }
}

/** Numbers texts from 1 on, as PostgreSQL counts the places of an array. */
class Numbered {
  readonly all: string[] = []
  private readonly numbers = new Map<string, number>()
  of(text: string): number {
    let number = this.numbers.get(text)
    if (number === undefined) {
      number = this.all.push(text)
      this.numbers.set(text, number)
    }
    return number
  }
}

/** To a microsecond. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000
}
