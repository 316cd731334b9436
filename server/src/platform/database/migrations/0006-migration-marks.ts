// Which older code works on what a migration leaves, for code that is too old to know the migration itself.
import { type Kysely, sql } from 'kysely'

export const worksWith = '0005-own-buckets'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
CREATE TABLE migration_marks (
  name text PRIMARY KEY,
  works_with text NOT NULL
)`.execute(db)
}
