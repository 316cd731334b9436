// How every server hears of a change before the next request is decided: PostgreSQL's NOTIFY, acknowledged; and how long it trusts without it.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import type { Logger } from 'pino'
import { type Connection, type Gate, hangUp, noticeTheDead } from './database/database.ts'
import { connectionName, describe, type Listener, listListeners } from './listeners.ts'
import type { Siblings } from './workers/siblings.ts'

export interface Change {
  readonly kind: 'key' | 'tenant' | 'user' | 'session'
  readonly id: string
}

export interface Changes {
  /** Inside the deed's transaction: servers hear of it when it commits, and not before. */
  publish(conn: Connection, change: Change): Promise<void>
  /** This process at once: after the commit, before the answer. */
  apply(change: Change): void
  /** `all`: changes may have been missed, so everything kept must go. */
  subscribe(listener: (change: Change | 'all') => void): void
  start(): Promise<void>
  stop(): Promise<void>
  /** Until the other workers of this machine have taken what was applied; null = they have. */
  unheard(): Promise<unknown> | null
  /** While false nothing new may be kept in memory: what is there already goes too, at once or when the trust of `trustMs` is used up. */
  readonly live: boolean
  readonly apart: Apart
}

/** For servers that do not reach the common counters: how many share a limit, and whom the others leave a share. A second old at most. */
export interface Apart {
  /** This one counts by itself, as one of so many; null = not any more. */
  say(of: number | null): void
  /** Of each other that does: as one of how many. */
  readonly others: readonly number[]
  /** All that hear of changes, this one included. */
  readonly servers: number
}

/** A second way for changes, for as long as PostgreSQL is cut off. */
export interface Relay {
  /** To the other servers. */
  send(change: Change): void
  /** `deaf`: something may be missed from here on. */
  start(hear: (change: Change) => void, deaf: () => void): Promise<void>
  stop(): Promise<void>
  readonly live: boolean
}

interface Options {
  readonly connection: pg.PoolConfig
  readonly log: Logger
  /** Without one, memory is trusted without PostgreSQL by a server that was the only one. */
  readonly relay?: Relay | null
  readonly siblings?: Siblings | null
  /** How many of this installation's listeners this machine runs: its workers. */
  readonly workers?: number
  /** Told when PostgreSQL is gone, or too slow to be of use, and when it is back. */
  readonly gate?: Gate
  readonly mark?: Listener['mark']
}

const channel = 'aion_changes'
export const ackChannel = 'aion_acks'
const reconnectMs = 250
/** Both together: within a second a server knows that it may not have heard of a revocation. */
const heartbeatMs = 250
/** In heartbeats: how often the others are looked at where that is all they are looked at for. */
const lookEvery = 4
const lateMs = 500
const connectMs = 2_000
const startMs = 5_000
/** How long memory answers without PostgreSQL, where a change would still be heard of. */
const trustMs = 30_000

export function createChanges({
  connection,
  log,
  relay = null,
  siblings = null,
  workers = 1,
  gate,
  mark = '',
}: Options): Changes {
  const id = randomUUID()
  const listeners: ((change: Change | 'all') => void)[] = []
  const pending = new Set<Promise<void>>()
  let client: pg.Client | null = null
  let live = false
  let stopped = false
  let alone = false
  let apartOf: number | null = null
  let othersApart: readonly number[] = []
  let servers = 1
  let beats = 0
  let timer: NodeJS.Timeout | undefined
  let trust: NodeJS.Timeout | undefined

  /** What others see of this server. */
  const own = (): Listener => ({ id, mark, apartOf })
  const showName = (current: pg.Client) =>
    void inTurn(current, `SELECT set_config('application_name', $1, false)`, [connectionName(own())]).catch(() => {})

  const tell = (change: Change | 'all') => {
    for (const listener of listeners) listener(change)
  }

  function distrust(): void {
    clearTimeout(trust)
    trust = undefined
    tell('all')
  }

  async function listen(connectionTimeoutMillis: number): Promise<void> {
    const next = new pg.Client({
      ...connection,
      application_name: connectionName(own()),
      connectionTimeoutMillis,
      keepAlive: true,
    })
    next.on('error', () => lost(next))
    next.on('end', () => lost(next))
    next.on('notification', ({ payload = '' }) => {
      const [change, kind, subject = ''] = payload.split(' ')
      tell({ kind: kind as Change['kind'], id: subject })
      inTurn(next, 'SELECT pg_notify($1, $2)', [ackChannel, `${describe(own())} ${change}`]).catch(() => {})
    })
    try {
      await next.connect()
      const listening: pg.QueryConfig & { query_timeout: number } = {
        text: `${noticeTheDead}; LISTEN ${channel}`,
        query_timeout: connectionTimeoutMillis,
      }
      await next.query(listening)
    } catch (error) {
      hangUp(next)
      throw error
    }
    client = next
    distrust()
    live = true
    gate?.open()
    beat(next)
  }

  /** Answers the others. */
  async function lookAround(current: pg.Client): Promise<Listener[]> {
    const listeners = await listListeners((text, values) => inTurn(current, text, values))
    const others = listeners.filter((listener) => listener.id !== id)
    alone = others.length < workers
    servers = others.length + 1
    othersApart = others.flatMap(({ apartOf }) => apartOf ?? [])
    // What was to be said while it connected, or could not be.
    if (!listeners.some((listener) => describe(listener) === describe(own()))) showName(current)
    return others
  }

  /** What only goes wrong for some requests, and later: said where it can still be put right. */
  function compareWith(others: Listener[]): void {
    if (others.some((other) => ![mark, ''].includes(other.mark)))
      log.warn('AION_SECRET is not that of another server on this database: what one signs the other refuses. Give all the same')
    if (!relay && others.length >= workers)
      log.warn('REDIS_URL is not set, and another server uses this database: each of them counts every limit for itself')
  }

  function beat(current: pg.Client): void {
    timer = setTimeout(() => {
      let answered = false
      // Looked at once more: an answer may lie there unread because this process was busy.
      const late = setTimeout(() => setImmediate(() => !answered && lost(current, true)), lateMs)
      const looked = relay && ++beats % lookEvery !== 0 ? inTurn(current, 'SELECT 1') : lookAround(current)
      looked
        .then(() => {
          if (client === current && !stopped) beat(current)
        })
        .catch(() => lost(current))
        .finally(() => {
          answered = true
          clearTimeout(late)
        })
    }, heartbeatMs)
    timer.unref()
  }

  function lost(current: pg.Client, silent = false): void {
    if (client !== current) return
    client = null
    live = false
    clearTimeout(timer)
    hangUp(current)
    if (stopped) return
    if (relay ? relay.live : alone) {
      trust = setTimeout(distrust, trustMs)
      trust.unref()
      log.warn(
        `PostgreSQL is cut off, and with it word of changes: what is in memory is trusted for ${trustMs / 1_000} s at most`,
      )
    } else {
      tell('all')
      log.warn('PostgreSQL is cut off, and with it word of changes: nothing is kept in memory until it is back')
    }
    if (silent) gate?.shut()
    retry(0)
  }

  function retry(pauseMs: number): void {
    timer = setTimeout(() => {
      if (stopped) return
      const late = setTimeout(() => gate?.shut(), lateMs)
      listen(connectMs)
        .then(
          () => log.warn('PostgreSQL is back, and with it word of changes'),
          () => {
            gate?.shut()
            retry(reconnectMs)
          },
        )
        .finally(() => clearTimeout(late))
    }, pauseMs)
  }

  return {
    async publish(conn, change) {
      await publish(conn, randomUUID(), change)
    },
    apply(change) {
      tell(change)
      relay?.send(change)
      if (!siblings) return
      const heard = siblings.send(change).finally(() => pending.delete(heard))
      pending.add(heard)
    },
    unheard: () => (pending.size > 0 ? Promise.all(pending) : null),
    subscribe(listener) {
      listeners.push(listener)
    },
    async start() {
      siblings?.hear(tell)
      await relay?.start(tell, () => trust && distrust())
      await listen(startMs)
      // Who cannot be asked just now is not worth a start.
      if (client) await lookAround(client).then(compareWith, () => {})
    },
    async stop() {
      stopped = true
      live = false
      clearTimeout(timer)
      clearTimeout(trust)
      await relay?.stop()
      const current = client
      client = null
      await current?.end()
    },
    get live() {
      return live
    },
    apart: {
      say(of) {
        if (of === apartOf) return
        apartOf = of
        if (client) showName(client)
      },
      get others() {
        return othersApart
      },
      get servers() {
        return servers
      },
    },
  }
}

const turns = new WeakMap<pg.Client, Promise<unknown>>()

/** One query at a time on one connection: word that comes while the heartbeat is under way waits for it. */
function inTurn(client: pg.Client, text: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const ask = () => client.query(text, values)
  const mine = (turns.get(client) ?? Promise.resolve()).then(ask, ask)
  turns.set(client, mine)
  return mine
}

export async function publish(conn: Connection, id: string, change: Change): Promise<void> {
  await sql`SELECT pg_notify(${channel}, ${`${id} ${change.kind} ${change.id}`})`.execute(conn)
}
