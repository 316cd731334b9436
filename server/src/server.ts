// A whole server: real parts are put together here, started in order, and stopped in the reverse one.
import { mkdir } from 'node:fs/promises'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { buildApp, version } from './app.ts'
import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import { createLoginDelays } from './features/accounts/login-delays.ts'
import { accountTasks } from './features/accounts/send-mail.ts'
import { createKeyAuthenticator } from './features/api-keys/authenticate-key.ts'
import { keyTasks } from './features/api-keys/tasks.ts'
import { madeTheTrails } from './features/audit/queries.ts'
import { createRefusalSampler } from './features/audit/sample-refusals.ts'
import { auditTasks } from './features/audit/tasks.ts'
import { cliLoginTasks } from './features/cli-login/tasks.ts'
import { fileTasks } from './features/files/tasks.ts'
import { identityTasks } from './features/identities/tasks.ts'
import { leakTasks } from './features/leaks/tasks.ts'
import { createFindBucket } from './features/own-bucket/find-bucket.ts'
import { readPlans } from './features/plans/plan-table.ts'
import { profileTasks } from './features/profile/tasks.ts'
import { createLocalLimiter } from './features/rate-limits/rate-limiter.ts'
import { createRedisLimiter } from './features/rate-limits/redis-limiter.ts'
import { createWorkerLimiter } from './features/rate-limits/worker-limiter.ts'
import { secondFactorTasks } from './features/second-factor/tasks.ts'
import { createSessionAuthenticator } from './features/sessions/authenticate-session.ts'
import { tenantTasks } from './features/tenants/tasks.ts'
import { uploadTasks } from './features/uploads/sweep.ts'
import { createUsageRecorder } from './features/usage/recorder.ts'
import { usageTasks } from './features/usage/tasks.ts'
import { webhookTasks } from './features/webhooks/tasks.ts'
import { createWebhookSender } from './features/webhooks/webhook-sender.ts'
import { createDrain } from './http/drain.ts'
import { createBreachedPasswords } from './platform/breached-passwords.ts'
import { createChanges } from './platform/changes.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { connect } from './platform/database/database.ts'
import { prepareSchema } from './platform/database/prepare-schema.ts'
import { createReports, primaryReports } from './platform/database/reports.ts'
import { traceQueries } from './platform/database/trace-queries.ts'
import { createJobs } from './platform/jobs.ts'
import { originOf } from './platform/listening.ts'
import { outboxMailer, smtpMailer, traceMailer } from './platform/mailer.ts'
import { openStore } from './platform/object-store/open-store.ts'
import { createPasswords } from './platform/passwords.ts'
import { connectRedis, traceRedis } from './platform/redis.ts'
import { createRedisRelay } from './platform/redis-relay.ts'
import type { Secrets } from './platform/secrets.ts'
import { StartupError } from './platform/startup-error.ts'
import { startTracing } from './platform/tracing.ts'
import type { Siblings } from './platform/workers/siblings.ts'

// The same from src/ and from dist/.
const webDirectory = fileURLToPath(new URL('../../web/dist', import.meta.url))

export interface RunningServer {
  readonly url: string
  readonly deps: Deps
  /** Drains: every accepted request is answered, what is batched is written, then all is closed. */
  stop(): Promise<void>
  /** Before or after stop(): balancers are given no time to notice. */
  hurry(): void
}

export async function startServer(
  config: Config,
  database: pg.PoolConfig,
  clock: Clock,
  secrets: Secrets,
  log: Logger,
  /** Of a worker. */
  siblings: Siblings | null = null,
): Promise<RunningServer> {
  let stopping = false
  const { pool, db, gate } = connect(
    { max: config.databasePool, ...database },
    (error) => {
      if (!stopping) log.warn({ err: error.message }, 'a database connection was lost')
    },
    {
      statementTimeoutMs: config.statementTimeoutMs,
      onShortage: () =>
        log.warn(
          'PostgreSQL has no connection left: this server goes on with those it has. Set AION_DATABASE_POOL lower or max_connections higher',
        ),
    },
  )
  const undo: (() => Promise<unknown>)[] = [() => db.destroy()]
  const unwind = async () => {
    stopping = true
    for (const step of undo.splice(0).reverse())
      await step().catch((error: Error) => log.error({ err: error.message }, 'while stopping'))
  }
  try {
    const tracing = config.traces && (await startTracing(config.traces, version, log))
    if (tracing) {
      undo.unshift(tracing.stop)
      traceQueries(pool, tracing)
    }
    await prepareSchema(database)
    const audit = secrets.derive('audit')
    if (!(await madeTheTrails(db, audit))) {
      const other = 'AION_SECRET (or the secret in AION_DATA_DIR) is not the one that made the audit trail of this database'
      if (!config.secretChanged)
        throw new StartupError(
          `${other}: give this server the same as before. If that is lost, AION_SECRET_CHANGED=true starts all the same.`,
        )
      log.warn(`${other}: the trail of each workspace is broken where this server goes on`)
    }
    const reports = config.databaseReplicaUrl
      ? createReports({
          url: config.databaseReplicaUrl,
          primary: db,
          poolMax: config.databasePool,
          statementTimeoutMs: config.statementTimeoutMs,
          log,
          trace: (replica) => tracing && traceQueries(replica, tracing),
        })
      : primaryReports(db)
    undo.unshift(() => reports.stop())
    reports.start()
    const outbox = join(config.dataDir, 'outbox')
    await mkdir(outbox, { recursive: true, mode: 0o700 })
    const plans = readPlans(config.planOverrides)
    const connection = config.redisUrl ? connectRedis(config.redisUrl, log) : null
    const redis = connection && tracing ? traceRedis(connection, tracing) : connection
    const relay = redis && createRedisRelay({ redis, prefix: config.redisPrefix })
    const changes = createChanges({
      connection: database,
      log,
      relay,
      siblings,
      workers: config.workers,
      gate,
      mark: secrets.derive('mark').toString('hex').slice(0, 8),
    })
    const local = createLocalLimiter({ clock, file: join(config.dataDir, 'rate-limits.json') })
    const limiter = redis
      ? createRedisLimiter({
          redis,
          local,
          log,
          prefix: config.redisPrefix,
          file: join(config.dataDir, 'servers'),
          workers: config.workers,
          apart: changes.apart,
          clock: clock === systemClock ? undefined : clock,
        })
      : siblings
        ? createWorkerLimiter(siblings)
        : local
    let publicUrl = config.publicUrl ?? ''
    const origin = () => publicUrl
    const mailer = config.smtpUrl ? smtpMailer(config.smtpUrl, config.mailFrom) : outboxMailer(outbox, clock)
    const deps: Deps = {
      config,
      publicUrl: origin,
      db,
      pool,
      reports,
      clock,
      secrets,
      plans,
      changes,
      limiter,
      log,
      tracing,
      webDirectory,
      audit,
      jobs: createJobs({ pool, log, tracing }),
      mailer: tracing ? traceMailer(mailer, tracing, config.smtpUrl) : mailer,
      store: await openStore({
        s3: config.s3,
        alone: siblings === null,
        dataDir: config.dataDir,
        db,
        secrets,
        clock,
        log,
        publicUrl: origin,
        findBucket: createFindBucket({ db, clock, secrets, config, tracing }),
        tracing,
      }),
      passwords: createPasswords({ breached: createBreachedPasswords(config.breachedPasswordsUrl, log) }),
      delays: createLoginDelays(clock),
    }
    undo.unshift(async () => deps.store.stop())
    const keys = createKeyAuthenticator(deps)
    const sessions = createSessionAuthenticator(deps)
    const usage = createUsageRecorder(deps)
    const refusals = createRefusalSampler(deps)
    const drain = createDrain(config.shutdownDelayMs, siblings?.shut)
    const app = await buildApp(deps, { keys, sessions, usage, refusals, draining: drain.begun })
    drain.watch(app.server)
    await changes.start()
    undo.push(() => changes.stop())
    await limiter.start()
    const batched = [keys, sessions, usage, refusals, createWebhookSender(deps)]
    for (const part of batched) part.start()
    undo.push(() => limiter.stop(), ...batched.map((part) => () => part.stop()))
    const work = [
      accountTasks,
      secondFactorTasks,
      identityTasks,
      cliLoginTasks,
      profileTasks,
      tenantTasks,
      auditTasks,
      webhookTasks,
      usageTasks,
      keyTasks,
      leakTasks,
      uploadTasks,
      fileTasks,
    ].map((tasksOf) => tasksOf(deps))
    await deps.jobs.start(
      Object.assign({}, ...work.map(({ tasks }) => tasks)),
      work.flatMap(({ cron }) => cron),
    )
    undo.push(() => deps.jobs.stop())
    const url = siblings ? await serveConnections(app, siblings) : await listen(app, config)
    publicUrl = config.publicUrl ?? url
    undo.push(() => app.close(), drain.run)
    return { url, deps, stop: unwind, hurry: drain.hurry }
  } catch (error) {
    await unwind()
    throw error
  }
}

async function listen(app: FastifyInstance, { host, port }: Config): Promise<string> {
  await app.listen({ host, port })
  return originOf(host, app.server.address() as AddressInfo)
}

/** Of a worker: its primary listens. */
async function serveConnections(app: FastifyInstance, siblings: Siblings): Promise<string> {
  await app.ready()
  // From then on Node ends requests that do not come to their end.
  app.server.emit('listening')
  return siblings.serve((socket: Socket) => {
    // As http.Server has it: who has sent all may say so, and is answered.
    socket.allowHalfOpen = true
    app.server.emit('connection', socket)
  })
}
