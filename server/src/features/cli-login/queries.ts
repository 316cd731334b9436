// All SQL on cli_logins.
import type { Selectable } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'

export type CliLoginRow = Selectable<Database['cli_logins']>

export async function insertCliLogin(conn: Connection, row: CliLoginRow): Promise<void> {
  await conn.insertInto('cli_logins').values(row).execute()
}

/** One that still waits for a decision. */
export async function findWaiting(conn: Connection, userCode: string, now: Date): Promise<CliLoginRow | null> {
  return (await waiting(conn, userCode, now).executeTakeFirst()) ?? null
}

/** Of two decisions on one code the second finds nothing. */
export async function lockWaiting(trx: Trx, userCode: string, now: Date): Promise<CliLoginRow | null> {
  return (await waiting(trx, userCode, now).forUpdate().executeTakeFirst()) ?? null
}

function waiting(conn: Connection, userCode: string, now: Date) {
  return conn
    .selectFrom('cli_logins')
    .selectAll()
    .where('user_code', '=', userCode)
    .where('approved_by', 'is', null)
    .where('denied_at', 'is', null)
    .where('expires_at', '>', now)
}

export async function updateCliLogin(
  trx: Trx,
  id: string,
  set: Partial<Pick<CliLoginRow, 'approved_by' | 'approving_session' | 'redirect_code_hash' | 'denied_at'>>,
): Promise<void> {
  await trx.updateTable('cli_logins').set(set).where('id', '=', id).execute()
}

export async function lockByDevice(trx: Trx, deviceHash: Buffer): Promise<CliLoginRow | null> {
  return (
    (await trx.selectFrom('cli_logins').selectAll().where('device_hash', '=', deviceHash).forUpdate().executeTakeFirst()) ?? null
  )
}

export async function deleteCliLogin(conn: Connection, id: string): Promise<void> {
  await conn.deleteFrom('cli_logins').where('id', '=', id).execute()
}

export async function deleteExpired(conn: Connection, now: Date): Promise<void> {
  await conn.deleteFrom('cli_logins').where('expires_at', '<', now).execute()
}
