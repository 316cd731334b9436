// A PostgreSQL of one test's own, reached by TCP: with settings, accounts, certificates or a standby that the shared one has not.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { findBinaries } from '../platform/postgres/binaries.ts'
import { createCluster } from '../platform/postgres/cluster.ts'
import { chooseIdentity, environment, listIdentities } from '../platform/postgres/identity.ts'
import { freePort } from './ports.ts'

export interface OwnPostgres {
  readonly port: number
  /** Of its files: certificates may be put there. */
  readonly directory: string
  /** As superuser, one statement after another. */
  query(text: string): Promise<pg.QueryResult[]>
  start(): Promise<void>
  /** SIGQUIT unless another is given: as a crash. */
  stop(signal?: NodeJS.Signals): Promise<void>
  discard(): Promise<void>
}

interface Options {
  readonly settings?: Readonly<Record<string, string>>
  /** Lines of pg_hba.conf after the superuser's own, by 127.0.0.1 without password. */
  readonly hba?: readonly string[]
  /** Begins with the files of this one, which must not run yet. */
  readonly standbyOf?: OwnPostgres
}

/** Not started yet. */
export async function makePostgres({ settings = {}, hba = [], standbyOf }: Options = {}): Promise<OwnPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'aion-postgres-'))
  const clusterDir = join(directory, 'postgres')
  const binaries = await findBinaries(directory)
  const identity = await chooseIdentity(await listIdentities(directory, clusterDir), directory, binaries)
  const port = await freePort()
  if (standbyOf) {
    await cp(join(standbyOf.directory, 'postgres'), clusterDir, { recursive: true, preserveTimestamps: true })
    await writeFile(join(clusterDir, 'standby.signal'), '')
  } else {
    await createCluster(clusterDir, identity, binaries)
    const own = ['host all postgres 127.0.0.1/32 trust', 'host replication postgres 127.0.0.1/32 trust']
    await writeFile(join(clusterDir, 'pg_hba.conf'), `${[...own, ...hba].join('\n')}\n`)
  }
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    ...(standbyOf && { primary_conninfo: `host=127.0.0.1 port=${standbyOf.port} user=postgres`, hot_standby: 'on' }),
    ...settings,
  }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let child: ChildProcess | undefined
  const query = async (text: string) => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
    client.on('error', () => {})
    await client.connect()
    return client
      .query(text)
      .then((result) => [result].flat())
      .finally(() => client.end())
  }
  const stop = async (signal: NodeJS.Signals = 'SIGQUIT') => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  return {
    port,
    directory,
    query,
    async start() {
      const [program = '', ...args] = [...identity.prefix, binaries.postgres, '-D', clusterDir, '-p', String(port), ...options]
      let output = ''
      child = spawn(program, args, {
        cwd: '/',
        env: environment(binaries),
        stdio: ['ignore', 'ignore', 'pipe'],
        ...identity.user,
      })
      child.stderr?.on('data', (text) => {
        output += text
      })
      for (const deadline = Date.now() + 15_000; ; await sleep(20)) {
        if (await query('SELECT 1').then(Boolean, () => false)) return
        if (child.exitCode !== null || Date.now() > deadline) throw new Error(`PostgreSQL did not start: ${output}`)
      }
    },
    stop,
    async discard() {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
