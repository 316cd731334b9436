// Two servers that write the same rows in different orders wait for each other until PostgreSQL ends one of them.
import pg from 'pg'
import { expect } from 'vitest'
import type { TestServer } from './harness.ts'

/** While the row with the smaller id is held by somebody else, `write` waits for it and holds the other one not yet, in whatever order it was given them. */
export async function expectLocksInOrder(
  { database }: TestServer,
  table: string,
  ids: readonly [string, string],
  write: (ids: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const [smaller, larger] = [...ids].sort()
  const somebody = new pg.Client(database)
  await somebody.connect()
  try {
    for (const given of [
      [smaller, larger],
      [larger, smaller],
    ] as string[][]) {
      await somebody.query('BEGIN')
      await somebody.query(`SELECT 1 FROM ${table} WHERE id = $1 FOR UPDATE`, [smaller])
      const written = write(given)
      await expect
        .poll(async () => (await somebody.query(waiting)).rowCount, { message: `nobody waits for a row of ${table}` })
        .toBe(1)
      await somebody.query(`SELECT 1 FROM ${table} WHERE id = $1 FOR UPDATE NOWAIT`, [larger])
      await somebody.query('COMMIT')
      await written
    }
  } finally {
    await somebody.end()
  }
}

const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
