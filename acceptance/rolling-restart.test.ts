// Three servers are restarted one after the other under load: not one request fails, through nginx, through Caddy, or of clients that ask /readyz themselves.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { objects } from './support/backends.ts'
import { hasCaddy, startCaddy } from './support/caddy.ts'
import { type Answer, answer, createKey, signUp } from './support/client.ts'
import { databaseUrlOf } from './support/database.ts'
import { hasNginx, prepareNginx } from './support/nginx.ts'
import { freePort } from './support/ports.ts'
import { startRedis } from './support/redis.ts'
import { relaxed, type Server, startServer, temporaryDirectory } from './support/server.ts'

/** More for a series: `ROLLING_ROUNDS=20`. */
const rounds = Number(process.env.ROLLING_ROUNDS ?? 1)
/** One upload outlives the five seconds of the delay. */
const slowMs = 7_000
const redis = await startRedis()
const [withNginx, withCaddy] = [hasNginx(), hasCaddy()]
if (!withNginx) console.log('There is no nginx here (Debian: nginx-light): no restart behind it.')
if (!withCaddy) console.log('There is no Caddy here (Debian: caddy): no restart behind it.')

/** Who chooses the server of the next request. */
interface Way {
  readonly name: string
  readonly origin: () => string
}

interface Member {
  readonly env: Record<string, string>
  readonly dataDir: string
  readonly url: string
  server: Server
  ready: boolean
}

const undo: (() => unknown)[] = []
let key: string
let members: Member[]
let ways: Way[]
let nginxErrors = () => ''
beforeAll(async () => {
  if (!redis) return
  undo.push(() => redis.kill())
  const directory = await temporaryDirectory()
  undo.push(() => rmSync(directory, { recursive: true, force: true }))
  const nginx = withNginx ? await prepareNginx(join(directory, 'nginx')) : null
  const env = {
    ...relaxed,
    ...(nginx && { AION_PUBLIC_URL: nginx.url }),
    REDIS_URL: redis.url,
    AION_SECRET: 'one secret for all of the servers, 32 bytes at least',
    AION_TRUSTED_PROXIES: '127.0.0.1',
    AION_TENANT_CEILING_FACTOR: '0',
    AION_PLAN_OVERRIDES: JSON.stringify({ enterprise: { requestsPerMinute: 1_000_000 } }),
  }
  // Not behind the balancers: it brings the database, and the mailbox for signing up.
  const beside = await startServer(env)
  undo.push(() => beside.discard())
  ;({ key } = await createKey(beside.url, (await signUp(beside.url, 'enterprise')).session, { scopes: ['read', 'write'] }))
  if (!objects.S3_BUCKET) mkdirSync(join(beside.dataDir, 'objects'), { recursive: true, mode: 0o700 })
  members = await Promise.all(
    ['1', '1', '2'].map(async (workers, index) => {
      const dataDir = join(directory, `server-${index}`)
      mkdirSync(dataDir)
      if (!objects.S3_BUCKET) symlinkSync(join(beside.dataDir, 'objects'), join(dataDir, 'objects'))
      const own = { PORT: String(await freePort()), AION_WORKERS: workers, AION_SHUTDOWN_DELAY: '5' }
      const all = { ...env, ...own, DATABASE_URL: databaseUrlOf(beside) }
      const server = await startServer(all, dataDir)
      return { env: all, dataDir, url: server.url, server, ready: true }
    }),
  )
  undo.push(() => Promise.all(members.map(({ server }) => server.stop())))
  const urls = members.map(({ url }) => url)
  ways = [{ name: 'direct', origin: nextReady() }]
  const running = await nginx?.begin(urls)
  if (running) ways.push({ name: 'nginx', origin: () => running.url })
  if (running) undo.push(() => running.stop())
  if (running) nginxErrors = running.errors
  const caddy = withCaddy ? await startCaddy(join(directory, 'caddy'), urls) : null
  if (caddy) ways.push({ name: 'caddy', origin: () => caddy.url })
  if (caddy) undo.push(() => caddy.stop())
}, 120_000)
afterAll(async () => {
  for (const step of undo.reverse()) await step()
})

/** As a balancer that is no program of its own: each in turn of those that said so at the last look. */
function nextReady(): () => string {
  let turn = 0
  return () => {
    const ready = members.filter((member) => member.ready)
    return ready[turn++ % ready.length]?.url ?? ''
  }
}

async function look(member: Member): Promise<void> {
  const response = await fetch(`${member.url}/readyz`, { headers: { connection: 'close' } }).catch(() => null)
  member.ready = response?.status === 200
  await response?.arrayBuffer().catch(() => {})
}

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Buffer
  /** For how long the body is sent. */
  readonly ms?: number
}

/** Connections are kept, but where an answer ends one. */
class Client {
  readonly #plain = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #tls = new TlsAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })

  async send(url: string, { method = 'GET', headers = {}, body, ms = 0 }: Sent = {}): Promise<Answer> {
    const secure = url.startsWith('https:')
    const length = body && { 'content-length': String(body.length) }
    const options = { method, headers: { authorization: `Bearer ${key}`, ...length, ...headers } }
    const sent = secure
      ? httpsRequest(url, { ...options, agent: this.#tls })
      : httpRequest(url, { ...options, agent: this.#plain })
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>
    const parts = ms ? 20 : 1
    for (let part = 0; body && part < parts; part++) {
      sent.write(body.subarray((body.length * part) / parts, (body.length * (part + 1)) / parts))
      if (ms) await Promise.race([sleep(ms / parts), answered])
    }
    sent.end()
    const [response] = await answered
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return answer(
      response.statusCode ?? 0,
      new Headers(response.headers as Record<string, string>),
      Buffer.concat(chunks).toString('latin1'),
    )
  }

  end(): void {
    this.#plain.destroy()
    this.#tls.destroy()
  }
}

const failures: string[] = []
const answered = new Map<string, number>()

/** One request by that way: what is not what was asked for is written down. */
async function ask(client: Client, way: Way, url: string, wanted: number, sent: Sent = {}): Promise<Answer | null> {
  const what = `${way.name} ${sent.method ?? 'GET'} ${url.replace(/\?.*/, '')}`
  try {
    const got = await client.send(url, sent)
    if (got.status !== wanted) failures.push(`${what}: ${got.status} ${got.raw.slice(0, 300)}`)
    else answered.set(way.name, (answered.get(way.name) ?? 0) + 1)
    return got.status === wanted ? got : null
  } catch (error) {
    failures.push(`${what}: ${error instanceof Error ? error.message : error}`)
    return null
  }
}

/** Announces, uploads, confirms and reads back, each by whichever server it is; or slowly, to one that is about to stop. */
async function store(client: Client, way: Way, slowly?: { readonly to: string; readonly ms: number }): Promise<void> {
  const content = randomBytes(20_000).toString('base64')
  const prefix = '/api/v2/document-uploads'
  const post = (path: string, body: object) =>
    ask(client, way, way.origin() + prefix + path, path === '/confirm' ? 201 : 200, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    })
  const announced = { filename: 'note.txt', content_type: 'text/plain', size_bytes: content.length }
  const upload = await post('/request-presigned-url', announced)
  if (!upload) return
  const { pathname, search, origin } = new URL(upload.text('upload_url'))
  const url = (objects.S3_BUCKET ? origin : (slowly?.to ?? way.origin())) + pathname + search
  const headers = upload.at('upload_headers') as Record<string, string>
  const put = { method: 'PUT', headers: { authorization: '', ...headers }, body: Buffer.from(content), ms: slowly?.ms ?? 0 }
  await ask(client, way, url, 200, put)
  const confirmed = await post('/confirm', { object_key: upload.text('object_key'), ...announced })
  if (!confirmed) return
  const path = `/api/v2/documents/${confirmed.text('document_id')}/download`
  const found = await ask(client, way, way.origin() + path, 302)
  if (!found || objects.S3_BUCKET) return
  const location = new URL(found.headers.get('location') ?? '', way.origin())
  const read = await ask(client, way, way.origin() + location.pathname + location.search, 200)
  if (read && read.raw !== content) failures.push(`${way.name}: another file came back`)
}

test.skipIf(!redis)(
  `0 failed requests in ${rounds} rolling restart${rounds === 1 ? '' : 's'}`,
  async () => {
    let over = false
    const lane = async (work: (client: Client) => Promise<unknown>) => {
      const client = new Client()
      while (!over) {
        await work(client)
        await sleep(Math.random() * 100)
      }
      client.end()
    }
    const looking = (async () => {
      for (; !over; await sleep(500)) await Promise.all(members.map(look))
    })()
    const lanes = ways.flatMap((way) => [
      ...Array.from({ length: 3 }, () => lane((client) => ask(client, way, `${way.origin()}/api/v2/user-files?limit=1`, 200))),
      ...Array.from({ length: 3 }, () => lane((client) => store(client, way))),
    ])
    await sleep(1_000)
    for (let round = 0; round < rounds; round++)
      for (const member of members) {
        const slow = ways.map(async (way) => {
          const client = new Client()
          await store(client, way, { to: way.name === 'direct' ? member.url : way.origin(), ms: slowMs })
          client.end()
        })
        await sleep(300)
        expect(await member.server.stop(), member.server.stderr()).toBe(0)
        member.server = await startServer(member.env, member.dataDir)
        await Promise.all(slow)
      }
    over = true
    await Promise.all([...lanes, looking])
    console.log(`${rounds} rolling restarts, requests answered: ${[...answered].map((entry) => entry.join(' ')).join(', ')}`)
    expect([failures.length, failures.slice(0, 20)], nginxErrors()).toEqual([0, []])
    for (const { name } of ways) expect(answered.get(name)).toBeGreaterThan(300)
  },
  rounds * 120_000,
)
