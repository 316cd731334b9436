// One PostgreSQL and one Redis for the whole run, with a migrated template that each test server copies.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import pino from 'pino'
import type { TestProject } from 'vitest/node'
import { build as buildPages } from '../../../web/bin/build.js'
import { prepareSchema } from '../platform/database/prepare-schema.ts'
import { startEmbeddedPostgres } from '../platform/postgres/embedded-postgres.ts'
import { answersAt, freePort } from './ports.ts'

declare module 'vitest' {
  interface ProvidedContext {
    database: pg.PoolConfig
    template: string
    /** Of a Redis that the run started, or AION_TEST_REDIS_URL; empty where there is none. */
    redis: string
  }
}

export default async function setup(project: TestProject) {
  buildPages()
  const external = process.env.AION_TEST_DATABASE_URL
  const dataDir = await mkdtemp(join(tmpdir(), 'aion-test-'))
  const embedded = external ? null : await startEmbeddedPostgres({ dataDir, log: pino({ level: 'silent' }) })
  const database: pg.PoolConfig = embedded ? { ...embedded.connection } : fromUrl(external ?? '')
  const template = `aion_template_${process.pid}`
  const admin = new pg.Client({ ...database })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${template}`)
  await prepareSchema({ ...database, database: template })
  const redis = await startRedis(dataDir)
  project.provide('redis', redis.url)
  project.provide('database', database)
  project.provide('template', template)
  const { rows } = await admin.query<{ version: string }>("SELECT current_setting('server_version') AS version")
  console.log(
    `Tests run on PostgreSQL ${rows[0]?.version} (${embedded ? 'embedded' : 'AION_TEST_DATABASE_URL'}), Node ${process.version}, objects ${process.env.AION_TEST_S3_ENDPOINT ? `at ${process.env.AION_TEST_S3_ENDPOINT}` : 'on disk (no AION_TEST_S3_ENDPOINT)'}`,
  )
  return async () => {
    const left = await admin.query<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE datname LIKE 'aion_test_${process.pid}_%'`,
    )
    for (const { datname } of left.rows) await admin.query(`DROP DATABASE "${datname}" WITH (FORCE)`)
    await admin.query(`DROP DATABASE ${template} WITH (FORCE)`)
    await admin.end()
    await embedded?.stop()
    redis.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

function fromUrl(url: string): pg.PoolConfig {
  const { hostname, port, username, password, pathname } = new URL(url)
  return {
    host: decodeURIComponent(hostname),
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1) || 'postgres',
  }
}

/** Real: AION_TEST_REDIS_URL, else of this run alone, `redis-server` or `valkey-server` from the path, on a port of its own. */
async function startRedis(directory: string): Promise<{ url: string; stop: () => void }> {
  const given = process.env.AION_TEST_REDIS_URL
  if (given) return { url: given, stop: () => {} }
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory]
  for (const program of ['redis-server', 'valkey-server']) {
    const child = spawn(program, args, { stdio: 'ignore' })
    const begun = await new Promise<boolean>((resolve) => {
      child.on('spawn', () => resolve(true)).on('error', () => resolve(false))
    })
    if (!begun) continue
    for (let attempt = 0; attempt < 100 && !(await answersAt(port)); attempt++) await sleep(50)
    return { url: `redis://127.0.0.1:${port}`, stop: () => child.kill('SIGTERM') }
  }
  console.log('There is no redis-server here (Debian: redis-server), nor AION_TEST_REDIS_URL: what needs a Redis is skipped.')
  return { url: '', stop: () => {} }
}
