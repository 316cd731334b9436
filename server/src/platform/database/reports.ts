// Long reads, on a standby where there is one: it answers only what is as new as the primary was when the report was asked for.
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import type { Logger } from 'pino'
import { connect, type Db, type Gate } from './database.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { settleTls } from './reach-database.ts'

export interface Reports {
  /** Runs `work`, which only reads: on the standby, or on the primary when that one is gone, behind, or takes the work back. */
  read<T>(work: (db: Db) => Promise<T>): Promise<T>
  /** Whether a standby answers; null where none is configured. */
  onReplica(): boolean | null
  /** How many reports were answered by whom. */
  counts(): { readonly replica: number; readonly primary: number }
  start(): void
  stop(): Promise<void>
}

export interface ReportsOptions {
  /** DATABASE_REPLICA_URL: a physical standby of the primary. */
  readonly url: string
  readonly primary: Db
  readonly poolMax: number
  readonly statementTimeoutMs: number
  readonly log: Logger
  readonly trace: (pool: pg.Pool) => void
}

/** For the standby to take up what the primary has just written. */
const catchUpMs = 100
const lookAgainMs = 10
/** For an answer to the question how far it is. */
const answerMs = 1_000
/** Until a standby that was gone or behind is looked for again. */
const restMs = 5_000

const statementTimeout = '57014'
/** What PostgreSQL says when it ends; other errors that are not its own words mean that nobody answered. */
const gone = /^(08|57P0)/
/** node-postgres gives it no code: no connection became free in `connectionTimeoutMillis`. */
const poolTimeout = 'timeout exceeded when trying to connect'

/** A position in the log of the primary, and whose log it is: after a failover a standby that was not part of it is on the old timeline. */
interface Position {
  readonly lsn: string
  readonly system: string
  readonly timeline: number
}

interface Replica {
  readonly pool: pg.Pool
  readonly db: Db
  readonly gate: Gate
}

export function primaryReports(primary: Db): Reports {
  return {
    read: (work) => work(primary),
    onReplica: () => null,
    counts: () => ({ replica: 0, primary: 0 }),
    start: () => {},
    stop: async () => {},
  }
}

export function createReports({ url, primary, poolMax, statementTimeoutMs, log, trace }: ReportsOptions): Reports {
  const counts = { replica: 0, primary: 0 }
  let replica: Replica | null = null
  let answers = false
  let stopped = false
  let retry: NodeJS.Timeout | undefined
  /** The last thing that was said about it, so that each is said once. */
  let told = ''

  async function open(): Promise<Replica> {
    const address = parseDatabaseUrl(url)
    if (typeof address === 'string') throw new Error(address)
    const connection = {
      ...(await settleTls(address)),
      max: poolMax,
      connectionTimeoutMillis: answerMs,
      // A standby that has stopped answering must not hold a report for ever.
      query_timeout: statementTimeoutMs + answerMs,
    }
    const opened = connect(connection, () => {}, { statementTimeoutMs })
    trace(opened.pool)
    return opened
  }

  /** Null once it has what the primary had; otherwise why it may not answer. */
  async function findUnfit({ pool }: Replica, { lsn, system, timeline }: Position): Promise<string | null> {
    for (const deadline = performance.now() + catchUpMs; ; await sleep(lookAgainMs)) {
      const state = await readState(pool, lsn)
      if (state.system !== system) return 'it is no copy of the database at DATABASE_URL'
      if (!state.standby) return 'it is no standby'
      if (state.timeline !== timeline) return 'it is not known to follow the primary since the last failover'
      if (state.reached) return null
      if (performance.now() > deadline) return `it is more than ${catchUpMs} ms behind`
    }
  }

  function rest(reason: string): void {
    answers = false
    if (stopped) return
    if (told !== reason) log.warn({ reason }, 'the replica cannot answer reports: the primary does')
    told = reason
    clearTimeout(retry)
    retry = setTimeout(look, restMs)
    retry.unref()
  }

  /** What it has not answered yet, the primary will. */
  function leave(error: Error): void {
    replica?.gate.shut()
    rest(error.message)
  }

  async function look(): Promise<void> {
    try {
      replica ??= await open()
      if (stopped) return
      replica.gate.open()
      const unfit = await findUnfit(replica, await readPosition(primary))
      if (unfit) return rest(unfit)
      answers = true
      if (told) log.info('the replica answers reports again')
      told = ''
    } catch (error) {
      const { message } = error as Error
      if (message === poolTimeout) rest(message)
      else leave(error as Error)
    }
  }

  /** Null where the primary has to answer. */
  async function readThere<T>(work: (db: Db) => Promise<T>): Promise<{ result: T } | null> {
    if (!answers || !replica) return null
    const position = await readPosition(primary)
    try {
      const unfit = await findUnfit(replica, position)
      if (!unfit) return { result: await work(replica.db) }
      rest(unfit)
    } catch (error) {
      const { code = '', message } = error as pg.DatabaseError
      if (code === statementTimeout) throw error
      // Anything else that it says is for this report alone, and so is that other reports have all of its connections.
      const lost = error instanceof pg.DatabaseError ? gone.test(code) : message !== poolTimeout
      if (lost && answers) leave(error as Error)
    }
    return null
  }

  return {
    async read(work) {
      const read = await readThere(work)
      counts[read ? 'replica' : 'primary']++
      return read ? read.result : work(primary)
    },
    onReplica: () => answers,
    counts: () => counts,
    start: () => void look(),
    async stop() {
      stopped = true
      clearTimeout(retry)
      await replica?.db.destroy()
    },
  }
}

async function readPosition(primary: Db): Promise<Position> {
  const { rows } = await sql<Position>`
    -- What can be seen has been flushed, unless commits do not wait for that; what has not been flushed is sent to no standby.
    SELECT lsn::text, ('x' || left(pg_walfile_name(lsn), 8))::bit(32)::integer AS timeline, system_identifier::text AS system
    FROM (SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
      ELSE pg_current_wal_flush_lsn() END AS lsn) AS reached, pg_control_system()`.execute(primary)
  return rows[0] as Position
}

interface State {
  readonly system: string
  readonly standby: boolean
  readonly timeline: number
  readonly reached: boolean
}

async function readState(pool: pg.Pool, lsn: string): Promise<State> {
  const { rows } = await pool.query({
    text: `SELECT system_identifier::text AS system, pg_is_in_recovery() AS standby, greatest(timeline_id, min_recovery_end_timeline) AS timeline,
             coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) AS reached
           FROM pg_control_system(), pg_control_checkpoint(), pg_control_recovery()`,
    values: [lsn],
    query_timeout: answerMs,
  } as pg.QueryConfig)
  return rows[0]
}
