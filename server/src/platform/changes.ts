// How every server hears of a change before the next request is decided: PostgreSQL's NOTIFY, acknowledged, and no trust without it.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import type { Logger } from 'pino'
import type { Connection, Db, Trx } from './database/database.ts'
import { StartupError } from './startup-error.ts'

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
  /** While false nothing may be kept in memory: a server that cannot hear of a revocation must not go on trusting. */
  readonly live: boolean
}

const channel = 'aion_changes'
const ackChannel = 'aion_acks'
const listenerName = 'aion-listener:'
const reconnectMs = 250
/** A connection that died without a word is noticed after this long. */
const heartbeatMs = 2_000

export function createChanges({ connection, log }: { connection: pg.PoolConfig; log: Logger }): Changes {
  const server = randomUUID()
  const listeners: ((change: Change | 'all') => void)[] = []
  let client: pg.Client | null = null
  let live = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  const tell = (change: Change | 'all') => {
    for (const listener of listeners) listener(change)
  }

  async function listen(): Promise<void> {
    const next = new pg.Client({
      ...connection,
      application_name: listenerName + server,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    })
    next.on('error', () => lost(next))
    next.on('end', () => lost(next))
    next.on('notification', ({ payload = '' }) => {
      const [id, kind, subject = ''] = payload.split(' ')
      tell({ kind: kind as Change['kind'], id: subject })
      inTurn(next, 'SELECT pg_notify($1, $2)', [ackChannel, `${server} ${id}`]).catch(() => {})
    })
    try {
      await next.connect()
      await next.query(`LISTEN ${channel}`)
    } catch (error) {
      await next.end().catch(() => {})
      throw error
    }
    client = next
    tell('all')
    live = true
    beat(next)
  }

  function beat(current: pg.Client): void {
    timer = setTimeout(() => {
      const late = setTimeout(() => lost(current), heartbeatMs)
      inTurn(current, 'SELECT 1')
        .then(() => {
          clearTimeout(late)
          if (client === current && !stopped) beat(current)
        })
        .catch(() => {
          clearTimeout(late)
          lost(current)
        })
    }, heartbeatMs)
    timer.unref()
  }

  function lost(current: pg.Client): void {
    if (client !== current) return
    client = null
    live = false
    clearTimeout(timer)
    tell('all')
    current.end().catch(() => {})
    if (stopped) return
    log.warn('word of changes is cut off: nothing is kept in memory until it is back')
    retry()
  }

  function retry(): void {
    timer = setTimeout(() => {
      if (stopped) return
      listen().then(
        () => log.warn('word of changes is back'),
        () => retry(),
      )
    }, reconnectMs)
  }

  return {
    async publish(conn, change) {
      await publish(conn, randomUUID(), change)
    },
    apply: tell,
    subscribe(listener) {
      listeners.push(listener)
    },
    start: listen,
    async stop() {
      stopped = true
      live = false
      clearTimeout(timer)
      const current = client
      client = null
      await current?.end()
    },
    get live() {
      return live
    },
  }
}

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
    acks.add(payload)
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
      const { rows } = await ears.query<{ name: string }>(
        'SELECT application_name AS name FROM pg_stat_activity WHERE datname = current_database() AND starts_with(application_name, $1)',
        [listenerName],
      )
      const missing = rows.filter(({ name }) => !acks.has(`${name.slice(listenerName.length)} ${id}`))
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
