// One process per data directory: a lock that the kernel lets go of with the process, so that none is ever stale.
import { createHash } from 'node:crypto'
import { lstat, mkdir, stat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartupError } from './startup-error.ts'

/** All that the kernel keeps of an abstract socket's name, its leading zero left out. */
const abstractNameBytes = 107

export interface Lock {
  release(): Promise<void>
}

export async function acquireInstanceLock(dataDir: string): Promise<Lock> {
  const directory = resolve(dataDir)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StartupError(`The data directory ${directory} cannot be made (${(error as NodeJS.ErrnoException).code}).`)
  }
  const lock = await tryLock(directory, 'instance')
  if (!lock) throw new StartupError(`The data directory ${directory} is used by another instance.`)
  return lock
}

/** Takes the lock of that purpose on an existing directory, whatever path leads to it; null while another process holds it. */
export async function tryLock(directory: string, purpose: string): Promise<Lock | null> {
  const { dev, ino } = await stat(directory, { bigint: true })
  const name = `aion-${purpose}-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`
  // Abstract sockets and named pipes vanish with their process. Some releases of Node fill an abstract name up with zeros
  // and some do not: one that is full from the start is the same for all of them.
  if (process.platform === 'linux') return held(await listen(`\0${name.padEnd(abstractNameBytes, '.')}`))
  if (process.platform === 'win32') return held(await listen(`\\\\.\\pipe\\${name}`))
  return held(await listenOnFile(join(tmpdir(), `${name}.sock`)))
}

function held(server: Server | null): Lock | null {
  return server && { release: () => new Promise((done) => server.close(() => done())) }
}

function listen(path: string): Promise<Server | null> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(null) : fail(error)))
    server.listen({ path, exclusive: true }, () => done(server.unref()))
  })
}

/** A socket file outlives its process: one that nobody answers on is taken away, and what replaced it is looked at once more. */
async function listenOnFile(path: string): Promise<Server | null> {
  let server = await listen(path)
  if (!server && !(await answers(path))) {
    await unlink(path).catch(() => {})
    server = await listen(path)
  }
  if (!server) return null
  const own = (await lstat(path)).ino
  await sleep(100)
  const now = await lstat(path).catch(() => null)
  if (now?.ino === own) return server
  server.close()
  return null
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path, () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}
