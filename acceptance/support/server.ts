// A server to hold to its promise: the one at AION_BASE_URL, or one of our own, started the way a user starts it.
import { type ChildProcess, type ChildProcessByStdio, execFile, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { backendsOf, discardBackends, objects } from './backends.ts'
import { here, type Place } from './place.ts'

export const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

export interface Server {
  readonly url: string
  readonly dataDir: string
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null>
  /** Stops, and removes the data directory. */
  discard(): Promise<void>
}

export interface Exit {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

type Env = Record<string, string>

/** Limits that would stop a test suite, not what it tests. */
export const relaxed: Env = {
  AION_LIMIT_LOGIN: 'off',
  AION_LIMIT_REGISTER: 'off',
  AION_LIMIT_RESET: 'off',
  AION_LIMIT_RESEND: 'off',
}

const many = 1_000_000
/** As much as a load makes and asks for, on the plan enterprise; `plans` says what else is to hold. */
export function unlimited(plans: Record<string, object> = {}): Env {
  const enterprise = { requestsPerMinute: many, activeKeys: many, concurrentUploads: 1_000 }
  return {
    ...relaxed,
    AION_LIMIT_UNAUTHENTICATED: 'off',
    AION_TENANT_CEILING_FACTOR: '0',
    AION_PLAN_OVERRIDES: JSON.stringify({ enterprise, ...plans }),
  }
}

export function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'aion-acceptance-'))
}

let built = false
/** One process builds while the others wait; what is built already is left alone. */
function buildOnce(): void {
  if (built) return
  execFileSync('flock', [join(tmpdir(), 'aion-acceptance-build.lock'), process.execPath, 'server/bin/build.js'], {
    cwd: repository,
  })
  built = true
}

/** A database as the first start leaves it, made once for a build: a start on a copy of it takes half the work. */
async function copyDatabase(dataDir: string): Promise<void> {
  buildOnce()
  const build = Math.floor((await stat(join(repository, 'server/dist/main.js'))).mtimeMs)
  // One of this checkout: what an older build left goes.
  const mine = `aion-acceptance-database-${createHash('sha256').update(repository).digest('hex').slice(0, 8)}-`
  const name = `${mine}${build}`
  const original = join(tmpdir(), name)
  if (!existsSync(original)) {
    for (const other of await readdir(tmpdir()))
      if (other.startsWith(mine) && other !== name) await rm(join(tmpdir(), other), { recursive: true, force: true })
    const { dataDir: first, stop } = await startServer({}, await temporaryDirectory())
    await stop()
    // Who comes second finds it there.
    await rename(join(first, 'postgres'), original).catch(() => {})
    await rm(first, { recursive: true })
  }
  await promisify(execFile)('cp', ['--archive', '--reflink=auto', original, join(dataDir, 'postgres')])
}

export function spawnServer(
  env: Env,
  command: readonly string[] = [process.execPath],
): ChildProcessByStdio<null, Readable, Readable> {
  buildOnce()
  const [program = process.execPath, ...rest] = command
  return spawn(program, [...rest, join(repository, 'server/bin/aion-server.js')], {
    cwd: repository,
    // No balancer has to notice that it goes, unless a test says so.
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', PORT: '0', AION_SHUTDOWN_DELAY: '0', ...objects, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The processes that a server of AION_WORKERS began from its own program; none of one that answers itself. */
export function workersOf({ pid }: ChildProcess): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  return children.filter((child) => {
    try {
      // Whatever it begins bears its name for a moment: only a worker was given a number by node:cluster.
      return readFileSync(`/proc/${child}/environ`, 'utf8').includes('\0NODE_UNIQUE_ID=')
    } catch {
      return false
    }
  })
}

function collect(child: ChildProcess): { stdout: () => string; stderr: () => string } {
  const chunks = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    chunks.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    chunks.stderr += text
  })
  return { stdout: () => chunks.stdout, stderr: () => chunks.stderr }
}

/** On a data directory of its own that is as good as new, unless `dataDir` says which; an empty one there makes it a first start. */
export async function startServer(env: Env = {}, dataDir?: string, { command, host }: Place = here): Promise<Server> {
  const directory = dataDir ?? (await temporaryDirectory())
  const backends = env.DATABASE_URL ? {} : await backendsOf(directory)
  if (!dataDir && !env.DATABASE_URL && !backends.DATABASE_URL) await copyDatabase(directory)
  const child = spawnServer({ AION_DATA_DIR: directory, HOST: host, ...backends, ...env }, [...command, process.execPath])
  const { stdout, stderr } = collect(child)
  const ended = once(child, 'close')
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      if (stdout().split('\n').length > 3) resolve(/http:\/\/\S+/.exec(stdout())?.[0] ?? '')
    })
    child.once('close', (code) => reject(new Error(`The server ended with ${code}: ${stderr()}`)))
  })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await ended
    return child.exitCode
  }
  const discard = async () => {
    await stop()
    await discardBackends(directory)
    await rm(directory, { recursive: true, force: true })
  }
  return { url, dataDir: directory, child, stdout, stderr, stop, discard }
}

/** For starts that must fail: runs until the process ends by itself. */
export async function runToExit(env: Env, command?: readonly string[]): Promise<Exit> {
  const backends = env.AION_DATA_DIR && !env.DATABASE_URL ? await backendsOf(env.AION_DATA_DIR) : {}
  const child = spawnServer({ ...backends, ...env }, command)
  const { stdout, stderr } = collect(child)
  const guard = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(guard)
  return { code, stdout: stdout(), stderr: stderr() }
}

/** The server under test: somebody else's at AION_BASE_URL, else our own. */
export async function serverUnderTest(env: Env = relaxed): Promise<{ url: string; discard(): Promise<void> }> {
  const given = process.env.AION_BASE_URL
  return given ? { url: given.replace(/\/$/, ''), discard: async () => {} } : startServer(env)
}
