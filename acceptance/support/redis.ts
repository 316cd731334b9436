// A Redis of one test's own, which it may kill.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { here, type Place } from './place.ts'
import { answersAt, freePort } from './ports.ts'

export interface OwnRedis {
  readonly url: string
  kill(): Promise<void>
  /** On the same port, empty. */
  restart(): Promise<void>
}

/** Null where no redis-server (or valkey-server) is installed; it says so. */
export async function startRedis({ command, host }: Place = here): Promise<OwnRedis | null> {
  const installed = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0)
  if (!installed) {
    console.log('There is no redis-server here (Debian: redis-server): what several servers share is not tested.')
    return null
  }
  const port = await freePort()
  const disk = ['--save', '', '--appendonly', 'no', '--dir', tmpdir()]
  const [program = '', ...args] = [...command, installed, '--port', `${port}`, '--bind', host, '--protected-mode', 'no', ...disk]
  let child: ChildProcess
  const restart = async () => {
    child = spawn(program, args, { stdio: 'ignore' })
    for (let attempt = 0; attempt < 100 && !(await answersAt(port, host)); attempt++) await sleep(50)
  }
  await restart()
  return {
    url: `redis://${host}:${port}`,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    restart,
  }
}
