// A transaction that takes much, in an order that others do not know: it gives way to whoever holds something, and begins again.
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Db, Trx } from './database.ts'

/** Long before PostgreSQL looks for a deadlock (`deadlock_timeout`, a second) and ends one of the two. */
const waitMs = 200
const attemptsMax = 30
/** SQLSTATE: it waited for a lock for as long as it may; PostgreSQL broke a deadlock. */
const retryable = ['55P03', '40P01']

export async function givingWay<Result>(db: Db, work: (trx: Trx) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++)
    try {
      return await db.transaction().execute(async (trx) => {
        await sql`SELECT set_config('lock_timeout', ${`${waitMs}ms`}, true)`.execute(trx)
        return work(trx)
      })
    } catch (error) {
      if (!retryable.includes(String((error as { code?: string }).code)) || attempt === attemptsMax) throw error
      await sleep(Math.random() * waitMs)
    }
}
