// PostgreSQL in the data directory: started by the process that comes first, joined by those that come later.
import { mkdir, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { tryLock } from '../instance-lock.ts'
import { StartupError } from '../startup-error.ts'
import { findBinaries } from './binaries.ts'
import { createCluster, inspectCluster, port, prepareSocketDirectory, user } from './cluster.ts'
import { chooseIdentity, handOver, type Identity, listIdentities } from './identity.ts'
import { endOrphan, findPostmaster } from './postmaster.ts'
import { startServerProcess } from './server-process.ts'

export interface EmbeddedPostgres {
  readonly connection: { readonly host: string; readonly port: number; readonly user: string; readonly database: string }
  /** Stops the server if it was started here; a joined one is left as it is. */
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  readonly dataDir: string
  readonly log: Logger
  /** Ways to run it, instead of those that fit this process. */
  readonly identities?: readonly Identity[]
}

/** A brief deed of aion-admin may own the server when we come; what takes longer is an instance. */
const waitMsMax = 30_000

/** Starts the server as ours; one that another process owns is waited for. */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return enter(options, false)
}

/** Uses the server that runs on the data directory, or starts one until stop(). */
export function joinEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return enter(options, true)
}

async function enter(options: EmbeddedPostgresOptions, mayJoin: boolean): Promise<EmbeddedPostgres> {
  const given = resolve(options.dataDir)
  try {
    await mkdir(given, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StartupError(`The data directory ${given} cannot be made (${(error as NodeJS.ErrnoException).code}).`)
  }
  try {
    const dataDir = await realpath(given)
    const deadline = performance.now() + waitMsMax
    while (performance.now() < deadline) {
      // Whoever starts the server holds this lock until it has stopped it: a server without a holder is an orphan.
      const lock = await tryLock(dataDir, 'postgres')
      if (lock)
        return await start(dataDir, options, lock.release).catch(async (error) => {
          await lock.release()
          throw error
        })
      const running = mayJoin ? await findPostmaster(join(dataDir, 'postgres')) : null
      if (running?.ready) return { connection: connectionTo(running.socketDirectory, running.port), stop: async () => {} }
      await sleep(50)
    }
  } catch (error) {
    throw explain(error, given)
  }
  throw new StartupError(`The data directory ${given} is used by another instance.`)
}

async function start(dataDir: string, options: EmbeddedPostgresOptions, release: () => Promise<void>): Promise<EmbeddedPostgres> {
  const clusterDir = join(dataDir, 'postgres')
  const there = await inspectCluster(clusterDir)
  const binaries = await findBinaries(dataDir)
  const candidates = options.identities ?? (await listIdentities(dataDir, clusterDir))
  const identity = await chooseIdentity(candidates, dataDir, binaries)
  if (there) {
    await endOrphan(clusterDir)
    await handOver(identity, clusterDir)
  } else await createCluster(clusterDir, identity, binaries)
  const socketDirectory = await prepareSocketDirectory(dataDir, identity)
  const server = await startServerProcess({ clusterDir, socketDirectory, identity, binaries, log: options.log })
  return {
    connection: connectionTo(socketDirectory, port),
    stop: async () => {
      await server.stop()
      await release()
    },
  }
}

function connectionTo(host: string, port: number): EmbeddedPostgres['connection'] {
  return { host, port, user, database: 'postgres' }
}

function explain(error: unknown, dataDir: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const causes: Record<string, string> = {
    EROFS: 'is on a read-only disk',
    ENOSPC: 'is on a full disk',
    EACCES: 'is closed to this user',
    EPERM: 'is closed to this user',
  }
  const cause = causes[code]
  return cause
    ? new StartupError(`The data directory ${dataDir} ${cause} (${code}): set AION_DATA_DIR to one that can be written.`)
    : error
}
