// A pooler (PgBouncer) between us and PostgreSQL: one that keeps a session together will do, another is refused in a sentence.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readConfig } from '../../config.ts'
import { startServer } from '../../server.ts'
import { makePostgres, type OwnPostgres } from '../../testing/own-postgres.ts'
import { answersAt, freePort } from '../../testing/ports.ts'
import { systemClock } from '../clock.ts'
import { secretsFrom } from '../secrets.ts'
import { reachDatabase } from './reach-database.ts'

const directory = await mkdtemp(join(tmpdir(), 'aion-pooler-'))
let postgres: OwnPostgres
beforeAll(async () => {
  if (!there) return
  postgres = await makePostgres()
  await postgres.start()
})
afterAll(async () => {
  await postgres?.discard()
  await rm(directory, { recursive: true, force: true })
})

const path = `${process.env.PATH}:/usr/sbin`
const there = spawnSync('pgbouncer', ['--version'], { env: { PATH: path } }).status === 0
if (!there) console.log('There is no pgbouncer here (Debian: pgbouncer): what a pooler changes is not tested.')

const poolers: ChildProcess[] = []
afterAll(() => {
  for (const child of poolers) child.kill('SIGKILL')
})

/** Answers its DATABASE_URL. */
async function startPgBouncer(mode: 'session' | 'transaction'): Promise<string> {
  const port = await freePort()
  const file = join(directory, `${mode}.ini`)
  await writeFile(
    file,
    `[databases]\naion = host=127.0.0.1 port=${postgres.port} user=postgres dbname=postgres
[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\nauth_type = any\npool_mode = ${mode}\n`,
  )
  // It will not run as root, and whom it runs as has to read its file.
  await chmod(directory, 0o755)
  const user = process.getuid?.() === 0 ? ['--user', 'nobody'] : []
  poolers.push(spawn('pgbouncer', ['--quiet', ...user, file], { env: { PATH: path }, stdio: 'ignore' }))
  await vi.waitFor(async () => expect(await answersAt(port)).toBe(true), { timeout: 5_000 })
  return `postgres://anybody@127.0.0.1:${port}/aion`
}

test.skipIf(!there)('in transaction mode it is refused: word of changes would be lost', async () => {
  await expect(reachDatabase(await startPgBouncer('transaction'))).rejects.toThrow(/stands behind a pooler .* session mode\.$/)
})

test.skipIf(!there)('in session mode as Debian brings it all is well: changes, jobs, the bounds of a statement', async () => {
  const database = await reachDatabase(await startPgBouncer('session'))
  const config = readConfig({ PORT: '0', AION_DATA_DIR: directory, AION_STATEMENT_TIMEOUT: '2', AION_DATABASE_POOL: '5' })
  const server = await startServer(config, database, systemClock, secretsFrom(Buffer.alloc(32, 7)), pino({ level: 'silent' }))
  try {
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    const body = JSON.stringify({ email: 'ada@example.com', password: 'Sturdy-Passphrase-41', name: 'Ada' })
    const headers = { 'content-type': 'application/json' }
    const registered = await fetch(`${server.url}/api/v2/auth/session/register`, { method: 'POST', headers, body })
    expect(registered.status).toBe(200)
    await vi.waitFor(async () => expect(await readdir(join(directory, 'outbox'))).toHaveLength(1), { timeout: 5_000 })
    const { rows } = await server.deps.pool.query('SHOW statement_timeout')
    expect(rows).toEqual([{ statement_timeout: '2s' }])
    await expect(server.deps.pool.query('SELECT pg_sleep(30)')).rejects.toMatchObject({ code: '57014' })
  } finally {
    await server.stop()
  }
})
