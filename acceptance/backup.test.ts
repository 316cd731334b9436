// A backup of a running server, put back into an empty directory, is that server as it stood; what is damaged or cut off never becomes one.
import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { onDisk } from './support/backends.ts'
import { call, createKey, download, type Person, signUp, storeDocument, succeed } from './support/client.ts'
import { databaseUrlOf } from './support/database.ts'
import { snippets } from './support/documents.ts'
import { bash, type Run, run } from './support/run.ts'
import { relaxed, repository, runToExit, type Server, startServer, temporaryDirectory } from './support/server.ts'

/** Each test runs several commands that start a database of their own, beside whatever else keeps this machine busy. */
vi.setConfig({ testTimeout: 180_000 })

/** On every set of parts this is about the embedded ones. */
const embedded = { ...onDisk, DATABASE_URL: '', REDIS_URL: '' }

const externalUrl = process.env.AION_TEST_DATABASE_URL
const text = (length: number) => Buffer.from(randomBytes(length / 2).toString('hex'))
const content = text(700_000)
let server: Server
let owner: Person
let key: string
let file: string
let directory: string
let archive: string

beforeAll(async () => {
  directory = await temporaryDirectory()
  archive = join(directory, 'aion.tar')
  server = await startServer({ ...relaxed, ...embedded })
  owner = await signUp(server.url, 'enterprise')
  key = (await createKey(server.url, owner.session)).key
  file = (await storeDocument(server.url, key, content)).id
})
afterAll(async () => {
  await server.discard()
  await rm(directory, { recursive: true, force: true })
})

function admin(dataDir: string, words: string[], env: Record<string, string> = {}): Promise<Run> {
  const command = [join(repository, 'server/bin/aion-admin.js'), ...words]
  return run(process.execPath, command, '', { AION_DATA_DIR: dataDir, ...embedded, ...env }, repository)
}

/** Requests that write, one after another, until told to stop. */
function keepWriting(): () => Promise<{ stored: string[]; deleted: string[] }> {
  const done = { stored: [] as string[], deleted: [] as string[] }
  let stopping = false
  const work = (async () => {
    while (!stopping) {
      const { id } = await storeDocument(server.url, key, text(2_000))
      done.stored.push(id)
      const previous = done.stored.at(-3)
      if (!previous) continue
      await succeed(call(server.url, 'DELETE', `/api/v2/user-files/${previous}`, { token: key }))
      done.deleted.push(previous)
    }
  })()
  return async () => {
    stopping = true
    await work
    return done
  }
}

test('the guide: a server goes on while it is backed up, and stands again elsewhere as it was', async () => {
  const env = { ...embedded, HOME: process.env.HOME ?? '/', AION_DATA_DIR: server.dataDir, BACKUPS: directory }
  const [backup = '', ...rest] = snippets('docs/guide/backup.md', 'bash')
  const stopWriting = keepWriting()
  const made = await bash(backup, env, repository)
  const { deleted } = await stopWriting()
  expect(`${made.code} ${made.stderr}`).toBe('0 ')
  expect(made.stdout).toMatch(/rows of \d+ tables and \d+ objects/)
  expect(deleted.length).toBeGreaterThan(0)
  expect(((await stat(archive)).mode & 0o777).toString(8)).toBe('600')
  expect(await readdir(directory)).toEqual(['aion.tar'])
  expect(await readdir(server.dataDir)).not.toContain('backup-objects')
  const later = await createKey(server.url, owner.session)

  const dataDir = join(directory, 'restored')
  const restored = await bash(rest.join('\n'), env, repository)
  expect(`${restored.code} ${restored.stderr}`).toBe('0 ')
  expect(restored.stdout).toMatch(/manifest\.json[\s\S]*intact/)
  const again = await startServer({ ...relaxed, ...embedded }, dataDir)
  try {
    expect((await download(again.url, key, file)).equals(content)).toBe(true)
    const listed = await succeed(call(again.url, 'GET', '/api/v2/user-files?limit=100', { token: key }))
    const ids = (listed.at('files') as { id: string }[]).map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(0)
    for (const id of ids) await download(again.url, key, id)
    expect((await call(again.url, 'GET', '/api/v2/user-files', { token: later.key })).status).toBe(401)
    // Rows that come after those restored: no sequence, no trail begins anew.
    await createKey(again.url, owner.session)
    await storeDocument(again.url, key, text(100))
    expect((await admin(dataDir, ['audit', 'verify'])).stdout).toMatch(/intact/)
  } finally {
    await again.stop()
  }
})

test('a database moves to an empty PostgreSQL, which the server goes on with', async () => {
  const dataDir = join(directory, 'restored')
  const host = externalUrl ? null : await startServer({ ...relaxed, ...embedded })
  const url = new URL(externalUrl ?? databaseUrlOf(host ?? { dataDir }))
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  const name = `aion_moved_${randomBytes(4).toString('hex')}`
  await client.query(`CREATE DATABASE ${name}`)
  url.pathname = `/${name}`
  try {
    const moved = await admin(dataDir, ['move', 'database', url.href])
    expect([moved.code, moved.stderr]).toEqual([0, ''])
    expect(moved.stdout).toMatch(/^\d+ rows of \d+ tables are there/)
    // What was left as it was, by whoever has not heard of the move, is not out of date in silence.
    const left = /^The database of .* was moved to another PostgreSQL: set DATABASE_URL\..*\.\n$/
    const stale = await admin(dataDir, ['backup', join(directory, 'stale.tar')])
    expect([stale.code, stale.stderr]).toEqual([1, expect.stringMatching(left)])
    const start = await runToExit({ ...embedded, AION_DATA_DIR: dataDir })
    expect([start.code, start.stderr]).toEqual([1, expect.stringMatching(left)])
    await rm(join(dataDir, 'database-moved'))
    const again = await admin(dataDir, ['move', 'database', url.href])
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/^The database to move to is not empty.*\.\n$/)])
    const other = await startServer({ ...relaxed, ...embedded, DATABASE_URL: url.href }, dataDir)
    expect((await download(other.url, key, file)).equals(content)).toBe(true)
    await createKey(other.url, owner.session)
    expect((await admin(dataDir, ['audit', 'verify'], { DATABASE_URL: url.href })).stdout).toMatch(/intact/)
    const busy = await admin(server.dataDir, ['move', 'database', url.href])
    expect([busy.code, busy.stderr]).toEqual([1, expect.stringMatching(/^Stop the server first/)])
    await other.stop()
  } finally {
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await client.end()
    await host?.discard()
  }
})

test('does not write over a file, and fills no directory that holds anything', async () => {
  const taken = await admin(server.dataDir, ['backup', archive])
  expect([taken.code, taken.stderr.trim()]).toEqual([1, expect.stringMatching(/^There is a file .*aion\.tar.*\.$/)])
  const dataDir = join(directory, 'in-use')
  await mkdir(dataDir)
  await writeFile(join(dataDir, 'letter'), 'mine')
  const refused = await admin(dataDir, ['restore', archive])
  expect([refused.code, refused.stderr.trim()]).toEqual([1, expect.stringMatching(/^.*in-use is not empty.*\.$/)])
  expect(await readdir(dataDir)).toEqual(['letter'])
  expect((await admin(server.dataDir, ['restore', archive])).stderr).toMatch(/used by another instance/)
})

test('an archive that was cut off or changed leaves an empty directory and a sentence', async () => {
  const dataDir = join(directory, 'fresh')
  const { size } = await stat(archive)
  const damaged = join(directory, 'damaged.tar')
  for (const damage of [
    () => truncate(damaged, Math.floor(size / 2)),
    () => overwrite(damaged, Math.floor(size / 2), randomBytes(64)),
    async () =>
      overwrite(damaged, (await readFile(damaged, 'latin1')).search(/^[0-9a-f]{8}-[0-9a-f]{4}-/m), Buffer.from('no id')),
    () => writeFile(damaged, 'no archive at all'),
    () => rm(damaged),
  ]) {
    await pipeline(createReadStream(archive), createWriteStream(damaged))
    await damage()
    const { code, stderr } = await admin(dataDir, ['restore', damaged])
    expect([code, stderr.trim().split('\n')]).toEqual([1, [expect.stringMatching(/^The archive .*\.$/)]])
    expect(await readdir(dataDir)).toEqual([])
  }
})

function overwrite(path: string, start: number, bytes: Buffer): Promise<void> {
  return pipeline([bytes], createWriteStream(path, { flags: 'r+', start }))
}

test('a restore that was killed is no data directory, and is begun again', async () => {
  const dataDir = join(directory, 'killed')
  await mkdir(dataDir)
  await writeFile(join(dataDir, 'restoring'), '')
  await writeFile(join(dataDir, 'secret'), 'a half')
  const start = await runToExit({ ...embedded, AION_DATA_DIR: dataDir })
  expect([start.code, start.stderr.trim()]).toEqual([1, expect.stringMatching(/^The restore into .* was not finished.*\.$/)])
  expect((await admin(dataDir, ['audit', 'verify'])).code).toBe(1)
  expect((await admin(dataDir, ['restore', archive])).code).toBe(0)
  expect(await readdir(dataDir)).not.toContain('restoring')
})

test('a secret that is kept elsewhere is not in the archive, and has to be the same', async () => {
  const AION_SECRET = randomBytes(32).toString('hex')
  const [from, to] = [join(directory, 'from'), join(directory, 'to')]
  const elsewhere = join(directory, 'elsewhere.tar')
  await mkdir(from)
  expect((await admin(from, ['backup', elsewhere], { AION_SECRET })).code).toBe(0)
  expect((await admin(to, ['restore', elsewhere])).stderr).toMatch(/AION_SECRET/)
  expect((await admin(to, ['restore', elsewhere], { AION_SECRET: randomBytes(32).toString('hex') })).stderr).toMatch(
    /AION_SECRET/,
  )
  expect((await admin(to, ['restore', elsewhere], { AION_SECRET })).code).toBe(0)
  expect(await readdir(to)).not.toContain('secret')
})
