// PostgreSQL is gone for every server: through the balancers of deploy/ their own answers arrive, and nothing has to be done when it is back.
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasCaddy, startCaddy } from './support/caddy.ts'
import { createKey, signUp } from './support/client.ts'
import { hasNginx, prepareNginx } from './support/nginx.ts'
import { type OwnPostgres, startPostgres } from './support/postgres.ts'
import { relaxed, startServer, temporaryDirectory } from './support/server.ts'

const [withNginx, withCaddy] = [hasNginx(), hasCaddy()]
if (!withNginx) console.log('There is no nginx here (Debian: nginx-light): nothing is tried behind it.')
if (!withCaddy) console.log('There is no Caddy here (Debian: caddy): nothing is tried behind it.')
const undo: (() => unknown)[] = []
let postgres: OwnPostgres
let ways: Record<string, string>
let key: string
beforeAll(async () => {
  const directory = await temporaryDirectory()
  undo.push(() => rmSync(directory, { recursive: true, force: true }))
  postgres = await startPostgres()
  undo.push(() => postgres.discard())
  const nginx = withNginx ? await prepareNginx(join(directory, 'nginx')) : null
  const env = {
    ...relaxed,
    DATABASE_URL: postgres.url,
    AION_SECRET: 'one secret for all of the servers, 32 bytes at least',
    AION_TRUSTED_PROXIES: '127.0.0.1',
    ...(nginx && { AION_PUBLIC_URL: nginx.url }),
  }
  const first = await startServer(env)
  undo.push(() => first.discard())
  ;({ key } = await createKey(first.url, (await signUp(first.url)).session))
  const second = await startServer(env)
  undo.push(() => second.discard())
  const urls = [first.url, second.url]
  const begun = await nginx?.begin(urls)
  const caddy = withCaddy ? await startCaddy(join(directory, 'caddy'), urls) : null
  undo.push(async () => {
    await begun?.stop()
    await caddy?.stop()
  })
  ways = { ...(begun && { nginx: begun.url }), ...(caddy && { caddy: caddy.url }) }
})
afterAll(async () => {
  for (const step of undo.reverse()) await step()
})

test.skipIf(!withNginx && !withCaddy)('a page is shown, a call is told when to come again, and all of it returns', async () => {
  const read = async (origin: string, path: string) => {
    const options = { headers: { authorization: `Bearer ${key}` }, rejectUnauthorized: false }
    const asked = origin.startsWith('https:') ? httpsGet(origin + path, options) : httpGet(origin + path, options)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    return `${response.statusCode}${response.headers['retry-after'] ? ', Retry-After' : ''}`
  }
  const seen = async () => {
    const answers = await Promise.all(
      Object.values(ways).flatMap((origin) => ['/auth/login', '/api/v2/user-files'].map((path) => read(origin, path))),
    )
    return [...new Set(answers)].sort()
  }
  expect(await seen()).toEqual(['200'])
  await postgres.kill()
  await expect.poll(seen, { timeout: 10_000 }).toEqual(['200', '503, Retry-After'])
  for (const until = performance.now() + 8_000; performance.now() < until; await sleep(100))
    expect(await seen()).toEqual(['200', '503, Retry-After'])
  await postgres.restart()
  await expect.poll(seen, { timeout: 20_000 }).toEqual(['200'])
})
