// 20 × kill -9 at a random moment under load: what was acknowledged is there, what was revoked is dead, what is listed can be read.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Acknowledged, load, losses, momentIn } from '../support/acknowledged.ts'
import { createKey, signUp } from '../support/client.ts'
import { type Server, startServer, temporaryDirectory, unlimited } from '../support/server.ts'

/** Fewer where time is short, as in CI. */
const rounds = Number(process.env.CRASH_ROUNDS ?? 20)

let dataDir: string
let server: Server | undefined
beforeAll(async () => {
  dataDir = await temporaryDirectory()
})
afterAll(async () => {
  await server?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

test(`${rounds} of ${rounds} crashes lose nothing`, async () => {
  const all = new Acknowledged()
  server = await startServer(unlimited(), dataDir)
  const owner = (await signUp(server.url, 'enterprise')).session
  const { key } = await createKey(server.url, owner)
  const broken: string[] = []
  for (let round = 1; round <= rounds; round++) {
    const done = new Acknowledged()
    const over = new AbortController()
    const { child, url } = server
    const loaded = load({ urls: [url], owner, key }, done, over.signal)
    await Promise.race([loaded, momentIn(round, done)])
    child.kill('SIGKILL')
    await once(child, 'close')
    over.abort()
    await loaded
    server = await startServer(unlimited(), dataDir)
    const lost = await losses({ urls: [server.url], owner, key }, done)
    if (lost.length) broken.push(`round ${round}: ${lost.slice(0, 5).join(', ')}`)
    console.log(`round ${round}: ${done}, ${lost.length} lost`)
    all.add(done)
  }
  expect(broken).toEqual([])
  expect(await losses({ urls: [server.url], owner, key }, all)).toEqual([])
  expect(all.least).toBeGreaterThan(rounds)
}, 600_000)
