// Peer (d): better-auth's getSession with its cookie cache.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import Database from 'better-sqlite3'
import { serve } from './serve.mjs'

const count = Number(process.argv[2])
const directory = mkdtempSync(join(tmpdir(), 'aion-bench-peer-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
const database = new Database(join(directory, 'auth.sqlite'))
database.pragma('journal_mode = WAL')

const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  secret: 'a-secret-for-the-bench-only-0123456789abcdef',
  database,
  telemetry: { enabled: false },
  logger: { disabled: true },
  emailAndPassword: { enabled: true, password: { hash: async () => 'not-the-subject', verify: async () => true } },
  session: { cookieCache: { enabled: true, maxAge: 86_400 } },
})
await (await getMigrations(auth.options)).runMigrations()

const credentials = []
for (let index = 0; index < count; index++) {
  const body = { email: `p${index}@example.com`, password: 'sturdy-passphrase', name: 'Ada' }
  const answer = await auth.api.signUpEmail({ body, asResponse: true })
  credentials.push(
    answer.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; '),
  )
}
if (!credentials[0].includes('session_data')) throw new Error('the cookie cache is not on')

await serve(
  async (request, reply) => {
    const session = await auth.api.getSession({ headers: new Headers({ cookie: request.headers.cookie ?? '' }) })
    if (!session) return reply.code(401).send({ error: 'no session' })
  },
  { credentials },
)
