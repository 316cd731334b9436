// A way to a real part that can be cut, be held up without a word, and be mended: what a network does to PostgreSQL and Redis.
import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type NetConnectOpts, type Socket } from 'node:net'

export interface Wire {
  readonly port: number
  set(state: WireState): void
  close(): void
}

/**
 * cut: connections break and none comes about. held: nothing passes and nothing breaks, as when a cable is pulled. late: what is sent passes once
 * it is whole again.
 */
export type WireState = 'whole' | 'cut' | 'held' | 'late'

export async function layWire(target: NetConnectOpts): Promise<Wire> {
  const open = new Set<Socket>()
  let state: WireState = 'whole'
  const server = createServer((near) => {
    if (state === 'cut') return near.destroy()
    const far = dial(target)
    for (const socket of [near, far]) {
      open.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          open.delete(socket)
          near.destroy()
          far.destroy()
        })
    }
    near.on('data', (data) => state === 'whole' && far.write(data))
    far.on('data', (data) => state === 'whole' && near.write(data))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const set = (next: WireState) => {
    for (const socket of open)
      if (next === 'late') socket.pause()
      else if (state === 'late' && next === 'whole') socket.resume()
      // What was swallowed meanwhile is lost: both ends have to begin anew.
      else if (next !== 'held') socket.destroy()
    state = next
  }
  return {
    port: (server.address() as AddressInfo).port,
    set,
    close() {
      set('cut')
      server.close()
    },
  }
}
