// Servers that start at once on an empty database: one migrates, the others wait, all go on.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { connect } from './database.ts'
import { migrate, migrationNames, migrations } from './migrate.ts'

test('five servers at once migrate an empty database once', async () => {
  const base = inject('database')
  const database = `aion_test_migrate_${randomUUID().slice(0, 8)}`
  const admin = new pg.Client({ ...base })
  await admin.connect()
  try {
    await admin.query(`CREATE DATABASE ${database}`)
    const done = Array.from({ length: 5 }, async () => {
      const { pool, db } = connect({ ...base, database }, () => {})
      await migrate(db)
      const { rows } = await pool.query<{ name: string }>('SELECT name FROM kysely_migration ORDER BY name')
      await db.destroy()
      return rows.map(({ name }) => name)
    })
    for (const names of await Promise.all(done)) expect(names).toEqual(migrationNames)
  } finally {
    await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
    await admin.end()
  }
})

test('every migration since 0006 says which older code works on what it leaves', () => {
  for (const [name, { worksWith }] of Object.entries(migrations))
    if (name >= '0006') expect(migrationNames.filter((known) => known < name)).toContain(worksWith)
})
