// Every row of every table, as text that any PostgreSQL from 15 on reads: what a backup keeps, and what moves to another server.
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { type CopyToStreamQuery, from, to } from 'pg-copy-streams'

export interface Table {
  /** With its schema, fit for SQL. */
  readonly name: string
  readonly columns: readonly string[]
}

export interface Sequence {
  readonly name: string
  /** null: nobody has drawn from it. */
  readonly last: string | null
}

/** Ours, and the job queue's. */
const schemas = `('public', 'graphile_worker')`
/** What has been done to the schema itself is written by whoever makes it. */
const bookkeeping = `('kysely_migration', 'kysely_migration_lock', 'migration_marks', 'migrations')`

/** A connection for long work, on which values read the same whatever the server's settings are. */
export async function connectForCopy(connection: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ connectionTimeoutMillis: 5_000, ...connection, application_name: 'aion-copy', keepAlive: true })
  client.on('error', () => {})
  await client.connect()
  await client.query(`SET datestyle = ISO; SET intervalstyle = postgres; SET timezone = UTC; SET extra_float_digits = 3;
    SET bytea_output = hex; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`)
  return client
}

/** In an order in which each table comes after those that its rows refer to. */
export async function listTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table & { refers: string[] }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name,
      (SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
      ARRAY(SELECT format('%I.%I', rn.nspname, r.relname) FROM pg_constraint f
        JOIN pg_class r ON r.oid = f.confrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid) AS refers
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ${schemas} AND c.relname NOT IN ${bookkeeping}
    ORDER BY name`)
  const ordered: Table[] = []
  const placed = new Set<string>()
  while (ordered.length < rows.length) {
    const ready = rows.filter(({ name, refers }) => !placed.has(name) && refers.every((other) => placed.has(other)))
    if (ready.length === 0) throw new Error('Tables refer to each other in a circle.')
    for (const { name, columns } of ready) {
      placed.add(name)
      ordered.push({ name, columns })
    }
  }
  return ordered
}

/** The name of a table with rows in it, whoever's it is; null when the database is empty. */
export async function findRows(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'
      AND NOT (n.nspname IN ${schemas} AND c.relname IN ${bookkeeping})
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY name`)
  for (const { name } of rows) {
    const found = await client.query<{ held: boolean }>(`SELECT EXISTS (SELECT FROM ${name}) AS held`).catch((error) => {
      // Whoever's it is, it is not ours.
      if (error.code === '42501') return null
      throw error
    })
    if (!found || found.rows[0]?.held) return name
  }
  return null
}

export async function listSequences(client: pg.Client): Promise<Sequence[]> {
  const { rows } = await client.query<Sequence>(
    `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS last FROM pg_sequences
     WHERE schemaname IN ${schemas} ORDER BY name`,
  )
  return rows
}

export function copyOut(client: pg.Client, table: Table): CopyToStreamQuery {
  return client.query(to(`COPY ${table.name} (${table.columns.join(', ')}) TO STDOUT`))
}

/** Answers how many rows came. */
export async function copyIn(client: pg.Client, table: Table, rows: AsyncIterable<Buffer>): Promise<number> {
  const sink = client.query(from(`COPY ${table.name} (${table.columns.join(', ')}) FROM STDIN`))
  await pipeline(rows, sink)
  return sink.rowCount
}

export async function setSequences(client: pg.Client, sequences: readonly Sequence[]): Promise<void> {
  for (const { name, last } of sequences) if (last !== null) await client.query('SELECT setval($1, $2)', [name, last])
}
