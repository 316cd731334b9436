// PostgreSQL started, restarted, killed, joined and refused, in processes of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import pg from 'pg'
import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { StartupError } from '../startup-error.ts'
import { findBinaries } from './binaries.ts'
import { type EmbeddedPostgres, joinEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
import { chooseIdentity, environment, listIdentities, run } from './identity.ts'
import { findPostmaster } from './postmaster.ts'

const root = process.getuid?.() === 0
const nobody = { uid: 65534, gid: 65534 }
const log = pino({ level: 'silent' })
let home: string
let script: string
let count = 0

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'aion-pg-'))
  await chmod(home, 0o755)
  script = join(home, 'hold.mjs')
  await build({
    stdin: {
      contents: `import { startEmbeddedPostgres } from './embedded-postgres.ts'
        import { listIdentities } from './identity.ts'
        const [dataDir, mode] = process.argv.slice(2)
        const log = { debug() {}, error() {} }
        // Without setpriv nothing ends the server with its parent.
        const loose = async () => (await listIdentities(dataDir, dataDir + '/postgres'))
          .map(({ prefix, user }) => ({ user, prefix: prefix.filter((word) => word.startsWith('--m') || word === '--user' || word === 'unshare') }))
        const identities = mode === 'loose' ? await loose() : undefined
        startEmbeddedPostgres({ dataDir, log, identities }).then(
          (postgres) => {
            console.log(JSON.stringify(postgres.connection))
            process.on('SIGTERM', () => postgres.stop().then(() => process.exit(0)))
          },
          (error) => { console.log(error.name + ': ' + error.message); process.exit(1) })`,
      resolveDir: dirname(fileURLToPath(import.meta.url)),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    define: { 'import.meta.url': JSON.stringify(import.meta.url) },
    outfile: script,
  })
})

afterAll(() => rm(home, { recursive: true, force: true }))

async function dataDirectory(): Promise<string> {
  count += 1
  const directory = join(home, `data-${count}`)
  await mkdir(directory, { mode: 0o700 })
  return directory
}

async function hold(dataDir: string, options: { mode?: 'loose'; uid?: number; gid?: number } = {}) {
  const { mode = 'tied', ...user } = options
  const child = spawn(process.execPath, [script, dataDir, mode], { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'], ...user })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

async function query(connection: EmbeddedPostgres['connection'], sql: string): Promise<unknown> {
  const client = new pg.Client({ ...connection })
  await client.connect()
  const { rows } = await client.query({ text: sql, rowMode: 'array' })
  await client.end()
  return rows.at(0)?.at(0)
}

async function gone(clusterDir: string): Promise<boolean> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (!(await findPostmaster(clusterDir))) return true
    await sleep(20)
  }
  return false
}

const unreachable = 'an ordinary user reaches neither this checkout nor this Node'

async function reachable(dataDir: string): Promise<boolean> {
  const binaries = await findBinaries(dataDir)
  const programs = [process.execPath, binaries.postgres].map((program) => [program, '--version'])
  for (const program of programs)
    if ((await run({ prefix: [], user: nobody }, program, environment(binaries))).code !== 0) return false
  return true
}

it('starts on nothing, keeps what was written, and starts again', async () => {
  const dataDir = await dataDirectory()
  const began = performance.now()
  const first = await startEmbeddedPostgres({ dataDir, log })
  expect(performance.now() - began).toBeLessThan(5000)
  await query(first.connection, 'CREATE TABLE kept AS SELECT 7 AS n')
  expect(await query(first.connection, `SELECT current_setting('listen_addresses') || current_setting('fsync')`)).toBe('on')
  expect((await stat(first.connection.host)).mode & 0o777).toBe(0o700)
  await Promise.all([first.stop(), first.stop()])
  expect(await findPostmaster(join(dataDir, 'postgres'))).toBeNull()
  const again = performance.now()
  const second = await startEmbeddedPostgres({ dataDir, log })
  expect(performance.now() - again).toBeLessThan(1000)
  expect(await query(second.connection, 'SELECT n FROM kept')).toBe(7)
  await second.stop()
})

it('ends with its parent on kill -9, and starts at once with everything acknowledged', async () => {
  const dataDir = await dataDirectory()
  for (let round = 1; round <= 3; round += 1) {
    const { child, said } = await hold(dataDir)
    await query(JSON.parse(said), `CREATE TABLE round_${round} ()`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    if (round === 1) expect(await gone(join(dataDir, 'postgres'))).toBe(true)
  }
  const after = await startEmbeddedPostgres({ dataDir, log })
  expect(await query(after.connection, `SELECT count(*)::int FROM pg_tables WHERE tablename LIKE 'round_%'`)).toBe(3)
  await after.stop()
})

it('takes over an orphan that lives on', async () => {
  const dataDir = await dataDirectory()
  const { child, said } = await hold(dataDir, { mode: 'loose' })
  await query(JSON.parse(said), 'CREATE TABLE kept AS SELECT 1 AS n')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await sleep(300)
  const orphan = await findPostmaster(join(dataDir, 'postgres'))
  expect(orphan).not.toBeNull()
  const server = await startEmbeddedPostgres({ dataDir, log })
  expect((await findPostmaster(join(dataDir, 'postgres')))?.pid).not.toBe(orphan?.pid)
  expect(await query(server.connection, 'SELECT n FROM kept')).toBe(1)
  await server.stop()
})

it('survives the sudden death of the server itself, and a pid file whose number a stranger has', async () => {
  const dataDir = await dataDirectory()
  const { child } = await hold(dataDir)
  const clusterDir = join(dataDir, 'postgres')
  const killed = await findPostmaster(clusterDir)
  const pidFile = await readFile(join(clusterDir, 'postmaster.pid'), 'utf8')
  process.kill(killed?.pid ?? -1, 'SIGKILL')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const server = await startEmbeddedPostgres({ dataDir, log })
  await server.stop()
  const stranger = spawn('sleep', ['60'])
  await writeFile(join(clusterDir, 'postmaster.pid'), pidFile.replace(/^\d+/, String(stranger.pid)), { mode: 0o600 })
  if (root) {
    const { uid, gid } = await stat(clusterDir)
    await chown(join(clusterDir, 'postmaster.pid'), uid, gid)
  }
  const next = await startEmbeddedPostgres({ dataDir, log })
  expect(stranger.exitCode).toBeNull()
  await next.stop()
  stranger.kill()
})

it('is joined by a second process, which leaves it running', async () => {
  const dataDir = await dataDirectory()
  const { child, said } = await hold(dataDir)
  const joined = await joinEmbeddedPostgres({ dataDir, log })
  expect(joined.connection).toEqual(JSON.parse(said))
  await joined.stop()
  expect(await query(JSON.parse(said), 'SELECT 1')).toBe(1)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(await findPostmaster(join(dataDir, 'postgres'))).toBeNull()
})

it('starts for a joiner where none runs, for two at once as well, and the server waits for their end', async () => {
  const dataDir = await dataDirectory()
  const [one, two] = await Promise.all([joinEmbeddedPostgres({ dataDir, log }), joinEmbeddedPostgres({ dataDir, log })])
  expect(one.connection).toEqual(two.connection)
  let started = false
  const server = startEmbeddedPostgres({ dataDir, log }).then((postgres) => {
    started = true
    return postgres
  })
  await sleep(300)
  expect(started).toBe(false)
  await Promise.all([one.stop(), two.stop()])
  expect(await query((await server).connection, 'SELECT 1')).toBe(1)
  await (await server).stop()
})

it('finds a short path for the socket of a deep directory', async () => {
  const dataDir = join(await dataDirectory(), 'deep'.repeat(20), 'deeper'.repeat(20))
  const server = await startEmbeddedPostgres({ dataDir, log })
  expect(Buffer.byteLength(server.connection.host)).toBeLessThan(90)
  expect(await query(server.connection, 'SELECT 1')).toBe(1)
  const joined = await joinEmbeddedPostgres({ dataDir, log })
  expect(joined.connection).toEqual(server.connection)
  await server.stop()
  await rm(server.connection.host, { recursive: true })
})

it('makes a new database where one was left half made, and touches none that it does not know', async () => {
  const dataDir = await dataDirectory()
  await mkdir(join(dataDir, 'postgres.new'))
  await writeFile(join(dataDir, 'postgres.new', 'PG_VERSION'), '18\n')
  await (await startEmbeddedPostgres({ dataDir, log })).stop()
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
  const older = await startEmbeddedPostgres({ dataDir, log }).catch((error) => error)
  expect(older).toBeInstanceOf(StartupError)
  expect(older.message).toMatch(/^The database in .* belongs to PostgreSQL 17, this program brings 18: [^.]*\.$/)
  await unlink(join(dataDir, 'postgres', 'PG_VERSION'))
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow('is not empty and holds no PostgreSQL database.')
  expect(await readdir(join(dataDir, 'postgres'))).toContain('pg_wal')
})

it('says why it cannot run', async () => {
  const dataDir = await dataDirectory()
  const identities = [{ prefix: ['no-such-program'], user: null }]
  const refused = await startEmbeddedPostgres({ dataDir, log, identities }).catch((error) => error)
  expect(refused).toBeInstanceOf(StartupError)
  expect(refused.message).toContain('no-such-program ENOENT')
  expect(await readdir(dataDir)).toEqual([])
})

it.runIf(root)('runs as an unprivileged user where namespaces are forbidden, and goes on so', async ({ skip }) => {
  const dataDir = await dataDirectory()
  const clusterDir = join(dataDir, 'postgres')
  // Owned by root at first, as namespaces leave it.
  await (await startEmbeddedPostgres({ dataDir, log })).stop()
  const identities = (await listIdentities(dataDir, clusterDir)).filter(({ user }) => user !== null)
  skip(!(await reachable(dataDir)), unreachable)
  const server = await startEmbeddedPostgres({ dataDir, log, identities })
  expect((await stat(clusterDir)).uid).toBe(65534)
  expect((await stat(dataDir)).mode & 0o007).toBe(0)
  expect(await query(server.connection, 'SELECT 1')).toBe(1)
  await server.stop()
  const later = await startEmbeddedPostgres({ dataDir, log })
  expect((await stat(`/proc/${(await findPostmaster(clusterDir))?.pid}`)).uid).toBe(65534)
  await later.stop()
})

it.runIf(root)(
  'runs for an ordinary user, ends with it, and is refused to another or on a closed directory',
  async ({ skip }) => {
    const dataDir = await dataDirectory()
    await chown(dataDir, nobody.uid, nobody.gid)
    skip(!(await reachable(dataDir)), unreachable)
    const first = await hold(dataDir, nobody)
    await query(JSON.parse(first.said), 'CREATE TABLE kept ()')
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    const second = await hold(dataDir, nobody)
    expect(await query(JSON.parse(second.said), `SELECT count(*)::int FROM pg_tables WHERE tablename = 'kept'`)).toBe(1)
    second.child.kill('SIGTERM')
    expect(await once(second.child, 'exit')).toEqual([0, null])
    expect((await hold(dataDir, { uid: 1, gid: 1 })).said).toMatch(/^StartupError: The data directory .* is closed to this user/)
    const closed = await dataDirectory()
    await chown(closed, nobody.uid, nobody.gid)
    await chmod(closed, 0o500)
    expect((await hold(closed, nobody)).said).toMatch(/^StartupError: The data directory .* is closed to this user \(EACCES\)/)
  },
)

it('passes over ways that are forbidden here', async () => {
  const dataDir = await dataDirectory()
  const ways = await listIdentities(dataDir, join(dataDir, 'postgres'))
  const forbidden = { prefix: ['false'], user: null }
  const chosen = await chooseIdentity([forbidden, ...ways], dataDir, await findBinaries(dataDir))
  expect(ways).toContain(chosen)
})
