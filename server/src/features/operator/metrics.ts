// What Prometheus reads: the parts count for themselves as they work, and all is put into words when somebody asks.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import { durationBounds, type RequestMetrics } from '../../http/request-metrics.ts'
import type { KeyAuthenticator } from '../api-keys/authenticate-key.ts'
import { family, histogram, type Sample } from './metrics-text.ts'

export interface Metrics {
  /** `jobs`: null where the database did not say in time. */
  render(databaseAnswers: boolean, jobs: JobCounts | null): string
  start(): void
  stop(): void
}
interface JobCounts {
  readonly waiting: number
  readonly running: number
  readonly scheduled: number
  readonly failed: number
  readonly oldestSeconds: number
}

export type MetricsDeps = Pick<Deps, 'config' | 'pool' | 'changes' | 'limiter' | 'store' | 'jobs' | 'reports'> & {
  readonly keys: KeyAuthenticator
  readonly requests: RequestMetrics
  readonly version: string
}

const loopResolutionMs = 20

export function createMetrics({
  config,
  pool,
  changes,
  limiter,
  store,
  jobs,
  reports,
  keys,
  requests,
  version,
}: MetricsDeps): Metrics {
  const loop = monitorEventLoopDelay({ resolution: loopResolutionMs })
  const startedAt = Date.now() / 1000 - process.uptime()
  const up = (state: boolean) => (state ? 1 : 0)

  function ofRequests(): string[] {
    const samples = requests.series().map(({ route, statusClass, counts, sumMs }) => {
      const [method = '', path = '(none)'] = route === '' ? [] : route.split(' ')
      return { labels: { method, route: path, status: `${statusClass}xx` }, counts, sum: sumMs / 1000 }
    })
    const help = 'Requests by route template and class of status; until the answer is decided, not until it is sent.'
    return [histogram('aion_http_request_duration_seconds', help, durationBounds, samples)]
  }

  function ofLimitsAndKeys(): string[] {
    const decisions = Object.entries(limiter.decisions()).flatMap(([counters, { admitted, refused }]) => [
      { labels: { counters, decision: 'admitted' }, value: admitted },
      { labels: { counters, decision: 'refused' }, value: refused },
    ])
    const { hits, misses, entries } = keys.cache()
    return [
      family(
        'aion_rate_limit_decisions_total',
        'counter',
        'Decisions of every limit; counters="shares": without Redis, for the share of this server.',
        decisions,
      ),
      family('aion_key_cache_lookups_total', 'counter', 'API keys looked up in memory.', [
        { labels: { result: 'hit' }, value: hits },
        { labels: { result: 'miss' }, value: misses },
      ]),
      family('aion_key_cache_entries', 'gauge', 'API keys in memory, refused ones and unknown ones too.', entries),
    ]
  }

  function ofParts(database: boolean): string[] {
    const replica = reports.onReplica()
    const dependencies: [string, boolean][] = [
      ['database', database],
      ['changes', changes.live],
      ...(config.redisUrl ? [['redis', limiter.exact()] as [string, boolean]] : []),
      ['object_store', !store.gone()],
      ...(replica === null ? [] : [['database_replica', replica] as [string, boolean]]),
    ]
    const samples = dependencies.map(([dependency, answers]) => ({ labels: { dependency }, value: up(answers) }))
    return [
      family('aion_dependency_up', 'gauge', 'Whether what this server stands on answers.', samples),
      family('aion_database_pool_connections', 'gauge', 'Connections of this process to PostgreSQL.', [
        { labels: { state: 'idle' }, value: pool.idleCount },
        { labels: { state: 'busy' }, value: pool.totalCount - pool.idleCount },
      ]),
      family('aion_database_pool_waiting', 'gauge', 'Queries that wait for a connection.', pool.waitingCount),
      family('aion_database_pool_max', 'gauge', 'Connections there may be.', pool.options.max),
      family(
        'aion_reports_total',
        'counter',
        'Reads of usage and of the trail, by who answered; with DATABASE_REPLICA_URL.',
        replica === null ? [] : Object.entries(reports.counts()).map(([from, value]) => ({ labels: { from }, value })),
      ),
    ]
  }

  function ofJobs(counts: JobCounts | null): string[] {
    const outcomes = [...jobs.outcomes()].flatMap(([task, { done, failed }]) => [
      { labels: { task, outcome: 'done' }, value: done },
      { labels: { task, outcome: 'failed' }, value: failed },
    ])
    const waiting: Sample[] = counts
      ? (['waiting', 'running', 'scheduled', 'failed'] as const).map((state) => ({ labels: { state }, value: counts[state] }))
      : []
    return [
      family('aion_jobs_total', 'counter', 'Jobs that this process ran; a failed one is tried again.', outcomes),
      family('aion_jobs', 'gauge', 'Jobs of all servers together; failed: given up after the last attempt.', waiting),
      family(
        'aion_jobs_oldest_seconds',
        'gauge',
        'How long the first of the waiting jobs has been due.',
        counts ? [{ value: counts.oldestSeconds }] : [],
      ),
    ]
  }

  function ofProcess(): string[] {
    const { rss, heapUsed, external } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const utilization = performance.eventLoopUtilization()
    const late = Math.max(0, loop.percentile(99) / 1e9 - loopResolutionMs / 1000)
    loop.reset()
    return [
      family('aion_build_info', 'gauge', 'What runs.', [{ labels: { version, node: process.version }, value: 1 }]),
      family(
        'aion_event_loop_active_seconds_total',
        'counter',
        'Time in which the event loop was busy.',
        utilization.active / 1000,
      ),
      family(
        'aion_event_loop_delay_seconds',
        'gauge',
        'How late the event loop was, 99th percentile since it was last asked.',
        Number.isFinite(late) ? late : 0,
      ),
      family('process_cpu_seconds_total', 'counter', 'CPU time of this process.', (user + system) / 1e6),
      family('process_resident_memory_bytes', 'gauge', 'Resident memory of this process.', rss),
      family('process_start_time_seconds', 'gauge', 'When this process began, in epoch seconds.', startedAt),
      family('nodejs_heap_size_used_bytes', 'gauge', 'Heap in use.', heapUsed),
      family('nodejs_external_memory_bytes', 'gauge', 'Memory outside the heap.', external),
    ]
  }

  return {
    render: (databaseAnswers, counts) =>
      [...ofRequests(), ...ofLimitsAndKeys(), ...ofParts(databaseAnswers), ...ofJobs(counts), ...ofProcess()].join(''),
    start: () => void loop.enable(),
    stop: () => void loop.disable(),
  }
}

export async function countJobs(db: Deps['db']): Promise<JobCounts> {
  const { rows } = await sql<JobCounts>`
    SELECT count(*) FILTER (WHERE attempts < max_attempts AND locked_at IS NULL AND run_at <= now()) AS waiting,
      count(*) FILTER (WHERE locked_at IS NOT NULL) AS running,
      count(*) FILTER (WHERE attempts < max_attempts AND locked_at IS NULL AND run_at > now()) AS scheduled,
      count(*) FILTER (WHERE attempts >= max_attempts AND locked_at IS NULL) AS failed,
      coalesce(extract(epoch FROM now() - min(run_at) FILTER
        (WHERE attempts < max_attempts AND locked_at IS NULL AND run_at <= now())), 0)::float8 AS "oldestSeconds"
    FROM graphile_worker.jobs`.execute(db)
  return rows[0] as JobCounts
}
