// The process edge of aion-admin: joins the server's database, does one deed, and tells how it went by its exit code.
import { existsSync } from 'node:fs'
import pg from 'pg'
import pino from 'pino'
import { backup } from './admin/backup.ts'
import { moveDatabase, refuseMoved } from './admin/move-database.ts'
import { help, parseCommand, UsageError } from './admin/parse-command.ts'
import { countServers } from './admin/queries.ts'
import { refuseHalfRestored, restore } from './admin/restore.ts'
import { type AdminDeps, runCommand } from './admin/run-command.ts'
import { type Config, readConfig } from './config.ts'
import { madeTheTrails } from './features/audit/queries.ts'
import { readPlans } from './features/plans/plan-table.ts'
import { ApiError } from './http/errors.ts'
import { publishAndAwaitServers } from './platform/await-servers.ts'
import { connect } from './platform/database/database.ts'
import { prepareSchema } from './platform/database/prepare-schema.ts'
import { reachDatabase } from './platform/database/reach-database.ts'
import { openLogOutput } from './platform/log-output.ts'
import { joinEmbeddedPostgres } from './platform/postgres/embedded-postgres.ts'
import { loadSecrets } from './platform/secrets.ts'
import { StartupError } from './platform/startup-error.ts'

/** Servers take a change within milliseconds; one that does not answer for this long is hung, and the operator must know. */
const ackTimeoutMs = 10_000

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv)
  if (command.kind === 'help') {
    console.log(help)
    return 0
  }
  const config = readConfig(env, { serves: false })
  const say = (line: string) => console.log(line)
  if (command.kind === 'restore') {
    await restore(config, command.file, say)
    return 0
  }
  const database = await joinDatabase(config)
  const { pool, db } = connect(database.connection, () => {})
  try {
    if ((await countServers(db)) === 0) await prepareSchema(database.connection)
    const secrets = await loadSecrets(config)
    const audit = secrets.derive('audit')
    if (!config.secretChanged && !(await madeTheTrails(db, audit))) {
      const wrong = 'This is not the secret of the server whose database this is: give the same AION_SECRET or AION_DATA_DIR.'
      if (command.kind !== 'audit verify') throw new StartupError(`${wrong} Nothing was changed.`)
      say(`${wrong} Or every trail was altered: with a wrong secret they look the same.`)
    }
    if (command.kind === 'backup') {
      const deps = { config, connection: database.connection, secrets, now: Date.now, say }
      return (await backup(deps, command.file)) ? 0 : 1
    }
    if (command.kind === 'move database') {
      await moveDatabase({ config, connection: database.connection, say }, command.url)
      return 0
    }
    const deps: AdminDeps = {
      db,
      audit,
      secrets,
      plans: readPlans(config.planOverrides),
      now: Date.now,
      commit: (change, deed) => publishAndAwaitServers(pool, db, deed, change, ackTimeoutMs),
      say,
    }
    return (await runCommand(deps, command)) ? 0 : 1
  } finally {
    await db.destroy()
    await database.leave()
  }
}

interface Joined {
  readonly connection: Parameters<typeof connect>[0]
  leave(): Promise<void>
}

async function joinDatabase(config: Config): Promise<Joined> {
  if (config.databaseUrl) return { connection: await reachDatabase(config.databaseUrl), leave: async () => {} }
  if (!existsSync(config.dataDir))
    throw new StartupError(
      `There is no data directory ${config.dataDir}: set AION_DATA_DIR to the server's, or DATABASE_URL to its database.`,
    )
  refuseHalfRestored(config.dataDir)
  refuseMoved(config.dataDir)
  const embedded = await joinEmbeddedPostgres({ dataDir: config.dataDir, log: pino({ level: 'error' }, openLogOutput()) })
  return { connection: embedded.connection, leave: () => embedded.stop() }
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`${error.message}\nRun "aion-admin --help" for what there is.`)
    return 2
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof ApiError || error instanceof StartupError) console.error(error.message)
  else if (/^(ECONN|ENOTFOUND|ETIMEDOUT|EAI_|3D000|28)/.test(code))
    console.error(`The database cannot be reached (${code}): is DATABASE_URL or AION_DATA_DIR the server's?`)
  else if (error instanceof pg.DatabaseError) console.error(`PostgreSQL refused: ${error.message} (${code}).`)
  else console.error(error)
  return 1
}

main(process.argv.slice(2), process.env)
  .catch(report)
  .then((code) => {
    process.exitCode = code
  })
