// A real server on a real port with a database of its own, and the few steps that most tests begin with.
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import pg from 'pg'
import pino from 'pino'
import { inject } from 'vitest'
import { readConfig } from '../config.ts'
import type { Deps } from '../deps.ts'
import type { PlanName } from '../features/plans/plan-table.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { secretsFrom } from '../platform/secrets.ts'
import { startServer } from '../server.ts'
import { watchStatuses } from './declared-statuses.ts'
import { s3Env, testS3 } from './s3.ts'

export interface Mail {
  to: string
  subject: string
  text: string
  html: string
  sent_at: string
}

export interface TestServer {
  readonly url: string
  readonly deps: Deps
  readonly db: Deps['db']
  readonly database: pg.PoolConfig
  readonly dataDir: string
  /** What was logged so far, every level from debug on. */
  readonly logs: () => string
  readonly mail: { to(address: string, count?: number): Promise<Mail[]> }
  stop(): Promise<void>
}

/** A clock that tests move: wall time and monotonic time go together. */
export function fakeClock(start = Date.now()): Clock & { advance(ms: number): void } {
  let passed = 0
  return {
    now: () => start + passed,
    monotonic: () => passed + 1_000_000,
    advance: (ms) => {
      passed += ms
    },
  }
}

/** Limits on public routes are off unless a test asks for them; several hundred tests share one address. */
const quiet = {
  AION_LIMIT_LOGIN: 'off',
  AION_LIMIT_REGISTER: 'off',
  AION_LIMIT_RESET: 'off',
  AION_LIMIT_RESEND: 'off',
  AION_LIMIT_UNAUTHENTICATED: 'off',
}

export interface TestServerOptions {
  readonly clock?: Clock
  readonly env?: Record<string, string>
  /** Another server of the same tenant base: its database and data directory are used instead of new ones. */
  readonly beside?: TestServer
  /** Where its PostgreSQL is reached, instead of directly. */
  readonly database?: pg.PoolConfig
  readonly secret?: Buffer
}

export async function startTestServer({
  clock = systemClock,
  env = {},
  beside,
  database: way = {},
  secret = Buffer.alloc(32, 7),
}: TestServerOptions = {}): Promise<TestServer> {
  const base = inject('database')
  const name = beside?.database.database ?? `aion_test_${inject('template').split('_').at(-1)}_${randomUUID().slice(0, 8)}`
  if (!beside) await asAdmin(base, (admin) => admin.query(`CREATE DATABASE "${name}" TEMPLATE ${inject('template')}`))
  const dataDir = beside?.dataDir ?? (await mkdtemp(join(tmpdir(), 'aion-data-')))
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const database = { ...base, database: name }
  const redis: Record<string, string> = process.env.AION_TEST_REDIS_URL
    ? { REDIS_URL: process.env.AION_TEST_REDIS_URL, AION_REDIS_PREFIX: `${name}:` }
    : {}
  // All test servers share one bucket: names in it are drawn at random.
  const s3 = testS3()
  const objects = s3 ? s3Env(s3, s3.bucket) : {}
  const config = readConfig({
    PORT: '0',
    AION_SHUTDOWN_DELAY: '0',
    AION_DATA_DIR: dataDir,
    ...quiet,
    ...redis,
    ...objects,
    ...env,
  })
  const server = await startServer(
    config,
    { ...database, ...way },
    clock,
    secretsFrom(secret),
    pino({ level: 'debug', base: null }, sink),
  )
  const endWatch = watchStatuses(server.url)
  return {
    url: server.url,
    deps: server.deps,
    db: server.deps.db,
    database,
    dataDir,
    logs: () => lines.join(''),
    mail: { to: (address, count = 1) => waitForMail(join(dataDir, 'outbox'), address, count) },
    async stop() {
      await server.stop()
      if (!beside) {
        await asAdmin(base, (admin) => admin.query(`DROP DATABASE "${name}" WITH (FORCE)`))
        await rm(dataDir, { recursive: true, force: true })
      }
      endWatch()
    },
  }
}

async function asAdmin(base: pg.PoolConfig, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ ...base })
  await admin.connect()
  await work(admin).finally(() => admin.end())
}

const readMails = new Map<string, Mail>()
/** A mail never changes. */
async function readMail(path: string): Promise<Mail> {
  const mail = readMails.get(path) ?? (JSON.parse(await readFile(path, 'utf8')) as Mail)
  readMails.set(path, mail)
  return mail
}

/** Newest first; waits up to half a minute for the expected number, because mail goes through the job queue. */
async function waitForMail(outbox: string, address: string, count: number): Promise<Mail[]> {
  for (const deadline = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const names = (await readdir(outbox)).filter((name) => name.endsWith('.json'))
    const mails = await Promise.all(names.map((name) => readMail(join(outbox, name))))
    const found = mails
      .filter((mail) => mail.to.toLowerCase() === address.toLowerCase())
      .sort((a, b) => b.sent_at.localeCompare(a.sent_at))
    if (found.length >= count) return found
    if (Date.now() > deadline) throw new Error(`${found.length} of ${count} mails for ${address} arrived`)
  }
}

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape and assert what they find.
  body: any
  text: string
}

export async function call(
  server: { url: string },
  method: string,
  path: string,
  {
    token,
    cookie,
    body,
    headers = {},
  }: { token?: string; cookie?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const answer = await fetch(server.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...(cookie && { cookie }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: answer.headers.get('content-type')?.includes('/json') ? JSON.parse(text) : text,
  }
}

export interface Person {
  email: string
  password: string
  userId: string
  tenantId: string
  /** A session, as a Bearer token and as a Cookie header. */
  token: string
  cookie: string
}

export async function signUp(
  server: TestServer,
  { plan = 'starter', verified = true }: { plan?: PlanName; verified?: boolean } = {},
): Promise<Person> {
  const email = `p-${randomUUID()}@example.com`
  const password = 'Sturdy-Passphrase-41'
  const registered = await call(server, 'POST', '/api/v2/auth/session/register', {
    body: { email, password, name: 'Ada', auto_login: true },
  })
  if (registered.status !== 200) throw new Error(`register answered ${registered.status}: ${registered.text}`)
  const person: Person = {
    email,
    password,
    userId: registered.body.user_id,
    tenantId: registered.body.tenant_id,
    token: registered.body.session_token,
    cookie: `aionvision_session=${registered.body.session_token}`,
  }
  if (!verified) return person
  const token = tokenIn((await server.mail.to(email))[0])
  const answer = await call(server, 'POST', '/api/v2/auth/session/verify-email', { body: { token } })
  if (answer.status !== 200) throw new Error(`verify-email answered ${answer.status}: ${answer.text}`)
  if (plan === 'free') return person
  const upgraded = await call(server, 'POST', '/api/v2/payment/subscription/update', {
    token: person.token,
    body: { action: 'upgrade', new_plan: plan },
  })
  if (upgraded.status !== 200) throw new Error(`subscription/update answered ${upgraded.status}: ${upgraded.text}`)
  return person
}

/** The token stands alone on a line of the text part. */
export function tokenIn(mail: Mail | undefined): string {
  const token = mail?.text.split('\n').find((line) => /^[A-Za-z0-9_-]{40,}$/.test(line.trim()))
  if (!token) throw new Error('the mail carries no token')
  return token.trim()
}

export async function createKey(
  server: TestServer,
  person: Person,
  body: Record<string, unknown> = {},
): Promise<{ id: string; api_key: string }> {
  const answer = await call(server, 'POST', '/api/v2/api-keys', { token: person.token, body: { name: 'test', ...body } })
  if (answer.status !== 201) throw new Error(`api-keys answered ${answer.status}: ${answer.text}`)
  return answer.body
}
