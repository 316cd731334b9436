// One pool, one query builder on it; int8 arrives as a number because every count and size here stays under 2^53.
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import type { Database } from './schema.ts'

export type Db = Kysely<Database>
export type Trx = Transaction<Database>
export type Connection = Db | Trx

const int8 = 20
const date = 1082
const typeParsers = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === int8) return Number
    if (oid === date) return (value: string) => value
    return pg.types.getTypeParser(oid, format as 'text')
  }) as typeof pg.types.getTypeParser,
}

/** Connections per process: enough to keep PostgreSQL busy from one core, few enough for its default of 100. */
const poolSize = 20

export function connect(connection: pg.PoolConfig, onError: (error: Error) => void): { pool: pg.Pool; db: Db } {
  const pool = new pg.Pool({
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 30_000,
    application_name: 'aionvision',
    types: typeParsers,
    ...connection,
  })
  // Without a listener a server that stops ends this process.
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  return { pool, db: new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }) }
}
