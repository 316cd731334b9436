// How every server hears of a change before the next request is decided: PostgreSQL's NOTIFY, acknowledged; and how long it trusts without it.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import type { Logger } from 'pino'
import { type Connection, type Db, type Gate, hangUp, noticeTheDead, type Trx } from './database/database.ts'
import { StartupError } from './startup-error.ts'
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

/** Servers that do not reach the common counters say so in PostgreSQL, so that the others leave them their part. */
export interface Apart {
  /** This one counts by itself, as one of so many; null = not any more. */
  say(of: number | null): void
  /** Of each other that does: as one of how many. A second old at most. */
  readonly others: readonly number[]
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
  /** Tells the master secret from any other, and nothing about it: all servers of one database have the same. At most 10 characters. */
  readonly mark?: string
}

const channel = 'aion_changes'
const ackChannel = 'aion_acks'
const listenerName = 'aion-listener:'
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
  const server = randomUUID()
  const listeners: ((change: Change | 'all') => void)[] = []
  const pending = new Set<Promise<void>>()
  let client: pg.Client | null = null
  let live = false
  let stopped = false
  let alone = false
  let apartOf: number | null = null
  let othersApart: readonly number[] = []
  let beats = 0
  let timer: NodeJS.Timeout | undefined
  let trust: NodeJS.Timeout | undefined

  /** What others see of this server: in the name of its connection, which holds 63 characters. */
  const visible = () => [server, mark, ...(apartOf === null ? [] : [Math.min(apartOf, 999)])].join(':')

  function showName(): void {
    if (client) inTurn(client, `SELECT set_config('application_name', $1, false)`, [listenerName + visible()]).catch(() => {})
  }

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
      application_name: listenerName + visible(),
      connectionTimeoutMillis,
      keepAlive: true,
    })
    next.on('error', () => lost(next))
    next.on('end', () => lost(next))
    next.on('notification', ({ payload = '' }) => {
      const [id, kind, subject = ''] = payload.split(' ')
      tell({ kind: kind as Change['kind'], id: subject })
      inTurn(next, 'SELECT pg_notify($1, $2)', [ackChannel, `${visible()} ${id}`]).catch(() => {})
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
    if (apartOf !== null) showName()
    distrust()
    live = true
    gate?.open()
    beat(next)
  }

  const listOthers = async (current: pg.Client) =>
    readNames((await inTurn(current, listNames, [listenerName])) as pg.QueryResult<{ name: string }>).filter(
      ({ id }) => id !== server,
    )

  async function lookAround(current: pg.Client): Promise<void> {
    if (relay && ++beats % lookEvery !== 0) return void (await inTurn(current, 'SELECT 1'))
    const others = await listOthers(current)
    alone = others.length < workers
    othersApart = others.flatMap(({ apartOf }) => (apartOf ? [apartOf] : []))
  }

  /** What only goes wrong for some requests, and later: said where it can still be put right. */
  async function compareWithOthers(current: pg.Client): Promise<void> {
    const others = await listOthers(current)
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
      lookAround(current)
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
      log.warn(`word of changes is cut off: what is in memory is trusted for ${trustMs / 1_000} s at most`)
    } else {
      tell('all')
      log.warn('word of changes is cut off: nothing is kept in memory until it is back')
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
          () => log.warn('word of changes is back'),
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
      if (client) await compareWithOthers(client).catch(() => {})
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
        showName()
      },
      get others() {
        return othersApart
      },
    },
  }
}

const listNames = `SELECT application_name AS name FROM pg_stat_activity
  WHERE datname = current_database() AND starts_with(application_name, $1)`

interface Listener {
  readonly id: string
  readonly mark: string
  readonly apartOf: number
}

const readNames = ({ rows }: pg.QueryResult<{ name: string }>): Listener[] =>
  rows.map(({ name }) => {
    const [id = '', mark = '', apartOf = 0] = name.slice(listenerName.length).split(':')
    return { id, mark, apartOf: Number(apartOf) }
  })

const turns = new WeakMap<pg.Client, Promise<unknown>>()

/** One query at a time on one connection: word that comes while the heartbeat is under way waits for it. */
function inTurn(client: pg.Client, text: string, values: unknown[] = []): Promise<unknown> {
  const ask = () => client.query(text, values)
  const mine = (turns.get(client) ?? Promise.resolve()).then(ask, ask)
  turns.set(client, mine)
  return mine
}

async function publish(conn: Connection, id: string, change: Change): Promise<void> {
  await sql`SELECT pg_notify(${channel}, ${`${id} ${change.kind} ${change.id}`})`.execute(conn)
}

/**
 * For the shell: does the deed in one transaction and returns when every server that listens has taken its change, or throws
 * after `timeoutMs`. PostgreSQL itself knows who listens: by the name of the connection.
 */
export async function publishAndAwaitServers<Result>(
  pool: pg.Pool,
  db: Db,
  deed: (trx: Trx) => Promise<Result>,
  change: Change,
  timeoutMs: number,
): Promise<Result> {
  const id = randomUUID()
  const acks = new Set<string>()
  let heard = () => {}
  const ears = await pool.connect()
  ears.on('notification', ({ payload = '' }) => {
    const [server = '', of] = payload.split(' ')
    if (of === id) acks.add(server.split(':')[0] ?? '')
    heard()
  })
  try {
    await ears.query(`LISTEN ${ackChannel}`)
    const result = await db.transaction().execute(async (trx) => {
      const done = await deed(trx)
      await publish(trx, id, change)
      return done
    })
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const listeners = readNames(await ears.query<{ name: string }>(listNames, [listenerName]))
      const missing = listeners.filter((listener) => !acks.has(listener.id))
      if (missing.length === 0) return result
      if (Date.now() > deadline)
        throw new StartupError(
          `Done, but ${missing.length} running server(s) did not take the change within ${timeoutMs / 1000} s.`,
        )
      await new Promise<void>((resolve) => {
        heard = resolve
        setTimeout(resolve, 100)
      })
    }
  } finally {
    ears.release(true)
  }
}
