// Each error code has its page and each page its code, and what a page shows is what the server answers.
import { readdirSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onDisk } from './support/backends.ts'
import { call, changePlan, createKey, register, signIn, signUp, storeDocument, succeed } from './support/client.ts'
import { databaseOf, stopDatabaseOf } from './support/database.ts'
import { read, snippets } from './support/documents.ts'
import { bash } from './support/run.ts'
import { relaxed, repository, serverUnderTest, startServer } from './support/server.ts'
import { totpCode } from './support/totp.ts'

/** The pages tell of upload URLs that the server answers itself. */
const embeddedStore = { ...relaxed, ...onDisk }
const pages = readdirSync(`${repository}/docs/errors`)
  .filter((file) => file.endsWith('.md'))
  .map((file) => file.slice(0, -3))
  .sort()
/** Code and status as the server's table gives them, read as text. */
const table = new Map(
  [...read('server/src/http/error-table.ts').matchAll(/^ {2}([A-Z_]+): (\d{3}),$/gm)].map((match) => [
    match[1] ?? '',
    Number(match[2]),
  ]),
)

test('every code has a page and every page a code', () => {
  expect(table.size).toBeGreaterThan(30)
  expect(pages).toEqual([...table.keys()].sort())
})

test.each(pages)('%s names its status, explains itself and shows an answer', (code) => {
  const page = read(`docs/errors/${code}.md`)
  expect(page.startsWith(`# ${code}\n\n\`${table.get(code)} `)).toBe(true)
  for (const heading of ['## Why', '## What to do', '## Example']) expect(page).toContain(heading)
  const shown = shownAnswer(code)
  expect([shown.status, shown.body.error.code]).toEqual([table.get(code), code])
  expect(read('docs/guide/errors.md').replace(/ +/g, ' ')).toContain(`| ${table.get(code)} | [${code}](../errors/${code}.md) |`)
})

describe('the examples answer as shown', () => {
  let server: Awaited<ReturnType<typeof serverUnderTest>>
  beforeAll(async () => {
    server = await serverUnderTest(embeddedStore)
  })
  afterAll(() => server.discard())

  test.each(pages)('%s', async (code) => {
    const script = snippets(`docs/errors/${code}.md`, 'bash').join('\n')
    const broken = await predicaments[code]?.()
    const at = broken ?? server
    const env = await situation(at.url, script)
    await broken?.prepare?.(env)
    const { stdout, stderr } = await bash(script, env).finally(() => broken?.discard())
    const shown = shownAnswer(code)
    const actual = lastAnswer(stdout)
    expect([actual.status, actual.body?.error.code], `${stdout}\n${stderr}`).toEqual([shown.status, code])
    expect(Object.keys(actual.body?.error.details ?? {}).sort()).toEqual(Object.keys(shown.body.error.details).sort())
    expect(actual.body?.error.message.length).toBeGreaterThan(10)
    if (shown.status === 401 && code !== 'INVALID_CREDENTIALS')
      expect(stdout.toLowerCase()).toContain('www-authenticate: bearer realm="aionvision"')
  })
})

/** What ails a server of its own in this page's example, once its account and its key are there. */
interface Predicament {
  readonly url: string
  /** May add to the example's variables. */
  readonly prepare?: (env: Record<string, string>) => Promise<unknown>
  readonly discard: () => Promise<void>
}

/** One upload a month, one at a time, and 20 MB of storage. */
async function cramped(prepare?: Predicament['prepare']): Promise<Predicament> {
  const starter = { monthlyUploads: 1, concurrentUploads: 1, storageBytesMax: 20 * 2 ** 20 }
  const server = await startServer({ ...embeddedStore, AION_PLAN_OVERRIDES: JSON.stringify({ starter }) })
  return { url: server.url, ...(prepare && { prepare }), discard: server.discard }
}

const predicaments: Readonly<Record<string, () => Promise<Predicament>>> = {
  STORAGE_QUOTA_EXCEEDED: () => cramped(),
  USAGE_LIMIT_EXCEEDED: () => cramped(({ AION = '', KEY = '' }) => storeDocument(AION, KEY, Buffer.from('hello'))),
  CONCURRENT_UPLOAD_LIMIT: async () => {
    let hanging: ClientRequest | undefined
    const server = await cramped(async (env) => {
      const body = { filename: 'image.jpg', content_type: 'image/jpeg', size_bytes: 1000 }
      const ask = async () =>
        (
          await succeed(call(env.AION ?? '', 'POST', '/api/v2/uploads/request-presigned-url', { token: env.KEY ?? '', body }))
        ).text('upload_url')
      env.UPLOAD_URL = await ask()
      hanging = request(await ask(), { method: 'PUT', headers: { 'content-type': 'image/jpeg', 'content-length': '1000' } })
      hanging.on('error', () => {})
      hanging.write('x')
      await sleep(500)
    })
    const discard = async () => {
      hanging?.destroy()
      await server.discard()
    }
    return { ...server, discard }
  },
  REAUTHENTICATION_REQUIRED: async () => {
    const server = await startServer(relaxed)
    const prepare = async (env: Record<string, string>) => {
      const { email, password } = await signUp(server.url)
      env.OLD_SESSION = await signIn(server.url, email, password)
      const database = await databaseOf(server)
      await database
        .query("UPDATE sessions SET authenticated_at = authenticated_at - interval '16 minutes'")
        .finally(() => database.end())
    }
    return { url: server.url, prepare, discard: server.discard }
  },
  INTERNAL_ERROR: async () => {
    const server = await startServer(relaxed)
    const prepare = async () => {
      const database = await databaseOf(server)
      await database.query('ALTER TABLE files RENAME TO files_elsewhere').finally(() => database.end())
    }
    return { url: server.url, prepare, discard: server.discard }
  },
  UNAVAILABLE: async () => {
    const server = await startServer(relaxed)
    return { url: server.url, prepare: () => stopDatabaseOf(server), discard: server.discard }
  },
}

interface Envelope {
  readonly error: { readonly code: string; readonly message: string; readonly details: Record<string, unknown> }
}

function shownAnswer(code: string): { status: number; body: Envelope } {
  const [shown = ''] = snippets(`docs/errors/${code}.md`, 'http')
  return { status: Number(shown.split(' ')[1]), body: JSON.parse(shown.slice(shown.indexOf('\n\n'))) as Envelope }
}

/** The last answer that `curl -i` printed. */
function lastAnswer(stdout: string): { status: number; body: Envelope | null } {
  const last = stdout.slice(stdout.lastIndexOf('HTTP/1.1 '))
  const body = last.slice(last.search(/\r?\n\r?\n/)).trim()
  return { status: Number(last.split(' ')[1]), body: body.startsWith('{') ? (JSON.parse(body) as Envelope) : null }
}

/** What the example's variables stand for; only those that it uses are made, each for it alone. */
async function situation(url: string, script: string): Promise<Record<string, string>> {
  const owner = await signUp(url)
  const created = await createKey(url, owner.session)
  const makers: Record<string, () => Promise<string>> = {
    EXPIRED_KEY: async () => {
      const expires_at = new Date(Date.now() + 1_500).toISOString()
      const { key } = await createKey(url, owner.session, { expires_at })
      await sleep(1_700)
      return key
    },
    REVOKED_KEY: async () => {
      const { id, key } = await createKey(url, owner.session)
      await succeed(call(url, 'DELETE', `/api/v2/api-keys/${id}`, { token: owner.session }))
      return key
    },
    FREE_KEY: async () => {
      await changePlan(url, owner.session, { action: 'cancel' })
      return created.key
    },
    READ_KEY: async () => (await createKey(url, owner.session, { scopes: ['read'] })).key,
    PINNED_KEY: async () => (await createKey(url, owner.session, { allowed_ips: ['192.0.2.0/24'] })).key,
    DOMAIN_KEY: async () => {
      const body = { allowed_domains: ['shop.example'] }
      await succeed(call(url, 'PATCH', '/api/v2/tenant/settings', { token: owner.session, body }))
      return created.key
    },
    FULL_SESSION: async () => {
      for (let count = 1; count < 10; count++) await createKey(url, owner.session)
      return owner.session
    },
    MEMBER_EMAIL: async () => owner.email,
    UNVERIFIED_SESSION: async () => {
      const { email, password } = await register(url)
      return signIn(url, email, password)
    },
    FACTOR_LOGIN: async () => {
      const path = '/api/v2/auth/session/mfa/totp'
      const secret = (await succeed(call(url, 'POST', path, { token: owner.session }))).text('secret')
      await succeed(call(url, 'POST', `${path}/confirm`, { token: owner.session, body: { code: totpCode(secret) } }))
      return JSON.stringify({ email: owner.email, password: owner.password })
    },
    DOWNLOAD_URL: async () => {
      const file = await storeDocument(url, created.key, Buffer.from('hello'))
      const redirect = await call(url, 'GET', `/api/v2/user-files/${file.id}/download`, { token: created.key })
      return new URL(redirect.headers.get('location') ?? '', url).href
    },
  }
  const env: Record<string, string> = { AION: url, KEY: created.key, SESSION: owner.session }
  for (const [name, make] of Object.entries(makers)) if (script.includes(`$${name}`)) env[name] = await make()
  return env
}
