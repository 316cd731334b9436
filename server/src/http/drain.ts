// A server's way to its end that fails no request: balancers are given time to notice, every answer tells its connection's end, and only a quiet one is closed.
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { stopListening } from '../platform/listening.ts'

export interface Drain {
  /** Before the server listens. */
  watch(server: Server): void
  /** From the first moment on: /readyz says so, and answers carry `Connection: close`. */
  begun(): boolean
  /** Resolves when the last connection is closed. */
  run(): Promise<void>
  /** Ends the delay, or leaves it out. */
  hurry(): void
}

const tickMs = 100
/** Of a connection when nobody waits: a request may be on its way on it. */
const quietMsMin = 200
/** For the rest of a body that is refused before it has come. */
const bodyMsMax = 2_000
/** For the answers that are under way when the server stops listening. */
const answersMsMax = 30_000

/**
 * `delayMs`: how long connections are still taken, and how long one has to be quiet until it is closed. `shut`: where somebody else
 * takes them, resolves when no more will come.
 */
export function createDrain(delayMs: number, shut: (() => Promise<void>) | null = null): Drain {
  const quietSince = new Map<Socket, number>()
  const hurried = new AbortController()
  let server: Server
  let begun = false
  let accepted = 0
  let emptied = () => {}

  function closeQuiet(): void {
    const now = performance.now()
    const quietMs = hurried.signal.aborted ? quietMsMin : Math.max(quietMsMin, delayMs)
    for (const [socket, since] of quietSince)
      if (isAnswering(socket)) quietSince.set(socket, now)
      // Not half-closed: what came now would be done, and its answer could not be sent.
      else if (now - since >= quietMs) socket.destroy()
  }

  async function takeNoMore(): Promise<void> {
    if (shut) return shut()
    await sleep(delayMs, null, { signal: hurried.signal }).catch(() => {})
    await stopListening(server, () => accepted)
  }

  return {
    watch(watched) {
      server = watched
      server.on('connection', (socket: Socket) => {
        accepted++
        quietSince.set(socket, performance.now())
        socket.once('close', () => {
          quietSince.delete(socket)
          if (quietSince.size === 0) emptied()
        })
      })
    },
    begun: () => begun,
    async run() {
      begun = true
      for (const socket of quietSince.keys()) quietSince.set(socket, performance.now())
      // After a poll: what has arrived has been read by then, however long the process was kept from it.
      const tick = setInterval(() => setImmediate(closeQuiet), tickMs)
      await takeNoMore()
      const deadline = setTimeout(() => server.closeAllConnections(), answersMsMax)
      await new Promise<void>((resolve) => {
        emptied = resolve
        if (quietSince.size === 0) resolve()
      })
      clearTimeout(deadline)
      clearInterval(tick)
    },
    hurry: () => hurried.abort(),
  }
}

/** By the field that Node's closeIdleConnections() goes by. */
function isAnswering(socket: Socket & { _httpMessage?: unknown }): boolean {
  return Boolean(socket._httpMessage)
}

/** Of an answer while draining. A connection that were closed while its request still comes would be reset, and its answer lost. */
export async function endConnection({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.header('connection', 'close')
  const hasBody = raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0
  if (!hasBody || raw.complete) return
  await finished(raw.resume(), { writable: false, signal: AbortSignal.timeout(bodyMsMax) }).catch(() => {})
}
