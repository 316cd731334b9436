// The database's directory and the socket's: found fit for use, or made whole before they get their names.
import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartupError } from '../startup-error.ts'
import type { Binaries } from './binaries.ts'
import { environment, handOver, type Identity, run } from './identity.ts'

export const port = 5432
export const user = 'postgres'
const version = '18'

/** The kernel's bound for a socket's path, its closing zero left out. */
const socketPathBytesMax = 107

/** Whether there is a database; throws when there is one that this program cannot use. */
export async function inspectCluster(clusterDir: string): Promise<boolean> {
  const found = await readFile(join(clusterDir, 'PG_VERSION'), 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (found?.trim() === version) return true
  if (found !== null)
    throw new StartupError(
      `The database in ${clusterDir} belongs to PostgreSQL ${found.trim()}, this program brings ${version}: move it with pg_dump, or use the program that made it.`,
    )
  const entries = await readdir(clusterDir).catch(() => null)
  if (entries && entries.length > 0) throw new StartupError(`${clusterDir} is not empty and holds no PostgreSQL database.`)
  return false
}

/** Makes the database under another name, so that one that was interrupted is never taken for a whole one. */
export async function createCluster(clusterDir: string, identity: Identity, binaries: Binaries): Promise<void> {
  const draft = `${clusterDir}.new`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  await handOver(identity, draft)
  const env = environment(binaries)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const access = [`--username=${user}`, '--auth-local=trust', '--auth-host=reject']
  const made = await run(identity, [binaries.initdb, '-D', draft, '--no-sync', '--no-instructions', ...access, ...locale], env)
  if (made.code !== 0) {
    await rm(draft, { recursive: true, force: true })
    throw new StartupError(`PostgreSQL could not make its database in ${clusterDir}: ${lastError(made.output)}.`)
  }
  // One sync of the file system instead of a thousand of files.
  const synced = await run(identity, [binaries.initdb, '-D', draft, '--sync-only', '--sync-method=syncfs'], env)
  if (synced.code !== 0) throw new StartupError(`PostgreSQL could not keep its database on disk: ${lastError(synced.output)}.`)
  await rmdir(clusterDir).catch(() => {})
  await rename(draft, clusterDir)
  const parent = await open(join(clusterDir, '..'), 'r')
  await parent.sync().finally(() => parent.close())
}

/** A directory for the socket that only the server's user enters, in the data directory if the path is short enough. */
export async function prepareSocketDirectory(dataDir: string, identity: Identity): Promise<string> {
  const uid = identity.user?.uid ?? process.getuid?.() ?? 0
  const name = `aion-${uid}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`
  const places = [join(dataDir, 'run'), join(tmpdir(), name), join('/tmp', name)]
  const directory = places.find((place) => Buffer.byteLength(`${place}/.s.PGSQL.${port}`) <= socketPathBytesMax)
  if (!directory) throw new StartupError(`No path is short enough for the database's socket.`)
  await mkdir(directory, { mode: 0o700 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  const inside = directory === places[0]
  const found = await lstat(directory)
  // Elsewhere than in the data directory, anybody could have put it there.
  if (!found.isDirectory() || (!inside && ![uid, process.getuid?.()].includes(found.uid)))
    throw new StartupError(`${directory}, meant for the database's socket, belongs to somebody else: remove it.`)
  await handOver(identity, directory)
  if ((found.mode & 0o777) !== 0o700) await chmod(directory, 0o700)
  // What a killed server left: its pid may by now belong to a stranger.
  for (const left of ['', '.lock']) await rm(join(directory, `.s.PGSQL.${port}${left}`), { force: true })
  return directory
}

/** What PostgreSQL complained of, as part of a sentence: the disk if that was it, else what came last. */
export function lastError(output: string): string {
  const lines = output.trim().split('\n')
  const errors = lines.filter((line) => /(FATAL|PANIC|error):\s/i.test(line))
  const line =
    errors.find((error) => /No space left|Read-only|Permission denied/.test(error)) ?? errors.at(-1) ?? lines.at(-1) ?? ''
  return line.replace(/^.*?(FATAL|PANIC|error):\s+/i, '').replace(/\.$/, '')
}
