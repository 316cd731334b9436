// The process edge: environment in, three lines and an exit code out.
import cluster from 'node:cluster'
import { access, constants, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import pino, { type Logger } from 'pino'
import { refuseMoved } from './admin/move-database.ts'
import { refuseHalfRestored } from './admin/restore.ts'
import { type Config, readConfig } from './config.ts'
import { createLocalLimiter } from './features/rate-limits/rate-limiter.ts'
import { answerWorkers } from './features/rate-limits/worker-limiter.ts'
import { systemClock } from './platform/clock.ts'
import { reachDatabase } from './platform/database/reach-database.ts'
import { acquireInstanceLock } from './platform/instance-lock.ts'
import { openLogOutput } from './platform/log-output.ts'
import { startEmbeddedPostgres } from './platform/postgres/embedded-postgres.ts'
import { loadSecrets } from './platform/secrets.ts'
import { StartupError } from './platform/startup-error.ts'
import { traceFields } from './platform/tracing.ts'
import { connectSiblings } from './platform/workers/siblings.ts'
import { startWorkers, WorkerEndedError, type Workers } from './platform/workers/workers.ts'
import { type RunningServer, startServer } from './server.ts'

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const log = pino(
    {
      level: config.logLevel,
      base: null,
      redact: ['*.password', '*.token', '*.authorization', '*.cookie'],
      ...(config.traces && { mixin: traceFields }),
    },
    openLogOutput(),
  )
  if (cluster.isWorker) return work(config, log)
  await writable(config.dataDir)
  const lock = await acquireInstanceLock(config.dataDir)
  refuseHalfRestored(config.dataDir)
  if (!config.databaseUrl) refuseMoved(config.dataDir)
  const secrets = await loadSecrets(config)
  const embedded = config.databaseUrl ? null : await startEmbeddedPostgres({ dataDir: config.dataDir, log })
  const release = async () => {
    await embedded?.stop()
    await lock.release()
  }
  const started =
    config.workers > 1
      ? startCluster(config, embedded?.connection ?? null, log)
      : findDatabase(config, embedded?.connection ?? null).then((database) =>
          startServer(config, database, systemClock, secrets, log),
        )
  const server = await started.catch(async (error) => {
    await release()
    throw error
  })
  stopOnSignal(server, release)
  const mail = config.smtpUrl ? `sent through ${new URL(config.smtpUrl).host}` : `kept in ${join(config.dataDir, 'outbox')}`
  const mailbox = config.smtpUrl || config.production ? '' : `, shown at ${server.url}/dev/mailbox`
  console.log(`Aionvision listens on ${server.url}`)
  console.log(`Mail is ${mail}${mailbox}`)
  console.log(`Next: open ${server.url} in a browser and create an account`)
}

/** The primary keeps what there is once: the data directory, its PostgreSQL, the counters. */
async function startCluster(config: Config, embedded: pg.PoolConfig | null, log: Logger): Promise<Workers> {
  const counters = createLocalLimiter({ clock: systemClock, file: join(config.dataDir, 'rate-limits.json') })
  // As one process does it: with Redis nothing is kept on disk.
  if (!config.redisUrl) await counters.start()
  await rm(join(config.dataDir, 'scratch'), { recursive: true, force: true })
  const env: Record<string, string> = embedded ? { [embeddedVariable]: JSON.stringify(embedded) } : {}
  const workers = await startWorkers({
    count: config.workers,
    env,
    host: config.host,
    port: config.port,
    shutdownDelayMs: config.shutdownDelayMs,
    answer: answerWorkers(counters),
    log,
  })
  return {
    url: workers.url,
    hurry: workers.hurry,
    async stop() {
      await workers.stop()
      if (!config.redisUrl) await counters.stop()
    },
  }
}

/** From the primary to its workers. */
const embeddedVariable = 'AION_EMBEDDED_CONNECTION'

async function work(config: Config, log: Logger): Promise<void> {
  const embedded = process.env[embeddedVariable]
  const database = await findDatabase(config, embedded ? (JSON.parse(embedded) as pg.PoolConfig) : null)
  stopOnSignal(await startServer(config, database, systemClock, await loadSecrets(config), log, connectSiblings()))
}

/** SIGTERM gives balancers time to notice. SIGINT, from a person at a terminal, does not, and neither does a second signal. */
function stopOnSignal(server: Pick<RunningServer, 'stop' | 'hurry'>, release = async () => {}): void {
  let stopping = false
  const stop = (signal: NodeJS.Signals) => {
    // A worker may hear of the first one twice: from who signals all processes, and from its primary.
    if ((stopping && !cluster.isWorker) || signal === 'SIGINT') server.hurry()
    if (stopping) return
    stopping = true
    server
      .stop()
      .then(release)
      .then(() => process.exit(0), fail)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

async function findDatabase(config: Config, embedded: pg.PoolConfig | null): Promise<pg.PoolConfig> {
  return embedded ?? (await reachDatabase(config.databaseUrl ?? ''))
}

async function writable(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await access(directory, constants.W_OK)
  } catch (error) {
    throw new StartupError(
      `The data directory ${directory} cannot be written (${(error as NodeJS.ErrnoException).code}): set AION_DATA_DIR to one that can.`,
    )
  }
}

function fail(error: NodeJS.ErrnoException & { port?: number; address?: string; hostname?: string }): never {
  if (error instanceof WorkerEndedError) process.exit(error.exitCode)
  if (error.code === 'EADDRINUSE')
    console.error(`Port ${error.port} on ${error.address} is taken by another program: set PORT to a free one.`)
  else if (error.code === 'EACCES' && error.syscall === 'listen')
    console.error(`Port ${error.port} may not be taken by this user (EACCES): set PORT to one from 1024 on.`)
  else if (error.code === 'EADDRNOTAVAIL' || error.syscall === 'getaddrinfo')
    console.error(
      `HOST ${error.address ?? error.hostname} is not this machine (${error.code}): set it to an address that is, or to 0.0.0.0 for all of them.`,
    )
  else if (error.code === 'EROFS' || error.code === 'ENOSPC' || error.code === 'EACCES')
    console.error(`The data directory cannot be written (${error.code}): free or unlock the disk, or set AION_DATA_DIR.`)
  else if (error instanceof StartupError) console.error(error.message)
  else console.error(error)
  process.exit(1)
}

main().catch(fail)
