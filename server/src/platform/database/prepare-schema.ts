// Everything a server needs in its database: our tables and the job queue's, made or brought up to date before it starts.
import type pg from 'pg'
import { installJobs } from '../jobs.ts'
import { connect } from './database.ts'
import { migrate } from './migrate.ts'

/** On connections of its own, on which a statement may take as long as it takes. `upTo`: as `migrate` has it. */
export async function prepareSchema(connection: pg.PoolConfig, upTo?: string): Promise<void> {
  const { pool, db } = connect({ ...connection, max: 2 }, () => {}, { statementTimeoutMs: 0 })
  try {
    await migrate(db, upTo)
    await installJobs(pool)
  } finally {
    await db.destroy()
  }
}
