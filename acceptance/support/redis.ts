// A Redis of one test's own, which it may kill.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { answersAt, freePort } from './ports.ts'

export interface OwnRedis {
  readonly url: string
  kill(): Promise<void>
  /** On the same port, empty. */
  restart(): Promise<void>
}

/** Null where no redis-server (or valkey-server) is installed; it says so. */
export async function startRedis(): Promise<OwnRedis | null> {
  const port = await freePort()
  let child = await begin(port)
  if (!child) {
    console.log('There is no redis-server here (Debian: redis-server): what several servers share is not tested.')
    return null
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    async kill() {
      const killed = child
      child = null
      if (killed?.kill('SIGKILL')) await once(killed, 'exit')
    },
    async restart() {
      child = await begin(port)
    },
  }
}

async function begin(port: number): Promise<ChildProcess | null> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()]
  for (const program of ['redis-server', 'valkey-server']) {
    const child = spawn(program, args, { stdio: 'ignore' })
    const begun = await new Promise<boolean>((resolve) => {
      child.on('spawn', () => resolve(true)).on('error', () => resolve(false))
    })
    if (!begun) continue
    for (let attempt = 0; attempt < 100 && !(await answersAt(port)); attempt++) await sleep(50)
    return child
  }
  return null
}
