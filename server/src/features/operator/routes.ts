// What a load balancer asks: is the process alive, and should requests be sent to it.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Db } from '../../platform/database/database.ts'
import { admitScrape } from './admit-scrape.ts'
import { countJobs, createMetrics, type MetricsDeps } from './metrics.ts'
import { metricsContentType } from './metrics-text.ts'

const check = () => Type.Union([Type.Literal('ok'), Type.Literal('failing')])
const counters = Type.Union([Type.Literal('exact'), Type.Literal('shares')], {
  description: 'shares: Redis does not answer, and this server admits its share of every limit',
})
const reader = Type.Union([Type.Literal('replica'), Type.Literal('primary')], {
  description: 'Where usage and the trail are read; only with DATABASE_REPLICA_URL',
})
const checks = Type.Object({ database: check(), changes: check(), counters, reports: Type.Optional(reader) })
const answerTimeoutMs = 2_000
/** Against being used, unauthenticated, to query the database without limit. */
const databaseCheckMaxAgeMs = 500

/** Registered without prefix. `draining()` is true from SIGTERM on. */
export function operatorRoutes(
  deps: Pick<Deps, 'db' | 'clock'> & MetricsDeps & { readonly draining: () => boolean },
): FastifyPluginAsyncTypebox {
  const { db, changes, clock, config, limiter, reports, draining } = deps
  const now = () => clock.monotonic()
  const databaseAnswers = shared(async () => (await inTime(takesWrites(db))) ?? false, now)
  const jobs = shared(() => inTime(countJobs(db)), now)
  const metrics = createMetrics(deps)
  return async (app) => {
    app.addHook('onReady', async () => metrics.start())
    app.addHook('onClose', async () => metrics.stop())
    app.get('/metrics', { config: { access: { credential: 'public' } }, schema: { hide: true } }, async (request, reply) => {
      admitScrape(request, config)
      reply.header('content-type', metricsContentType)
      const [database, counts] = await Promise.all([databaseAnswers(), jobs()])
      return metrics.render(database, counts)
    })
    app.get(
      '/healthz',
      {
        config: { access: { credential: 'public' } },
        schema: { summary: 'The process is alive', response: { 200: Type.Object({ status: Type.Literal('ok') }) } },
      },
      async (_request, reply) => {
        reply.header('cache-control', 'no-store')
        return { status: 'ok' as const }
      },
    )
    app.get(
      '/readyz',
      {
        config: { access: { credential: 'public' } },
        schema: {
          summary: 'The process takes requests',
          response: { 200: Type.Object({ status: Type.Literal('ready'), checks }) },
        },
      },
      async (_request, reply) => {
        reply.header('cache-control', 'no-store')
        if (draining()) throw new ApiError('UNAVAILABLE', 'This process is shutting down.', {}, { 'Retry-After': '2' })
        const state = {
          database: verdict(await databaseAnswers()),
          changes: verdict(changes.live),
          counters: limiter.exact() ? ('exact' as const) : ('shares' as const),
          ...(reports.onReplica() !== null && { reports: reports.onReplica() ? ('replica' as const) : ('primary' as const) }),
        }
        if (state.database === 'failing' || state.changes === 'failing')
          throw new ApiError(
            'UNAVAILABLE',
            'This process cannot take requests right now.',
            { checks: state },
            { 'Retry-After': '2' },
          )
        return { status: 'ready' as const, checks: state }
      },
    )
  }
}

function verdict(good: boolean): 'ok' | 'failing' {
  return good ? 'ok' : 'failing'
}

/** A standby, or a database that was made read-only, answers as well. */
async function takesWrites(db: Db): Promise<boolean> {
  const { rows } = await sql<{ readOnly: string }>`SELECT current_setting('transaction_read_only') AS "readOnly"`.execute(db)
  return rows[0]?.readOnly === 'off'
}

/** null: a failure, or no answer in time. */
async function inTime<T>(query: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, answerTimeoutMs, null)
  })
  try {
    return await Promise.race([query.catch(() => null), late])
  } finally {
    clearTimeout(timer)
  }
}

/** One check at a time, its result shared for a moment. */
function shared<T>(run: () => Promise<T>, now: () => number): () => Promise<T> {
  let latest: { at: number; result: Promise<T> } | null = null
  return () => {
    if (!latest || now() - latest.at > databaseCheckMaxAgeMs) latest = { at: now(), result: run() }
    return latest.result
  }
}
