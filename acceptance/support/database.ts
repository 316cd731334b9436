// A look into a running server's PostgreSQL, for what must be proved of what is at rest.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { externalDatabaseUrl, shutExternalDatabase } from './backends.ts'
import type { Server } from './server.ts'

export async function databaseOf(server: Pick<Server, 'dataDir'>): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrlOf(server) })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** The embedded one's socket and port stand in postmaster.pid, wherever below the data directory that is. */
export function databaseUrlOf(server: Pick<Server, 'dataDir'>): string {
  const external = externalDatabaseUrl(server.dataDir)
  if (external) return external
  const [, , , port, directory = ''] = postmaster(server)
  return `postgres://postgres@localhost:${port}/postgres?host=${encodeURIComponent(directory)}`
}

/** Behind the server's back: PostgreSQL's immediate shutdown, or no way to it any more. */
export async function stopDatabaseOf(server: Pick<Server, 'dataDir'>): Promise<void> {
  if (externalDatabaseUrl(server.dataDir)) return shutExternalDatabase(server.dataDir)
  const pid = Number(postmaster(server)[0])
  process.kill(pid, 'SIGQUIT')
  const lives = () => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  while (lives()) await new Promise((resolve) => setTimeout(resolve, 20))
}

function postmaster({ dataDir }: Pick<Server, 'dataDir'>): string[] {
  const pidFile = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith('postmaster.pid'))
  if (!pidFile) throw new Error(`No PostgreSQL runs below ${dataDir}`)
  return readFileSync(join(dataDir, pidFile), 'utf8').split('\n')
}

/** Every table's every row as text, as a dump would hold it. */
export async function dump(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  )
  const tables = new Map<string, string>()
  for (const { name } of rows) {
    const content = await client.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`)
    tables.set(name, content.rows.map((row) => row.line).join('\n'))
  }
  return tables
}

/** As if everybody's last proof of who they are were an hour old. Whoever asks next must not be in the server's memory yet. */
export async function ageProofs(server: Pick<Server, 'dataDir'>): Promise<void> {
  const database = await databaseOf(server)
  await database.query(`UPDATE sessions SET authenticated_at = now() - interval '1 hour'`)
  await database.end()
}
