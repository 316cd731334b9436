// Peers (b) and (c): better-auth's API-key plugin, on SQLite in WAL mode (`sqlite`) or in its fastest configuration (`fastest`).
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import Database from 'better-sqlite3'
import { serve } from './serve.mjs'

const fastest = process.argv[2] === 'fastest'
const count = Number(process.argv[3])
const directory = mkdtempSync(join(tmpdir(), 'aion-bench-peer-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
const database = new Database(join(directory, 'auth.sqlite'))
database.pragma('journal_mode = WAL')
database.pragma('synchronous = NORMAL')

const memory = new Map()
const secondaryStorage = {
  get: (key) => memory.get(key) ?? null,
  set: (key, value) => void memory.set(key, value),
  delete: (key) => void memory.delete(key),
}

export const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  secret: 'a-secret-for-the-bench-only-0123456789abcdef',
  database,
  telemetry: { enabled: false },
  logger: { disabled: true },
  emailAndPassword: { enabled: true, password: { hash: async () => 'not-the-subject', verify: async () => true } },
  ...(fastest && { secondaryStorage, advanced: { backgroundTasks: { handler: () => {} } } }),
  plugins: [
    apiKey({
      rateLimit: { enabled: true, timeWindow: 60_000, maxRequests: 1_000_000_000 },
      ...(fastest && { storage: 'secondary-storage', deferUpdates: true }),
    }),
  ],
})
await (await getMigrations(auth.options)).runMigrations()

// One user a key: the plugin keeps a list of keys per user and rewrites it at every verification.
const credentials = []
for (let index = 0; index < count; index++) {
  const { user } = await auth.api.signUpEmail({
    body: { email: `p${index}@example.com`, password: 'sturdy-passphrase', name: 'Ada' },
  })
  const { key } = await auth.api.createApiKey({ body: { name: 'bench', userId: user.id, permissions: { usage: ['read'] } } })
  credentials.push(key)
}

const permissions = { usage: ['read'] }
await serve(
  async (request, reply) => {
    const header = request.headers.authorization
    const { valid, error } = await auth.api.verifyApiKey({ body: { key: header?.slice(7) ?? '', permissions } })
    if (!valid) return reply.code(error.code === 'RATE_LIMITED' ? 429 : 401).send({ error })
  },
  { credentials },
)
