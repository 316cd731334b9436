// SQL that only aion-admin asks.
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database/database.ts'

/** False when the address was verified before. */
export async function markVerified(trx: Trx, userId: string, at: Date): Promise<boolean> {
  const result = await trx
    .updateTable('users')
    .set({ email_verified_at: at, updated_at: at })
    .where('id', '=', userId)
    .where('email_verified_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Servers connected to this database right now: each keeps one listening connection. */
export async function countServers(db: Db): Promise<number> {
  const { rows } = await sql<{ servers: number }>`
    SELECT count(*) AS servers FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'aion-listener:%'
  `.execute(db)
  return rows[0]?.servers ?? 0
}
