// Forward-only migrations, run under an advisory lock by whichever server comes first; a newer schema is used if its migrations say that it may be.
import { type Kysely, Migrator, sql } from 'kysely'
import type pg from 'pg'
import { StartupError } from '../startup-error.ts'
import type { Db } from './database.ts'
import * as foundation from './migrations/0001-foundation.ts'
import * as people from './migrations/0002-people.ts'
import * as hands from './migrations/0003-hands.ts'
import * as cliLogin from './migrations/0004-cli-login.ts'
import * as ownBuckets from './migrations/0005-own-buckets.ts'
import * as migrationMarks from './migrations/0006-migration-marks.ts'

interface Migration {
  readonly up: (db: Kysely<unknown>) => Promise<void>
  /** The last migration that older code must know to work on what `up` leaves. Every one since 0006 says so. */
  readonly worksWith?: string
}

export const migrations: Readonly<Record<string, Migration>> = {
  '0001-foundation': foundation,
  '0002-people': people,
  '0003-hands': hands,
  '0004-cli-login': cliLogin,
  '0005-own-buckets': ownBuckets,
  '0006-migration-marks': migrationMarks,
}

export const migrationNames: readonly string[] = Object.keys(migrations)

/** `upTo`: and no further, for rows that an older version wrote. */
export async function migrate(db: Db, upTo = migrationNames.at(-1) ?? ''): Promise<void> {
  const marked = Object.entries(migrations).map(([name, migration]) => [name, withMark(name, migration)] as const)
  const migrator = new Migrator({ db, provider: { getMigrations: async () => Object.fromEntries(marked) } })
  const { error } = await migrator.migrateTo(upTo)
  if (!error) return
  if (error instanceof Error && /corrupted migrations: previously executed migration \S+ is missing/.test(error.message)) {
    if (await worksForUs(db)) return
    throw new StartupError(
      'The database belongs to a newer version of Aionvision: start that version, or restore a backup made before it.',
    )
  }
  if ((error as { code?: string }).code === '55P03')
    throw new StartupError(
      `A migration waited ${lockTimeoutMs / 1000} s for a table that another session holds, a pg_dump perhaps, and changed nothing: start again when it is over.`,
    )
  throw error
}

/** While a migration waits for a table that somebody reads for long, everybody else waits behind it. */
const lockTimeoutMs = 5_000

/** Says, in the same transaction, which older code may go on: servers of the release before run beside those of this one. */
function withMark(name: string, { up, worksWith }: Migration) {
  return {
    async up(db: Kysely<unknown>) {
      await sql.raw(`SET LOCAL lock_timeout = ${lockTimeoutMs}`).execute(db)
      await up(db)
      if (worksWith) await sql`INSERT INTO migration_marks (name, works_with) VALUES (${name}, ${worksWith})`.execute(db)
    },
  }
}

/** Whether all that we know has been done, and whatever else has been done leaves us what we need. */
async function worksForUs(db: Db): Promise<boolean> {
  const there = await sql<{ marks: boolean }>`SELECT to_regclass('migration_marks') IS NOT NULL AS marks`.execute(db)
  if (!there.rows[0]?.marks) return false
  const { rows } = await sql<{ name: string; works_with: string | null }>`
    SELECT m.name, works_with FROM kysely_migration m LEFT JOIN migration_marks USING (name)`.execute(db)
  const applied = new Set(rows.map(({ name }) => name))
  const foreign = rows.filter(({ name }) => !migrationNames.includes(name))
  return (
    migrationNames.every((name) => applied.has(name)) &&
    foreign.every(({ works_with }) => works_with !== null && migrationNames.includes(works_with))
  )
}

export async function appliedMigrations(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM kysely_migration ORDER BY name')
  return rows.map(({ name }) => name)
}
