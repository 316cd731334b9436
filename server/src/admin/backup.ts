// aion-admin backup: database, objects and secret as they stood at one instant, in one file, while servers go on.
import { createReadStream, existsSync } from 'node:fs'
import { link, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type pg from 'pg'
import type { Config } from '../config.ts'
import { type ArchiveWriter, createArchive } from '../platform/archive.ts'
import {
  connectForCopy,
  copyOut,
  listSequences,
  listTables,
  type Sequence,
  type Table,
} from '../platform/database/copy-tables.ts'
import { appliedMigrations } from '../platform/database/migrate.ts'
import { tryLock } from '../platform/instance-lock.ts'
import { createDiskFiles } from '../platform/object-store/disk-files.ts'
import type { Secrets } from '../platform/secrets.ts'
import { StartupError } from '../platform/startup-error.ts'

export const format = 1

/** The first entry of an archive: what the rest is to be read with. */
export interface Manifest {
  readonly format: number
  readonly createdAt: string
  readonly migrations: readonly string[]
  readonly tables: readonly Table[]
  readonly sequences: readonly Sequence[]
  readonly objects: number
  /** False where AION_SECRET was given: who keeps it elsewhere does not want it here. */
  readonly secretInside: boolean
  /** Tells whether a secret is the same. */
  readonly secretCheck: string
}

export const tableEntry = (table: string) => `tables/${table}`
export const objectEntry = (name: string) => `objects/${name}`
export const secretEntry = 'secret'
export const manifestEntry = 'manifest.json'

export const secretCheckOf = (secrets: Secrets) => secrets.derive('backup-check').toString('hex')
export const sealKeyOf = (secrets: Secrets) => secrets.derive('backup-seal')

/** Objects come and go while they are held fast; each try needs less time than the one before. */
const triesMax = 20

export interface BackupDeps {
  readonly config: Config
  readonly connection: pg.ClientConfig
  readonly secrets: Secrets
  readonly now: () => number
  readonly say: (line: string) => void
}

/** False when the archive lacks objects that the database tells of, because they are on no disk. */
export async function backup({ config, connection, secrets, now, say }: BackupDeps, file: string): Promise<boolean> {
  if (config.databaseUrl)
    throw new StartupError(
      'backup is for the embedded database: keep the one at DATABASE_URL with pg_dump, and objects/ after it, as the guide says.',
    )
  const path = resolve(file)
  if (existsSync(path)) throw new StartupError(`There is a file ${path} already: name another one, or take it away.`)
  if (!existsSync(dirname(path))) throw new StartupError(`There is no directory ${dirname(path)}.`)
  const lock = await tryLock(config.dataDir, 'backup')
  if (!lock) throw new StartupError(`Another backup of ${config.dataDir} is being made.`)
  const client = await connectForCopy(connection)
  const held = join(config.dataDir, 'backup-objects')
  let archive: ArchiveWriter | null = null
  try {
    await rm(held, { recursive: true, force: true })
    const { names, lost } = await holdObjects(client, config, held)
    archive = await createArchive(path)
    const manifest: Manifest = {
      format,
      createdAt: new Date(now()).toISOString(),
      migrations: await appliedMigrations(client),
      tables: await listTables(client),
      sequences: await listSequences(client),
      objects: names.length,
      secretInside: config.secret === null,
      secretCheck: secretCheckOf(secrets),
    }
    await archive.add(manifestEntry, [Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`)])
    if (manifest.secretInside) await archive.add(secretEntry, [await readFile(join(config.dataDir, 'secret'))])
    let rows = 0
    for (const table of manifest.tables) {
      const out = copyOut(client, table)
      await archive.add(tableEntry(table.name), out)
      rows += out.rowCount
    }
    const { pathOf } = createDiskFiles(held)
    for (const name of names) await archive.add(objectEntry(name), createReadStream(pathOf(name), { highWaterMark: 256 * 1024 }))
    const size = await archive.finish(sealKeyOf(secrets))
    const tables = manifest.tables.length
    say(`${path}: ${rows} rows of ${tables} tables and ${names.length} objects, ${(size / 1e6).toFixed(1)} MB.`)
    if (!manifest.secretInside) say('AION_SECRET is not in it: keep it elsewhere, a restore needs it.')
    if (config.s3) say(`Objects in the bucket ${config.s3.bucket} are not in it.`)
    for (const name of lost.slice(0, 20)) say(`LOST the bytes of ${name}: a row names them, and they are not on disk.`)
    if (lost.length > 0) say(`${lost.length} objects are not in it because they are not on disk.`)
    return lost.length === 0
  } catch (error) {
    await archive?.abandon()
    throw error
  } finally {
    await client.end().catch(() => {})
    await rm(held, { recursive: true, force: true })
    await lock.release()
  }
}

/**
 * Begins a transaction that sees one instant, and gives a second name to all objects of that instant, so that a server which deletes
 * one frees no bytes of ours. One that went in between was deleted after the instant: then a later instant is taken.
 */
async function holdObjects(client: pg.Client, config: Config, held: string): Promise<{ names: string[]; lost: string[] }> {
  const source = createDiskFiles(join(config.dataDir, 'objects'))
  const target = createDiskFiles(held)
  const fast = new Set<string>()
  let before = new Set<string>()
  for (let tries = 0; tries < triesMax; tries++) {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const { rows } = await client.query<{ file_name: string }>(
      'SELECT file_name FROM stored_objects WHERE bucket_tenant_id IS NULL AND $1 ORDER BY file_name',
      [config.s3 === null],
    )
    const missing: string[] = []
    for (const { file_name: name } of rows) {
      if (fast.has(name)) continue
      const path = target.pathOf(name)
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const linked = await link(source.pathOf(name), path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false
          throw error
        },
      )
      if (linked) fast.add(name)
      else missing.push(name)
    }
    // What a row names twice, a moment apart, without there being any bytes, is not on its way out: it is lost.
    const lost = missing.filter((name) => before.has(name))
    if (lost.length === missing.length) return { names: rows.map((row) => row.file_name).filter((name) => fast.has(name)), lost }
    before = new Set(missing)
    await client.query('ROLLBACK')
  }
  throw new StartupError('Objects are deleted faster than they can be held fast: try again at a quieter hour.')
}
