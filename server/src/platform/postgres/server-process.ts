// The PostgreSQL server as a child of this process: started until it is ready, watched, and stopped.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { StartupError } from '../startup-error.ts'
import type { Binaries } from './binaries.ts'
import { lastError, port } from './cluster.ts'
import { environment, type Identity } from './identity.ts'
import { endOrphan, forgetDeadPostmaster, readPidFile } from './postmaster.ts'

export interface ServerSpec {
  readonly clusterDir: string
  readonly socketDirectory: string
  readonly identity: Identity
  readonly binaries: Binaries
  readonly log: Logger
}

export interface ServerProcess {
  stop(): Promise<void>
}

/** What a server that was killed leaves behind is gone within this time. */
const staleMsMax = 15_000
const recoveryMsMax = 120_000
const stopMsMax = 30_000

const settings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  // Statements and details hold what people sent: none of it in a log.
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_line_prefix: '',
  logging_collector: 'off',
  log_destination: 'stderr',
}

export async function startServerProcess(spec: ServerSpec): Promise<ServerProcess> {
  const deadline = performance.now() + staleMsMax
  for (;;) {
    const attempt = await tryStart(spec)
    if (attempt.server) return attempt.server
    const taken = /lock file "postmaster\.pid" already exists/.test(attempt.output)
    const stale = taken || /pre-existing shared memory/.test(attempt.output)
    if (!stale || performance.now() > deadline)
      throw new StartupError(`PostgreSQL could not start on ${spec.clusterDir}: ${lastError(attempt.output)}.`)
    await sleep(200)
    await endOrphan(spec.clusterDir)
    if (taken) await forgetDeadPostmaster(spec.clusterDir)
  }
}

type Attempt = { readonly server: ServerProcess } | { readonly server: null; readonly output: string }

async function tryStart(spec: ServerSpec): Promise<Attempt> {
  const { clusterDir, identity, binaries, log } = spec
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const command = [binaries.postgres, '-D', clusterDir, '-k', spec.socketDirectory, '-p', String(port), ...options]
  const [program = '', ...args] = [...identity.prefix, ...command]
  const child = spawn(program, args, {
    cwd: '/',
    env: environment(binaries),
    stdio: ['ignore', 'ignore', 'pipe'],
    // A session of its own: the terminal's Ctrl-C is for us, and the server goes last.
    detached: true,
    ...identity.user,
  })
  const output: string[] = []
  let failure: string | null = null
  const exited = new Promise<void>((done) => {
    child.once('close', () => done())
    child.once('error', (error) => {
      failure = error.message
      done()
    })
  })
  let over = false
  exited.then(() => {
    over = true
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (output.push(line) > 50) output.shift()
    if (/PANIC:/.test(line)) log.error({ postgres: line }, 'the database reports')
    else log.debug({ postgres: line }, 'the database reports')
  })
  const deadline = performance.now() + recoveryMsMax
  while (!over) {
    const running = await readPidFile(clusterDir)
    if (running?.ready && running.pid === child.pid) return { server: supervise(child, exited, log) }
    if (performance.now() > deadline) {
      child.kill('SIGINT')
      await exited
      throw new StartupError(`PostgreSQL was not ready on ${clusterDir} within ${recoveryMsMax / 1000} s.`)
    }
    await Promise.race([exited, sleep(10)])
  }
  return { server: null, output: failure ?? output.join('\n') }
}

function supervise(child: ChildProcess, exited: Promise<void>, log: Logger): ServerProcess {
  let stopping = false
  exited.then(() => {
    if (!stopping) log.error({ code: child.exitCode, signal: child.signalCode }, 'the database ended by itself')
  })
  const stop = async () => {
    stopping = true
    child.kill('SIGINT')
    const insist = setTimeout(() => child.kill('SIGQUIT'), stopMsMax)
    await exited
    clearTimeout(insist)
  }
  let stopped: Promise<void> | null = null
  return {
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
