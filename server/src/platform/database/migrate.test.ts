// Servers that start at once on an empty database: one migrates, the others wait, all go on.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { connect } from './database.ts'
import { migrate, migrationNames, migrations } from './migrate.ts'

async function inEmptyDatabase(work: (connection: pg.ClientConfig) => Promise<void>): Promise<void> {
  const base = inject('database')
  const database = `aion_test_migrate_${randomUUID().slice(0, 8)}`
  const admin = new pg.Client({ ...base })
  await admin.connect()
  try {
    await admin.query(`CREATE DATABASE ${database}`)
    await work({ ...base, database })
  } finally {
    await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
    await admin.end()
  }
}

test('five servers at once migrate an empty database once', async () => {
  await inEmptyDatabase(async (connection) => {
    const done = Array.from({ length: 5 }, async () => {
      const { pool, db } = connect(connection, () => {})
      await migrate(db)
      const { rows } = await pool.query<{ name: string }>('SELECT name FROM kysely_migration ORDER BY name')
      await db.destroy()
      return rows.map(({ name }) => name)
    })
    for (const names of await Promise.all(done)) expect(names).toEqual(migrationNames)
  })
})

test('a migration does not wait for long while others wait behind it, and changes nothing', async () => {
  await inEmptyDatabase(async (connection) => {
    const [holder, { db }] = [new pg.Client(connection), connect(connection, () => {})]
    await holder.connect()
    await migrate(db, '0004-cli-login')
    await holder.query('BEGIN; LOCK TABLE uploads IN ACCESS SHARE MODE')
    await expect(migrate(db)).rejects.toThrow(/^A migration waited 5 s for a table .* start again when it is over\.$/)
    await holder.query('COMMIT')
    await migrate(db)
    await Promise.all([holder.end(), db.destroy()])
  })
})

test('every migration since 0006 says which older code works on what it leaves', () => {
  for (const [name, { worksWith }] of Object.entries(migrations))
    if (name >= '0006') expect(migrationNames.filter((known) => known < name)).toContain(worksWith)
})
