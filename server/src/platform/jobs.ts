// Work that outlives a request: a row written in the deed's own transaction, run later and again until it succeeds (graphile-worker).
import { Logger, parseCronItems, run, runMigrations } from 'graphile-worker'
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

/** Any number that no other advisory lock of ours uses: held, shared, by every process that runs jobs. */
const workersLock = 7_301_246_551
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
      await working?.leave()
      working = null
      if (!stopping) await pause()
    }
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
    },
    async stop() {
      stopping = true
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
  leave(): Promise<void>
}

async function work(pool: pg.Pool, log: Log, tasks: Record<string, Task>, cron: readonly CronEntry[]): Promise<Working> {
  const presence = await takePlace(pool, log)
  const leave = async () => {
    // In words, because a closed connection keeps its locks until PostgreSQL has noticed.
    await presence.query('SELECT pg_advisory_unlock_all()').catch(() => {})
    presence.release(true)
  }
  try {
    const runner = await run({
      pgPool: pool,
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
    return {
      ended: runner.promise,
      stop: () => runner.stop(),
      leave,
    }
  } catch (error) {
    await leave()
    throw error
  }
}

/**
 * Jobs that a killed process held stay locked for four hours. A process that comes back alone knows that nobody holds them any
 * more and frees them; one that finds others at work leaves them as they are.
 */
async function takePlace(pool: pg.Pool, log: Log): Promise<pg.PoolClient> {
  const client = await pool.connect()
  client.on('error', (error: Error) =>
    log.warn({ err: error.message }, 'the connection that marks this process as a worker was lost'),
  )
  try {
    let alone = false
    // A predecessor's connection may outlive it for a moment, so somebody else's presence is asked for more than once.
    for (let attempt = 0; attempt < 10 && !alone && (await anyHeld(client)); attempt++) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 100))
      const { rows } = await client.query<{ alone: boolean }>('SELECT pg_try_advisory_lock($1) AS alone', [workersLock])
      alone = rows[0]?.alone ?? false
    }
    if (alone) await client.query(`SELECT graphile_worker.force_unlock_workers(ARRAY(SELECT DISTINCT locked_by ${heldJobs}))`)
    await client.query('SELECT pg_advisory_lock_shared($1)', [workersLock])
    if (alone) await client.query('SELECT pg_advisory_unlock($1)', [workersLock])
    return client
  } catch (error) {
    client.release(true)
    throw error
  }
}

const heldJobs = 'FROM graphile_worker.jobs WHERE locked_by IS NOT NULL'

async function anyHeld(client: pg.PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(`SELECT EXISTS (SELECT ${heldJobs}) AS held`)
  return rows[0]?.held ?? false
}

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
