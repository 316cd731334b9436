// What a server under test stands on: its own embedded parts, or the PostgreSQL, the Redis and the S3 store that the environment names.
import { basename } from 'node:path'
import pg from 'pg'

type Env = Record<string, string>

const {
  AION_TEST_DATABASE_URL: databaseUrl,
  AION_TEST_REDIS_URL: redisUrl,
  AION_TEST_S3_ENDPOINT: endpoint,
  AION_TEST_S3_BUCKET: bucket = '',
  AION_TEST_S3_ACCESS_KEY_ID: accessKeyId = '',
  AION_TEST_S3_SECRET_ACCESS_KEY: secretAccessKey = '',
} = process.env

/** Objects in the bucket that start-radosgw.mjs made, where the environment names one; else on disk. */
export const objects: Env = endpoint
  ? { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey }
  : {}

/** For what only the embedded store does: it sees the bytes of an upload. */
export const onDisk: Env = { S3_ENDPOINT: '', S3_BUCKET: '', S3_ACCESS_KEY_ID: '', S3_SECRET_ACCESS_KEY: '' }

/** A database and a counter prefix belong to a data directory, as the embedded ones do. */
export async function backendsOf(dataDir: string): Promise<Env> {
  if (databaseUrl) await asAdmin(`CREATE DATABASE "${nameOf(dataDir)}"`, '42P04')
  const url = externalDatabaseUrl(dataDir)
  return {
    ...objects,
    ...(url && { DATABASE_URL: url }),
    ...(redisUrl && { REDIS_URL: redisUrl, AION_REDIS_PREFIX: `${nameOf(dataDir)}:` }),
  }
}

export async function discardBackends(dataDir: string): Promise<void> {
  if (databaseUrl) await asAdmin(`DROP DATABASE IF EXISTS "${nameOf(dataDir)}" WITH (FORCE)`)
}

/** Null where the server has its own. */
export function externalDatabaseUrl(dataDir: string): string | null {
  if (!databaseUrl) return null
  const url = new URL(databaseUrl)
  url.pathname = `/${nameOf(dataDir)}`
  return url.href
}

/** Nobody gets in any more, and who is in is thrown out. */
export async function shutExternalDatabase(dataDir: string): Promise<void> {
  const name = nameOf(dataDir)
  await asAdmin(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`)
  await asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
}

function nameOf(dataDir: string): string {
  return basename(dataDir)
    .replace(/[^A-Za-z0-9]/g, '_')
    .toLowerCase()
}

async function asAdmin(statement: string, allowedCode?: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client
    .query(statement)
    .catch((error: pg.DatabaseError) => {
      if (error.code !== allowedCode) throw error
    })
    .finally(() => client.end())
}
