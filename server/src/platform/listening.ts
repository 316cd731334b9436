// A port, and how to let go of it so that nobody who had connected is turned away.
import { type AddressInfo, Server } from 'node:net'
import { setImmediate as poll } from 'node:timers/promises'

const acceptMsMax = 1_000

/** `host`: what was asked for. An address that stands for all of them is reached by this machine's own name. */
export function originOf(host: string, { address, port, family }: AddressInfo): string {
  const named = host === '0.0.0.0' || host === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : host
  return `http://${named}:${port}`
}

/**
 * `accepted()`: how many were so far. A connection that the system has taken for us and we have not yet would be reset; a poll takes one
 * of them. Connections stay as they are: http.Server's own close() would end idle ones.
 */
export async function stopListening(server: Server, accepted: () => number): Promise<void> {
  const until = performance.now() + acceptMsMax
  for (let before = -1; before !== accepted() && performance.now() < until; ) {
    before = accepted()
    await poll()
  }
  Server.prototype.close.call(server)
}
