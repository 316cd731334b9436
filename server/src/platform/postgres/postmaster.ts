// The server that runs on a database directory, whoever started it, as its pid file and the kernel tell.
import { readdir, readFile, readlink, realpath, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartupError } from '../startup-error.ts'

export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly socketDirectory: string
  readonly ready: boolean
}

const pollMs = 20
const fastShutdownMsMax = 20_000
const immediateShutdownMsMax = 10_000

/** What the pid file says, true or not. */
export async function readPidFile(clusterDir: string): Promise<Postmaster | null> {
  const text = await readFile(join(clusterDir, 'postmaster.pid'), 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Math.abs(Number(lines[0]))
  return pid ? { pid, port: Number(lines[3]), socketDirectory: lines[4] ?? '', ready: lines[7] === 'ready' } : null
}

/** The live server of that directory: a pid file alone proves nothing, for pids are given again. */
export async function findPostmaster(clusterDir: string): Promise<Postmaster | null> {
  const told = await readPidFile(clusterDir)
  return told && (await worksIn(told.pid, clusterDir)) ? told : null
}

/** Whether that process is a server, or a part of one, on that directory. */
async function worksIn(pid: number | string, clusterDir: string): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(clusterDir))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') return false
  }
  // In a container root may not look at another user's process; its command line is open to all.
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
  return words[words.indexOf('-D') + 1] === clusterDir || words[0]?.startsWith('postgres: ') === true
}

/** Ends a server whose starter is gone: nobody else would, and only a child of ours ends with us. */
export async function endOrphan(clusterDir: string): Promise<void> {
  const orphan = await findPostmaster(clusterDir)
  if (!orphan) return
  for (const [signal, patienceMs] of [
    ['SIGINT', fastShutdownMsMax],
    ['SIGQUIT', immediateShutdownMsMax],
  ] as const) {
    const deadline = performance.now() + patienceMs
    send(orphan.pid, signal, clusterDir)
    while (performance.now() < deadline) {
      if (!(await worksIn(orphan.pid, clusterDir))) return
      await sleep(pollMs)
    }
  }
  throw new StartupError(`The database in ${clusterDir} is held by process ${orphan.pid}, which does not end.`)
}

function send(pid: number, signal: 'SIGINT' | 'SIGQUIT', clusterDir: string): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM')
      throw new StartupError(`The database in ${clusterDir} is held by process ${pid} of another user.`)
  }
}

/**
 * Removes a pid file whose number now belongs to a stranger: PostgreSQL would take it for its own server for ever.
 * While any part of the old server lives the file stays, because PostgreSQL finds that part by it.
 */
export async function forgetDeadPostmaster(clusterDir: string): Promise<void> {
  for (const pid of await readdir('/proc')) if (/^\d+$/.test(pid) && (await worksIn(pid, clusterDir))) return
  await unlink(join(clusterDir, 'postmaster.pid')).catch(() => {})
}
