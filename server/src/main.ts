// The process edge: environment in, three lines and an exit code out.
import { access, constants, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import { refuseHalfRestored } from './admin/restore.ts'
import { readConfig } from './config.ts'
import { systemClock } from './platform/clock.ts'
import { acquireInstanceLock } from './platform/instance-lock.ts'
import { startEmbeddedPostgres } from './platform/postgres/embedded-postgres.ts'
import { loadSecrets } from './platform/secrets.ts'
import { StartupError } from './platform/startup-error.ts'
import { startServer } from './server.ts'

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const log = pino(
    { level: config.logLevel, base: null, redact: ['*.password', '*.token', '*.authorization', '*.cookie'] },
    pino.destination(2),
  )
  await writable(config.dataDir)
  const lock = await acquireInstanceLock(config.dataDir)
  refuseHalfRestored(config.dataDir)
  const secrets = await loadSecrets(config)
  const embedded = config.databaseUrl ? null : await startEmbeddedPostgres({ dataDir: config.dataDir, log })
  const database = embedded ? embedded.connection : { connectionString: config.databaseUrl ?? undefined }
  const release = async () => {
    await embedded?.stop()
    await lock.release()
  }
  const server = await startServer(config, database, systemClock, secrets, log).catch(async (error) => {
    await release()
    throw error
  })
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    server
      .stop()
      .then(release)
      .then(() => process.exit(0), fail)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  const mail = config.smtpUrl ? `sent through ${new URL(config.smtpUrl).host}` : `kept in ${join(config.dataDir, 'outbox')}`
  const mailbox = config.smtpUrl || config.production ? '' : `, shown at ${server.url}/dev/mailbox`
  console.log(`Aionvision listens on ${server.url}`)
  console.log(`Mail is ${mail}${mailbox}`)
  console.log(`Next: open ${server.url} in a browser and create an account`)
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

function fail(error: NodeJS.ErrnoException & { port?: number; address?: string }): never {
  if (error.code === 'EADDRINUSE')
    console.error(`Port ${error.port} on ${error.address} is taken by another program: set PORT to a free one.`)
  else if (error.code === 'EROFS' || error.code === 'ENOSPC' || error.code === 'EACCES')
    console.error(`The data directory cannot be written (${error.code}): free or unlock the disk, or set AION_DATA_DIR.`)
  else if (error instanceof StartupError) console.error(error.message)
  else if (error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND')
    console.error(`The database at DATABASE_URL cannot be reached (${error.code}).`)
  else console.error(error)
  process.exit(1)
}

main().catch(fail)
