// One pool, one query builder on it; int8 arrives as a number because every count and size here stays under 2^53.
import type { Duplex } from 'node:stream'
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import type { Database } from './schema.ts'

export type Db = Kysely<Database>
export type Trx = Transaction<Database>
export type Connection = Db | Trx

const int8 = 20
const date = 1082
const typeParsers = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === int8) return Number
    if (oid === date) return (value: string) => value
    return pg.types.getTypeParser(oid, format as 'text')
  }) as typeof pg.types.getTypeParser,
}

/** PostgreSQL does not answer: who asks is told at once instead of waiting for it. The code is its own for a connection that failed. */
export class DatabaseGoneError extends Error {
  override readonly name = 'DatabaseGoneError'
  readonly code = '08006'
}

/** Shut while PostgreSQL is gone or as slow as gone: nobody waits for it, and who was waiting waits no longer. */
export interface Gate {
  shut(): void
  open(): void
}

export interface ConnectOptions {
  /** What takes longer is given up, and so is a connection on which nothing comes back; 0 = nothing is, and locks are waited for without end. */
  readonly statementTimeoutMs?: number
  /** PostgreSQL has no connection left: the pool goes on with those it has, and tries for more. Said at most once a minute. */
  readonly onShortage?: () => void
}

/** SQLSTATE. */
const tooManyConnections = '53300'
/** Some of those it has may be taken for good, by the job queue: it asks for more soon. */
const shortageMs = 1_000
const sayShortageEveryMs = 60_000
/** Of one request, while others connect and may leave it one. */
const attemptsMax = 3

const idleInTransactionMs = 30_000
/** Who waits for a lock keeps a connection that others need: one row that is held must not hold up everybody. */
const lockWaitMs = 2_000
/** Beyond the time after which PostgreSQL itself gives a statement up. */
const silentMs = 2_000
const lookAtSilentMs = 1_000
/** PostgreSQL asks after who is silent, and lets go within five seconds of whom no packet reaches: a row that a server held when it was cut off is free. */
export const noticeTheDead = 'SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3'
const connectMs = 5_000

export function connect(
  connection: pg.PoolConfig,
  onError: (error: Error) => void,
  { statementTimeoutMs = 30_000, onShortage = () => {} }: ConnectOptions = {},
): { pool: pg.Pool; db: Db; gate: Gate } {
  const bounds: pg.QueryConfig & { query_timeout: number } = {
    text: `SET statement_timeout = ${statementTimeoutMs}; SET lock_timeout = ${statementTimeoutMs && lockWaitMs}; SET idle_in_transaction_session_timeout = ${idleInTransactionMs}; ${noticeTheDead}`,
    query_timeout: connectMs,
  }
  const pool = new pg.Pool({
    max: 20,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    application_name: 'aionvision',
    types: typeParsers,
    ...connection,
    // Set, not asked for when connecting: poolers refuse to pass those on.
    onConnect: (client) => client.query(bounds),
  })
  // Without a listener a server that stops ends this process.
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  if (statementTimeoutMs > 0) leaveTheSilent(pool, statementTimeoutMs + silentMs)
  return { pool, db: new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }), gate: gateOf(pool, onShortage) }
}

/** Its own end() would say goodbye first, and wait for somebody who does not answer. */
export function hangUp(client: pg.ClientBase): void {
  ;(client as unknown as { connection: { stream: Duplex } }).connection.stream.destroy()
}

/** Where PostgreSQL lives and one connection does not, nothing else ends the wait: the network may take a quarter of an hour. */
function leaveTheSilent(pool: pg.Pool, waitMs: number): void {
  const looks = new Map<pg.PoolClient, NodeJS.Timeout>()
  pool.on('connect', (client) => {
    const underWay = client as unknown as { _activeQuery: unknown }
    let seen: unknown = null
    let since = 0
    const look = () => {
      if (underWay._activeQuery !== seen) {
        seen = underWay._activeQuery
        since = performance.now()
      } else if (seen instanceof pg.Query && performance.now() - since > waitMs) hangUp(client)
    }
    looks.set(client, setInterval(look, lookAtSilentMs).unref())
  })
  pool.on('remove', (client) => {
    clearInterval(looks.get(client))
    looks.delete(client)
  })
}

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, release: (release?: boolean) => void) => void

function gateOf(pool: pg.Pool, onShortage: () => void): Gate {
  const clients = new Set<pg.PoolClient>()
  const waiting = new Set<(error: Error) => void>()
  const { max } = pool.options
  let shut = false
  let saidAt = Number.NEGATIVE_INFINITY
  pool.on('connect', (client) => clients.add(client)).on('remove', (client) => clients.delete(client))
  const ask = pool.connect.bind(pool) as () => Promise<pg.PoolClient>

  function connectOnce(attempts = attemptsMax): Promise<pg.PoolClient> {
    if (shut) return Promise.reject(new DatabaseGoneError('the database does not answer'))
    return new Promise((resolve, reject) => {
      waiting.add(reject)
      ask().then(
        (client) => (waiting.delete(reject) ? resolve(client) : client.release()),
        (error: Error & { code?: string }) => {
          waiting.delete(reject)
          if (error.code !== tooManyConnections) return reject(error)
          goOnWithFewer()
          if (attempts === 1 || pool.totalCount === 0) return reject(error)
          connectOnce(attempts - 1).then(resolve, reject)
        },
      )
    })
  }

  /** Who asks waits for one of those that are there, instead of being turned away. */
  function goOnWithFewer(): void {
    if (performance.now() - saidAt > sayShortageEveryMs) {
      saidAt = performance.now()
      onShortage()
    }
    if (pool.options.max === max)
      setTimeout(() => {
        pool.options.max = max
      }, shortageMs).unref()
    pool.options.max = Math.max(1, Math.min(clients.size, max - 1))
  }

  // Everything goes through it: Kysely, pool.query, and the job queue.
  pool.connect = ((done?: Connected) => {
    const connected = connectOnce()
    if (!done) return connected
    connected.then(
      (client) => done(undefined, client, client.release.bind(client)),
      (error) => done(error, undefined, () => {}),
    )
  }) as typeof pool.connect

  return {
    shut() {
      if (shut) return
      shut = true
      for (const reject of waiting) reject(new DatabaseGoneError('the database does not answer'))
      waiting.clear()
      for (const client of clients) hangUp(client)
    },
    open() {
      shut = false
    },
  }
}
