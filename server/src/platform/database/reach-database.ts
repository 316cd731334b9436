// The first word with a PostgreSQL that is not ours: what is wrong with it is said in one sentence before anything starts.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { StartupError } from '../startup-error.ts'
import { type DatabaseAddress, parseDatabaseUrl } from './database-url.ts'

const oldestVersion = 15
const answerMs = 5_000
const notifiedMs = 2_000

/** How to connect to it, TLS decided. `name`: what the operator calls it. */
export async function reachDatabase(url: string, name = 'DATABASE_URL'): Promise<pg.ClientConfig> {
  const address = parseDatabaseUrl(url)
  if (typeof address === 'string') throw new StartupError(`${name} ${address}.`)
  const { host = 'localhost', port = 5432 } = address.connection
  const where = `The PostgreSQL at ${name} (${host.startsWith('/') ? host : `${host}:${port}`})`
  const connection = await settleTls(address).catch((error) => {
    throw new StartupError(`${where} ${inWords(error, address.connection)}.`)
  })
  const fault = await findFault(connection).catch((error) => inWords(error, connection))
  if (fault) throw new StartupError(`${where} ${fault}.`)
  return connection
}

/** With TLS, or, where that may be, without it if the server offers none. */
export async function settleTls({ connection, orPlain }: DatabaseAddress): Promise<pg.ClientConfig> {
  try {
    await (await dial(connection)).end()
    return connection
  } catch (error) {
    if (!orPlain || !isPlain(error as Error)) throw error
    return { ...connection, ssl: false }
  }
}

async function dial(connection: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ ...connection, application_name: 'aion-start', connectionTimeoutMillis: answerMs })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
}

/** node-postgres gives it no code. */
const isPlain = (error: Error) => error.message === 'The server does not support SSL connections'

async function findFault(connection: pg.ClientConfig): Promise<string | null> {
  const client = await dial(connection)
  try {
    const { rows } = await client.query<{ version: number; standby: boolean }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS version, pg_is_in_recovery() AS standby`,
    )
    const { version = 0, standby = false } = rows[0] ?? {}
    if (version < oldestVersion) return `is version ${version}: ${oldestVersion} is the oldest that will do`
    if (standby) return 'is a standby, which takes no writes: name the primary'
    if (!(await hearsOthers(client, connection)))
      return 'stands behind a pooler that hands out a connection for each transaction: name PostgreSQL itself, or a pool in session mode'
    return null
  } finally {
    await client.end().catch(() => {})
  }
}

/** Through such a pooler word of changes and locks that outlive a transaction are lost without an error. */
async function hearsOthers(client: pg.Client, connection: pg.ClientConfig): Promise<boolean> {
  const channel = `aion_start_${randomUUID().replaceAll('-', '')}`
  let timer: NodeJS.Timeout | undefined
  const heard = new Promise<boolean>((resolve) => {
    client.on('notification', () => resolve(true))
    timer = setTimeout(resolve, notifiedMs, false)
  })
  const other = await dial(connection)
  try {
    await client.query(`LISTEN ${channel}`)
    await other.query(`NOTIFY ${channel}`)
    return await heard
  } finally {
    clearTimeout(timer)
    await other.end().catch(() => {})
  }
}

/** Never with the password, which no message of PostgreSQL, Node or OpenSSL repeats. */
function inWords(error: Error & { code?: string }, { host, user, database }: pg.ClientConfig): string {
  const { code = '', message } = error
  if (isPlain(error)) return 'offers no TLS: turn it on there, or give sslmode=disable if the way to it is safe'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `shows a certificate for another host than ${host}: give the host that it is for`
  if (code === 'CERT_HAS_EXPIRED') return 'shows a certificate that has expired'
  if (/^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|CERT_)/.test(code))
    return `shows a certificate that no trusted authority has signed (${code}): give its authority's by sslrootcert`
  if (/^(ERR_SSL|ERR_OSSL|EPROTO)/.test(code)) return `and this server do not come to terms on TLS (${code})`
  if (code === '28P01') return `refuses the password of ${user}`
  if (code === '3D000') return `has no database ${database}`
  if (code === '08P01' && message.includes('startup parameter'))
    return `stands behind a pooler that refuses to pass on options: ${message}`
  if (message === 'timeout expired') return `does not answer within ${answerMs / 1000} s`
  if (/^E[A-Z_]+$/.test(code)) return `cannot be reached (${code})`
  return `refuses the connection: ${message.replace(/\.$/, '')}`
}
