// aion-admin restore: an archive becomes a data directory, whole and verified, or the directory stays empty.
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import pg from 'pg'
import pino from 'pino'
import type { Config } from '../config.ts'
import { type ArchiveReader, type Content, type Entry, openArchive, whole } from '../platform/archive.ts'
import { connectForCopy, copyIn, listTables, setSequences, type Table } from '../platform/database/copy-tables.ts'
import { migrationNames } from '../platform/database/migrate.ts'
import { prepareSchema } from '../platform/database/prepare-schema.ts'
import { acquireInstanceLock } from '../platform/instance-lock.ts'
import { openLogOutput } from '../platform/log-output.ts'
import { createDiskFiles } from '../platform/object-store/disk-files.ts'
import { startEmbeddedPostgres } from '../platform/postgres/embedded-postgres.ts'
import { loadSecrets, type Secrets, secretsFrom } from '../platform/secrets.ts'
import { StartupError } from '../platform/startup-error.ts'
import { format, type Manifest, manifestEntry, objectEntry, sealKeyOf, secretCheckOf, secretEntry, tableEntry } from './backup.ts'

/** There from the first byte to the last: a directory that holds it is no data directory. */
const marker = 'restoring'

export function refuseHalfRestored(dataDir: string): void {
  if (existsSync(join(dataDir, marker)))
    throw new StartupError(
      `The restore into ${resolve(dataDir)} was not finished: run "aion-admin restore" again, or empty the directory.`,
    )
}

export async function restore(config: Config, file: string, say: (line: string) => void): Promise<void> {
  if (config.databaseUrl)
    throw new StartupError('restore fills a data directory and the database in it: take DATABASE_URL away for it.')
  const archive = await openArchive(resolve(file))
  const lock = await acquireInstanceLock(config.dataDir)
  try {
    const found = (await readdir(config.dataDir)).filter((name) => name !== 'lost+found')
    // All that lies beside the marker was put there by a restore.
    if (found.length > 0 && !found.includes(marker))
      throw new StartupError(`The data directory ${resolve(config.dataDir)} is not empty: restore into a new one.`)
    await clear(config.dataDir)
    await writeFile(join(config.dataDir, marker), '')
    await syncDirectory(config.dataDir)
    try {
      const { rows, objects } = await fill(config, archive)
      say(`${resolve(config.dataDir)}: ${rows} rows and ${objects} objects, each as it was. Start the server on it.`)
    } catch (error) {
      await clear(config.dataDir)
      // A byte that is another one now may be in a row.
      if (error instanceof pg.DatabaseError)
        throw new StartupError(`The archive ${resolve(file)} is damaged: PostgreSQL does not take a row of it (${error.code}).`)
      throw error
    }
    await rm(join(config.dataDir, marker))
    await syncDirectory(config.dataDir)
  } finally {
    await archive.close()
    await lock.release()
  }
}

async function fill(config: Config, archive: ArchiveReader): Promise<{ rows: number; objects: number }> {
  const entries = archive.entries()
  const manifest = await readManifest(entries)
  const secrets = await readSecret(config, manifest, entries)
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir, log: pino({ level: 'error' }, openLogOutput()) })
  try {
    // As it was when the backup was made; the server's next start takes it further.
    await prepareSchema(embedded.connection, manifest.migrations.at(-1))
    const client = await connectForCopy(embedded.connection)
    try {
      await client.query('BEGIN')
      const rows = await fillTables(client, manifest, entries)
      await setSequences(client, manifest.sequences)
      const objects = await fillObjects(config, entries)
      archive.verify(sealKeyOf(secrets))
      if (objects !== manifest.objects)
        throw new StartupError(`The archive holds ${objects} objects instead of ${manifest.objects}.`)
      await client.query('COMMIT')
      return { rows, objects }
    } finally {
      await client.end().catch(() => {})
    }
  } finally {
    await embedded.stop()
  }
}

type Entries = AsyncGenerator<Entry>

async function next(entries: Entries, name: string): Promise<AsyncIterable<Buffer>> {
  const { value } = await entries.next()
  if (value?.name !== name) throw new StartupError(`The archive is no backup: ${name} is not where it should be.`)
  return value.content
}

async function readManifest(entries: Entries): Promise<Manifest> {
  const text = (await whole(await next(entries, manifestEntry))).toString()
  let manifest: Manifest
  try {
    manifest = JSON.parse(text)
  } catch {
    throw new StartupError('The archive is damaged: its manifest cannot be read.')
  }
  const unknown = manifest.migrations.filter((name) => !migrationNames.includes(name))
  if (manifest.format !== format || unknown.length > 0)
    throw new StartupError('The archive was made by a newer version of Aionvision: restore it with that version.')
  return manifest
}

/** The one in the archive, written where the server looks for it, unless the environment has it. */
async function readSecret(config: Config, manifest: Manifest, entries: Entries): Promise<Secrets> {
  const inside = manifest.secretInside ? await whole(await next(entries, secretEntry)) : null
  if (inside === null && config.secret === null)
    throw new StartupError('The archive holds no secret, because its server was given one: set the same AION_SECRET.')
  const secrets = inside !== null && config.secret === null ? secretsFrom(inside.toString().trim()) : await loadSecrets(config)
  if (secretCheckOf(secrets) !== manifest.secretCheck)
    throw new StartupError('AION_SECRET is not the secret of the server that was backed up.')
  if (inside !== null && config.secret === null) await writeDurably(join(config.dataDir, 'secret'), [inside])
  return secrets
}

async function fillTables(client: pg.Client, manifest: Manifest, entries: Entries): Promise<number> {
  const made = new Map((await listTables(client)).map((table) => [table.name, table]))
  const fits = ({ name, columns }: Table) => columns.every((column) => made.get(name)?.columns.includes(column))
  if (!manifest.tables.every(fits))
    throw new StartupError('The tables in the archive are not those of this version: restore it with the version that made it.')
  if (made.size > 0) await client.query(`TRUNCATE ${[...made.keys()].join(', ')}`)
  let rows = 0
  for (const table of manifest.tables) rows += await copyIn(client, table, await next(entries, tableEntry(table.name)))
  return rows
}

async function fillObjects(config: Config, entries: Entries): Promise<number> {
  const { pathOf } = createDiskFiles(join(config.dataDir, 'objects'))
  const directories = new Set<string>()
  const prefix = objectEntry('')
  let objects = 0
  for await (const { name, content } of entries) {
    const path = pathOf(name.slice(prefix.length))
    if (!name.startsWith(prefix) || !/^[0-9a-f-]{36}$/.test(name.slice(prefix.length)))
      throw new StartupError(`The archive is no backup: ${name} does not belong in it.`)
    if (!directories.has(dirname(path))) await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    directories.add(dirname(path))
    await writeDurably(path, content)
    objects++
  }
  for (const directory of directories) await syncDirectory(directory)
  if (directories.size > 0) await syncDirectory(join(config.dataDir, 'objects'))
  return objects
}

async function writeDurably(path: string, content: Content): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of content) await file.writeFile(chunk)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function clear(directory: string): Promise<void> {
  // The marker goes last: whatever is left of an interruption is still known for what it is.
  const names = (await readdir(directory)).filter((name) => name !== marker && name !== 'lost+found')
  for (const name of names) await rm(join(directory, name), { recursive: true })
  await rm(join(directory, marker), { force: true })
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  await directory.sync().finally(() => directory.close())
}
