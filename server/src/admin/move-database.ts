// aion-admin move database: every row of the embedded database, counted on both sides, in an empty database elsewhere.
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
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
import { prepareSchema } from '../platform/database/prepare-schema.ts'
import { reachDatabase } from '../platform/database/reach-database.ts'
import { tryLock } from '../platform/instance-lock.ts'
import { StartupError } from '../platform/startup-error.ts'

export interface MoveDeps {
  readonly config: Config
  readonly connection: pg.ClientConfig
  readonly say: (line: string) => void
}

/** In the data directory, beside the database that stays there. */
const marker = 'database-moved'

/** What is asked of the old database by a server or a backup that was left as it was would be answered, and be out of date. */
export function refuseMoved(dataDir: string): void {
  if (existsSync(join(dataDir, marker)))
    throw new StartupError(
      `The database of ${resolve(dataDir)} was moved to another PostgreSQL: set DATABASE_URL. Remove ${join(resolve(dataDir), marker)} to go on with what was left here.`,
    )
}

export async function moveDatabase({ config, connection, say }: MoveDeps, url: string): Promise<void> {
  if (config.databaseUrl)
    throw new StartupError('move database is for the embedded database: take DATABASE_URL away, or use pg_dump and pg_restore.')
  const lock = await tryLock(config.dataDir, 'instance')
  if (!lock) throw new StartupError('Stop the server first: what it writes during the move would be left behind.')
  try {
    const place = await reachDatabase(url, 'the URL to move to')
    const target = await connectForCopy(place)
    try {
      const held = await findRows(target)
      if (held) throw new StartupError(`The database to move to is not empty: there are rows in ${held}. Nothing was changed.`)
      // Outside the transaction of the rows: a move that was cut off leaves empty tables, and those may be moved into again.
      await prepareSchema(place)
      const { rows, tables } = await copy(connection, target)
      await writeFile(join(config.dataDir, marker), '')
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
