// Starting: three lines when it works, one sentence and exit code 1 when it cannot, and nothing damaged either way.
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { discardBackends } from './support/backends.ts'
import { call, register, signIn } from './support/client.ts'
import { databaseOf } from './support/database.ts'
import { type Exit, relaxed, runToExit, type Server, startServer, temporaryDirectory } from './support/server.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A first start unless `dataDir` says otherwise. */
async function started(env?: Record<string, string>, dataDir?: string): Promise<Server> {
  const server = await startServer({ ...relaxed, ...env }, dataDir ?? (await temporaryDirectory()))
  cleanups.push(server.discard)
  return server
}

async function emptyDirectory(): Promise<string> {
  const directory = await temporaryDirectory()
  cleanups.push(async () => {
    await discardBackends(directory)
    await rm(directory, { recursive: true, force: true })
  })
  return directory
}

function expectOneSentence(exit: Exit, says: RegExp): void {
  expect({ code: exit.code, stdout: exit.stdout }).toEqual({ code: 1, stdout: '' })
  const lines = exit.stderr.trim().split('\n')
  expect(lines, exit.stderr).toHaveLength(1)
  expect(lines[0]).toMatch(says)
  expect(lines[0]?.endsWith('.')).toBe(true)
}

test('prints three lines, keeps its secret to itself, and exits with 0 on SIGTERM', async () => {
  const server = await started()
  const lines = server.stdout().trim().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toContain(server.url)
  expect(lines[1]).toMatch(/^Mail/)
  expect(lines[2]).toMatch(/^Next/)
  const secret = await stat(join(server.dataDir, 'secret'))
  expect((secret.mode & 0o777).toString(8)).toBe('600')
  expect((await call(server.url, 'GET', '/healthz')).status).toBe(200)
  expect((await call(server.url, 'GET', '/readyz')).status).toBe(200)
  expect(await server.stop()).toBe(0)
  expect(server.stderr()).not.toMatch(/"level":(50|60)|Error/)
})

test('ends on SIGTERM though nobody reads what it logs', async () => {
  const server = await started({ AION_LOG_LEVEL: 'debug' })
  server.child.stderr?.pause()
  // More lines than wait in a pipe.
  for (let batch = 0; batch < 40; batch++)
    await Promise.all(Array.from({ length: 50 }, () => call(server.url, 'GET', '/healthz')))
  server.child.kill('SIGTERM')
  const late = setTimeout(() => server.child.kill('SIGKILL'), 15_000)
  expect(await once(server.child, 'exit')).toEqual([0, null])
  clearTimeout(late)
  server.child.stderr?.destroy()
})

test('a second start finds what the first one kept, and takes less than 5 seconds', async () => {
  const first = await started()
  const { email, password } = await register(first.url)
  await first.stop()
  // The best of three: other tests run beside this one.
  const took: number[] = []
  for (let attempt = 0; attempt < 3; attempt++) {
    const before = performance.now()
    const second = await started({}, first.dataDir)
    took.push(performance.now() - before)
    expect(await signIn(second.url, email, password)).toMatch(/^ses_/)
    await second.stop()
  }
  expect(Math.min(...took)).toBeLessThan(5_000)
})

test('refuses a port that is taken', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  cleanups.push(async () => squatter.close())
  const port = String((squatter.address() as AddressInfo).port)
  const dataDir = await emptyDirectory()
  expectOneSentence(await runToExit({ AION_DATA_DIR: dataDir, PORT: port }), new RegExp(`${port}.*taken`))
  const server = await started({}, dataDir)
  expect((await call(server.url, 'GET', '/readyz')).status).toBe(200)
})

test('refuses a host that is not this machine, alone and with workers', async () => {
  const dataDir = await emptyDirectory()
  // RFC 5737: of nobody.
  for (const workers of ['1', '2'])
    expectOneSentence(await runToExit({ AION_DATA_DIR: dataDir, HOST: '192.0.2.1', AION_WORKERS: workers }), /HOST 192\.0\.2\.1/)
})

test('refuses a data directory that another server uses, which goes on unharmed', async () => {
  const first = await started()
  const { email, password } = await register(first.url)
  expectOneSentence(await runToExit({ AION_DATA_DIR: first.dataDir }), /another|in use|already/i)
  expect(await signIn(first.url, email, password)).toMatch(/^ses_/)
})

test('refuses a data directory that cannot be written', async () => {
  const parent = await emptyDirectory()
  const dataDir = join(parent, 'data')
  if (process.getuid?.() !== 0) {
    await chmod(parent, 0o500)
    cleanups.push(() => chmod(parent, 0o700))
    return expectOneSentence(await runToExit({ AION_DATA_DIR: dataDir }), /cannot be written/)
  }
  // Root may write anywhere but on a read-only file system, and where one cannot be mounted, not below a plain file.
  const mount = ['unshare', '--mount', 'sh', '-c', `mount -t tmpfs -o ro none ${parent} && exec "$@"`, 'sh']
  const canMount = spawnSync(mount[0] ?? '', [...mount.slice(1), 'true']).status === 0
  if (canMount)
    return expectOneSentence(await runToExit({ AION_DATA_DIR: dataDir }, [...mount, process.execPath]), /cannot be written/)
  await writeFile(dataDir, '')
  expectOneSentence(await runToExit({ AION_DATA_DIR: join(dataDir, 'inside') }), /cannot be written/)
})

test('refuses a disk that became read-only, and works again afterwards', async () => {
  const server = await started()
  const { email, password } = await register(server.url)
  await server.stop()
  const mount = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `mount --bind ${server.dataDir} ${server.dataDir} && mount -o remount,bind,ro ${server.dataDir} && exec "$@"`,
    'sh',
  ]
  const canMount = process.getuid?.() === 0 && spawnSync(mount[0] ?? '', [...mount.slice(1), 'true']).status === 0
  if (canMount)
    expectOneSentence(await runToExit({ AION_DATA_DIR: server.dataDir }, [...mount, process.execPath]), /cannot be written/)
  else if (process.getuid?.() !== 0) {
    execFileSync('chmod', ['500', server.dataDir])
    expectOneSentence(await runToExit({ AION_DATA_DIR: server.dataDir }), /cannot be written/)
    execFileSync('chmod', ['700', server.dataDir])
  }
  const again = await started({}, server.dataDir)
  expect(await signIn(again.url, email, password)).toMatch(/^ses_/)
})

test('refuses a data directory that belongs to a newer version, and leaves it as it is', async () => {
  const server = await started()
  const { email, password } = await register(server.url)
  const database = await databaseOf(server)
  await database.query(
    `INSERT INTO kysely_migration (name, timestamp) VALUES ('9998-expands', '2098'), ('9999-from-the-future', '2099');
     INSERT INTO migration_marks SELECT '9998-expands', max(name) FROM migration_marks;
     INSERT INTO migration_marks VALUES ('9999-from-the-future', '9998-expands')`,
  )
  await database.end()
  await server.stop()
  expectOneSentence(await runToExit({ AION_DATA_DIR: server.dataDir }), /newer version/)
  expectOneSentence(await runToExit({ AION_DATA_DIR: server.dataDir }), /newer version/)
  expect((await stat(join(server.dataDir, 'secret'))).size).toBeGreaterThan(31)
  expect(email && password).toBeTruthy()
})

test('starts on the schema of the version after, if its migrations leave what this one needs', async () => {
  const server = await started()
  const { email, password } = await register(server.url)
  const database = await databaseOf(server)
  await database.query(
    `INSERT INTO kysely_migration (name, timestamp) VALUES ('9998-expands', '2098');
     INSERT INTO migration_marks SELECT '9998-expands', max(name) FROM migration_marks;
     ALTER TABLE users ADD COLUMN nickname text`,
  )
  await database.end()
  await server.stop()
  const again = await started({}, server.dataDir)
  expect(await signIn(again.url, email, password)).toMatch(/^ses_/)
})

test('names every fault of the settings at once', async () => {
  const exit = await runToExit({
    PORT: 'http',
    AION_LIMIT_LOGIN: 'often',
    AION_TRUSTED_PROXIES: 'proxy',
    DATABASE_URL: 'mysql://x',
  })
  expectOneSentence(exit, /PORT/)
  for (const name of ['AION_LIMIT_LOGIN', 'AION_TRUSTED_PROXIES', 'DATABASE_URL']) expect(exit.stderr).toContain(name)
})

test('refuses plan figures that make no sense', async () => {
  const dataDir = await emptyDirectory()
  await mkdir(dataDir, { recursive: true })
  expectOneSentence(await runToExit({ AION_DATA_DIR: dataDir, AION_PLAN_OVERRIDES: '{"gold":{}}' }), /AION_PLAN_OVERRIDES/)
})
