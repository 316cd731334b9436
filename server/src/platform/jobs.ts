// Work that outlives a request: a row written in the deed's own transaction, run later and again until it succeeds (graphile-worker).
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Logger, parseCronItems, run, runMigrations, type WorkerEvents } from 'graphile-worker'
import { sql } from 'kysely'
import type pg from 'pg'
import type { Logger as Log } from 'pino'
import type { Connection } from './database/database.ts'
import { endWith, type Tracing } from './tracing.ts'

export type Task = (payload: Record<string, unknown>) => Promise<void>

export interface Tasks {
  readonly tasks: Record<string, Task>
  readonly cron: readonly CronEntry[]
}

export interface CronEntry {
  // Five fields of a crontab, UTC; `*/5` in the first is every five minutes.
  readonly pattern: string
  readonly task: string
}

export interface JobOptions {
  /** Jobs of one queue run one after another, however many servers there are. */
  readonly queue?: string
  /** Lower goes first; 0 unless given. */
  readonly priority?: number
  /** Takes the place of a job of this key that has not begun. */
  readonly key?: string
}

export interface Outcomes {
  done: number
  failed: number
}

export interface Jobs {
  /** Commits, or does not happen, together with the rest of the transaction. Answers the job's id. */
  add(conn: Connection, task: string, payload: object, options?: JobOptions): Promise<string>
  /** How often each task succeeded and failed in this process. */
  outcomes(): ReadonlyMap<string, Outcomes>
  start(tasks: Record<string, Task>, cron: readonly CronEntry[]): Promise<void>
  /** Waits for the jobs in hand, up to five seconds each. */
  stop(): Promise<void>
}

/** Whose jobs are whose: each process that runs some holds a connection of this name and its worker's id. */
const presenceName = 'aionvision-jobs:'
/** Absent at two looks in a row, a worker is dead. */
const lookEveryMs = 2_000
const presenceRetryMs = 250
/** For ends of jobs that are still being written when the last one is done. */
const settleMs = 5_000
const attemptsMax = 12
const restartMs = 1_000

/** The queue's own tables; part of the migrations, under the same lock. */
export async function installJobs(pool: pg.Pool, log?: Log): Promise<void> {
  watchClients(pool, log)
  await runMigrations({ pgPool: pool, logger: toLogger(log) })
}

export function createJobs(deps: { pool: pg.Pool; log: Log; tracing?: Tracing | null }): Jobs {
  const { pool, log, tracing = null } = deps
  watchClients(pool, log)
  let working: Working | null = null
  let stopping = false
  let wake = () => {}
  let supervision: Promise<void> = Promise.resolve()
  let looks: NodeJS.Timeout | undefined
  let absent: readonly string[] = []
  const outcomes = new Map<string, Outcomes>()

  /** The worker gives up when the database goes away, and knows nothing of its return: it is started again until it stays. */
  async function supervise(begin: () => Promise<Working>): Promise<void> {
    while (!stopping) {
      try {
        working ??= await begin()
        if (stopping) await working.stop()
        await working.ended
      } catch (error) {
        if (!stopping) log.warn({ err: String(error) }, 'jobs are interrupted')
      }
      working?.leave()
      working = null
      if (!stopping) await pause()
    }
  }

  /** Jobs that a killed process held would stay locked for four hours. */
  async function freeHeld(): Promise<void> {
    const { rows } = await pool.query<{ id: string }>(absentHolders)
    const now = rows.map(({ id }) => id)
    const dead = now.filter((id) => absent.includes(id))
    absent = now
    if (dead.length === 0) return
    log.warn({ workers: dead }, 'jobs of a process that is gone are run again')
    await pool.query('SELECT graphile_worker.force_unlock_workers($1)', [dead])
  }

  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, restartMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  return {
    async add(conn, task, payload, { queue, priority, key } = {}) {
      const cause = tracing?.cause()
      const given = cause ? { ...payload, [causeField]: cause } : payload
      const { rows } = await sql<{
        id: string
      }>`SELECT id::text FROM graphile_worker.add_job(${task}, ${JSON.stringify(given)}::json,
        queue_name => ${queue ?? null}, priority => ${priority ?? null}, job_key => ${key ?? null}, max_attempts => ${attemptsMax})`.execute(
        conn,
      )
      return rows[0]?.id ?? ''
    },
    outcomes: () => outcomes,
    async start(tasks, cron) {
      const counted = Object.entries(tasks).map(
        ([name, task]) => [name, count(traced(task, name, tracing), name, outcomes)] as const,
      )
      const begin = () => work(pool, log, Object.fromEntries(counted), cron)
      working = await begin()
      supervision = supervise(begin)
      looks = setInterval(() => void freeHeld().catch(() => {}), lookEveryMs).unref()
    },
    async stop() {
      stopping = true
      clearInterval(looks)
      wake()
      await working?.stop().catch(() => {})
      await supervision
    },
  }
}

/** In a payload beside the task's own fields: the span that added the job. */
const causeField = 'traceparent'

function traced(task: Task, name: string, tracing: Tracing | null): Task {
  if (!tracing) return task
  return async (payload) => {
    const { [causeField]: cause } = payload
    const span = tracing.begin(`process ${name}`, 'consumer', { cause: typeof cause === 'string' ? cause : undefined })
    if (!span) return task(payload)
    span.set({
      'messaging.system': 'graphile-worker',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': name,
    })
    await endWith(span, () => task(payload))
  }
}

function count(task: Task, name: string, all: Map<string, Outcomes>): Task {
  const own: Outcomes = { done: 0, failed: 0 }
  all.set(name, own)
  return async (payload) => {
    try {
      await task(payload)
      own.done++
    } catch (error) {
      own.failed++
      throw error
    }
  }
}

interface Working {
  /** Settles when the worker has ended, for whatever reason. */
  readonly ended: Promise<void>
  stop(): Promise<void>
  /** Whatever it still holds is free for others. */
  leave(): void
}

async function work(pool: pg.Pool, log: Log, tasks: Record<string, Task>, cron: readonly CronEntry[]): Promise<Working> {
  const events: WorkerEvents = new EventEmitter()
  let leave = () => {}
  events.once('pool:create', ({ workerPool }) => {
    leave = keepPresence(pool, presenceName + workerPool.id)
  })
  try {
    const runner = await run({
      pgPool: pool,
      events,
      logger: toLogger(log),
      concurrency: 4,
      // Signals belong to main.ts alone: the worker would end the process before requests are drained.
      noHandleSignals: true,
      // In batches (of whatever comes in one tick) a job's end is awaited; otherwise one that cannot be written rejects unheard
      // and ends this process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      taskList: Object.fromEntries(
        Object.entries(tasks).map(([name, task]) => [
          name,
          async (payload: unknown) => task((payload ?? {}) as Record<string, unknown>),
        ]),
      ),
      parsedCronItems: parseCronItems(
        cron.map(({ pattern, task }) => ({ match: pattern, task, options: { backfillPeriod: 0 } })),
      ),
    })
    const ended = Promise.race([runner.promise, jammed(events).then(() => runner.stop().catch(() => {}))])
    return {
      ended,
      stop: () => Promise.race([runner.stop(), ended]),
      leave: () => leave(),
    }
  } catch (error) {
    leave()
    throw error
  }
}

/**
 * The worker counts wrong when the ends of two jobs cannot be written at the same time (graphile/worker#636), and then waits for ever for
 * the one that it thinks is under way. Resolves when it has had its time.
 */
function jammed(events: WorkerEvents): Promise<void> {
  const shut = ['pool:gracefulShutdown:complete', 'pool:forcefulShutdown:complete', 'pool:forcefulShutdown:error'] as const
  return new Promise((resolve) => {
    for (const event of shut) events.once(event, () => setTimeout(resolve, settleMs).unref())
  })
}

/** A connection of that name until it is left, and another one whenever it is lost. */
function keepPresence(pool: pg.Pool, name: string): () => void {
  let left = false
  let release = () => {}
  const hold = async () => {
    const client = await pool.connect()
    release = () => {
      release = () => {}
      client.release(true)
    }
    const ended = new Promise<void>((resolve) => client.once('end', () => resolve()))
    await client.query(markPresence, [name])
    if (!left) await ended
  }
  const keep = async () => {
    while (!left) {
      await hold().catch(() => {})
      release()
      if (!left) await sleep(presenceRetryMs, null, { ref: false })
    }
  }
  void keep()
  return () => {
    left = true
    release()
  }
}

/** Whose machine vanishes without a word is missed after 40 s rather than after hours. */
const markPresence = `SELECT set_config('application_name', $1, false), set_config('tcp_keepalives_idle', '10', false),
  set_config('tcp_keepalives_interval', '10', false), set_config('tcp_keepalives_count', '3', false)`

const absentHolders = `SELECT held.id FROM (
    SELECT locked_by AS id FROM graphile_worker._private_jobs WHERE locked_by IS NOT NULL
    UNION SELECT locked_by FROM graphile_worker._private_job_queues WHERE locked_by IS NOT NULL) held
  WHERE NOT EXISTS (SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = '${presenceName}' || held.id)`

/** A client that is checked out and loses its connection has no listener but this one, and would end the process. */
function watchClients(pool: pg.Pool, log: Log | undefined): void {
  if (pool.listenerCount('connect') > 0) return
  pool.on('connect', (client) => {
    client.on('error', (error) => log?.warn({ err: error.message }, 'a database connection was lost'))
  })
}

/** The worker's chatter at debug; its warnings and errors as they are. Payloads are ids, never secrets. */
function toLogger(log: Log | undefined): Logger {
  return new Logger((scope) => (level, message) => {
    if (!log) return
    const line = { worker: scope.workerId, task: scope.taskIdentifier }
    if (level === 'error') log.error(line, message)
    else if (level === 'warning') log.warn(line, message)
    else log.debug(line, message)
  })
}
