// aion-admin move database: every row of the embedded database, counted on both sides, in an empty database elsewhere.
import type pg from 'pg'
import type { Config } from '../config.ts'
import {
  connectForCopy,
  copyIn,
  copyOut,
  findRows,
  listSequences,
  listTables,
  setSequences,
} from '../platform/database/copy-tables.ts'
import { connect } from '../platform/database/database.ts'
import { migrate } from '../platform/database/migrate.ts'
import { tryLock } from '../platform/instance-lock.ts'
import { installJobs } from '../platform/jobs.ts'
import { StartupError } from '../platform/startup-error.ts'

const oldestVersion = 15

export interface MoveDeps {
  readonly config: Config
  readonly connection: pg.ClientConfig
  readonly say: (line: string) => void
}

export async function moveDatabase({ config, connection, say }: MoveDeps, url: string): Promise<void> {
  if (config.databaseUrl)
    throw new StartupError('move database is for the embedded database: take DATABASE_URL away, or use pg_dump and pg_restore.')
  const lock = await tryLock(config.dataDir, 'instance')
  if (!lock) throw new StartupError('Stop the server first: what it writes during the move would be left behind.')
  try {
    const target = await connectForCopy({ connectionString: url }).catch((error) => {
      throw new StartupError(`The database to move to cannot be used: ${error.code ?? error.message}.`)
    })
    try {
      await refuseUnfit(target)
      await makeSchema(url)
      const { rows, tables } = await copy(connection, target)
      say(`${rows} rows of ${tables} tables are there, and as many as here.`)
      say(
        'From now on start the server with that DATABASE_URL and the same AION_DATA_DIR: objects and secret stay where they are.',
      )
    } finally {
      await target.end().catch(() => {})
    }
  } finally {
    await lock.release()
  }
}

async function refuseUnfit(target: pg.Client): Promise<void> {
  const { rows } = await target.query<{ version: number }>(`SELECT current_setting('server_version_num')::int / 10000 AS version`)
  const version = rows[0]?.version ?? 0
  if (version < oldestVersion)
    throw new StartupError(`The database to move to is PostgreSQL ${version}: ${oldestVersion} is the oldest that will do.`)
  const held = await findRows(target)
  if (held) throw new StartupError(`The database to move to is not empty: there are rows in ${held}. Nothing was changed.`)
}

/** Outside the transaction of the rows: a move that was cut off leaves empty tables, and those may be moved into again. */
async function makeSchema(url: string): Promise<void> {
  const { pool, db } = connect({ connectionString: url }, () => {})
  try {
    await migrate(db)
    await installJobs(pool)
  } finally {
    await db.destroy()
  }
}

async function copy(connection: pg.ClientConfig, target: pg.Client): Promise<{ rows: number; tables: number }> {
  const source = await connectForCopy(connection)
  try {
    await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await target.query('BEGIN')
    const tables = await listTables(source)
    let rows = 0
    for (const table of tables) {
      const out = copyOut(source, table)
      await copyIn(target, table, out)
      const counted = await target.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${table.name}`)
      if (Number(counted.rows[0]?.rows) !== out.rowCount)
        throw new StartupError(
          `${table.name} has ${out.rowCount} rows here and ${counted.rows[0]?.rows} there. Nothing was kept there.`,
        )
      rows += out.rowCount
    }
    await setSequences(target, await listSequences(source))
    await target.query('COMMIT')
    return { rows, tables: tables.length }
  } finally {
    await source.end().catch(() => {})
  }
}
