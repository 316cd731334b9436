// Forward-only migrations, run at start under an advisory lock; a schema from a newer version is refused untouched.
import { type Migration, Migrator } from 'kysely'
import type pg from 'pg'
import { StartupError } from '../startup-error.ts'
import type { Db } from './database.ts'
import * as foundation from './migrations/0001-foundation.ts'
import * as people from './migrations/0002-people.ts'
import * as hands from './migrations/0003-hands.ts'
import * as cliLogin from './migrations/0004-cli-login.ts'
import * as ownBuckets from './migrations/0005-own-buckets.ts'

const migrations: Record<string, Migration> = {
  '0001-foundation': foundation,
  '0002-people': people,
  '0003-hands': hands,
  '0004-cli-login': cliLogin,
  '0005-own-buckets': ownBuckets,
}

export const migrationNames: readonly string[] = Object.keys(migrations)

/** `upTo`: and no further, for rows that an older version wrote. */
export async function migrate(db: Db, upTo = migrationNames.at(-1) ?? ''): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateTo(upTo)
  if (!error) return
  if (error instanceof Error && /corrupted migrations: previously executed migration \S+ is missing/.test(error.message))
    throw new StartupError(
      'The database belongs to a newer version of Aionvision: start that version, or restore a backup made before it.',
    )
  throw error
}

export async function appliedMigrations(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM kysely_migration ORDER BY name')
  return rows.map(({ name }) => name)
}
