// In the primary: it listens, and hands each connection to a worker. `node:cluster` could, too, but resets those that it holds when the
// last worker stops to take them.
import type { Worker } from 'node:cluster'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { originOf, stopListening } from '../listening.ts'
import type { ToWorker } from './messages.ts'

export interface Door {
  /** Answers where it listens; once, however often it is called. */
  open(): Promise<string>
  add(worker: Worker): void
  /** What it was given it still takes. */
  remove(worker: Worker): void
  /** The worker says that it has the connection that it was given. */
  taken(worker: Worker): void
  /** Resolves when everybody who had connected has been handed over. */
  close(): Promise<void>
}

/** One that has not taken a connection in so long has lost it, and would get no other: it is ended. */
const deafMs = 30_000
/** For the connections that are held when the port is closed. */
const heldMsMax = 1_000

export function createDoor(host: string, port: number): Door {
  const takers = new Set<Worker>()
  /** Of them, who has taken the last one that it was given, the next one first: whoever is busy gets no more. */
  const free = new Set<Worker>()
  const deaf = new WeakMap<Worker, NodeJS.Timeout>()
  /** While nobody is free. */
  const held: Socket[] = []
  let accepted = 0
  let opened: Promise<string> | undefined
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    accepted++
    held.push(socket)
    handOver()
  })

  async function listen(): Promise<string> {
    await once(server.listen(port, host), 'listening')
    return originOf(host, server.address() as AddressInfo)
  }

  function handOver(): void {
    for (const worker of free) {
      if (!worker.isConnected()) continue
      const socket = held.shift()
      if (!socket) return
      free.delete(worker)
      deaf.set(worker, setTimeout(() => worker.process.kill('SIGKILL'), deafMs).unref())
      worker.send({ taken: true } satisfies ToWorker, socket, (error) => error && socket.destroy())
    }
  }

  return {
    open() {
      opened ??= listen()
      return opened
    },
    add(worker) {
      takers.add(worker)
      free.add(worker)
      handOver()
    },
    remove(worker) {
      takers.delete(worker)
      free.delete(worker)
    },
    taken(worker) {
      clearTimeout(deaf.get(worker))
      if (takers.has(worker)) free.add(worker)
      handOver()
    },
    async close() {
      if (server.listening) await stopListening(server, () => accepted)
      for (const until = performance.now() + heldMsMax; held.length > 0 && performance.now() < until; ) await sleep(5)
      for (const socket of held) socket.destroy()
    },
  }
}
