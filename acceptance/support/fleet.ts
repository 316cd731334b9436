// Several servers that are one service: the same PostgreSQL, Redis and secret, and the same objects on a shared directory.
import { once } from 'node:events'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isOutage } from './acknowledged.ts'
import { call, createKey } from './client.ts'
import { here, type Place } from './place.ts'
import { freePort } from './ports.ts'
import { type Server, startServer, temporaryDirectory } from './server.ts'

export interface Fleet {
  readonly env: Record<string, string>
  /** In the order of the places. */
  readonly servers: readonly Server[]
  readonly urls: readonly string[]
  /** One more of them, at the next place. */
  add(): Promise<Server>
  kill(index: number): Promise<void>
  /** As a service manager does it: on the same port and directory, and again until it stays. */
  restart(index: number): Promise<void>
  /** The last that each of them said. */
  logs(): string
  discard(): Promise<void>
}

export async function prepareFleet(
  common: Record<string, string> & { readonly DATABASE_URL: string; readonly REDIS_URL: string },
  places: readonly Place[],
): Promise<Fleet> {
  const env = { ...common, AION_SECRET: 'one secret for all of the servers, 32 bytes at least' }
  const shared = await temporaryDirectory()
  const members: { readonly place: Place; readonly dataDir: string; readonly port: string }[] = []
  const servers: Server[] = []
  const begin = ({ place, dataDir, port }: (typeof members)[number]) => startServer({ ...env, PORT: port }, dataDir, place)
  return {
    env,
    servers,
    get urls() {
      return servers.map(({ url }) => url)
    },
    async add() {
      const dataDir = await temporaryDirectory()
      await mkdir(join(shared, 'objects'), { recursive: true })
      await symlink(join(shared, 'objects'), join(dataDir, 'objects'))
      const member = { place: places[servers.length] ?? here, dataDir, port: String(await freePort()) }
      members.push(member)
      const server = await begin(member)
      servers.push(server)
      return server
    },
    async kill(index) {
      const child = servers[index]?.child
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'close')
    },
    async restart(index) {
      const member = members[index]
      for (let attempt = 1; member; attempt++)
        try {
          servers[index] = await begin(member)
          return
        } catch (error) {
          if (attempt === 20) throw error
          await sleep(500)
        }
    },
    logs: () => servers.map(({ url, stderr }) => `${url}\n${stderr().slice(-6_000)}`).join('\n'),
    async discard() {
      await Promise.all(servers.map((server) => server.discard()))
      await rm(shared, { recursive: true, force: true })
    },
  }
}

/** Until every server is ready and writes. In ms; an error after `atMost`. */
export async function untilWhole({ urls }: Pick<Fleet, 'urls'>, owner: string, atMost: number): Promise<number> {
  const begun = performance.now()
  const whole = async (url: string) => {
    if ((await call(url, 'GET', '/readyz')).status !== 200) return false
    await createKey(url, owner)
    return true
  }
  for (const url of urls)
    while (!(await whole(url).catch((error) => !isOutage(error) && Promise.reject(error)))) {
      if (performance.now() - begun > atMost) throw new Error(`${url} did not return within ${atMost} ms`)
      await sleep(20)
    }
  return performance.now() - begun
}
