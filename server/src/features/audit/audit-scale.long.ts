// A million rows: `aion-admin audit verify` proves them in less than a minute, in memory that does not grow with them.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { connect, type Db } from '../../platform/database/database.ts'
import { secretsFrom } from '../../platform/secrets.ts'
import { fillTrail } from '../../testing/fill-trail.ts'

const rows = Number(process.env.AUDIT_ROWS ?? 1_000_000)
const secondsMax = 60
/** Of V8's heap: a tenth of what a million rows would take. */
const heapMegabytes = 64
const secret = 'Long-enough-secret-of-the-audit-scale-test'
const audit = secretsFrom(secret).derive('audit')
const admin = join(import.meta.dirname, '../../../bin/aion-admin.js')

let db: Db
let name: string
beforeAll(async () => {
  name = `aion_test_${inject('template').split('_').at(-1)}_${randomUUID().slice(0, 8)}`
  await asAdmin((client) => client.query(`CREATE DATABASE "${name}" TEMPLATE ${inject('template')}`))
  db = connect({ ...inject('database'), database: name, statement_timeout: 0 }, () => {}).db
})
afterAll(async () => {
  await db.destroy()
  await asAdmin((client) => client.query(`DROP DATABASE "${name}" WITH (FORCE)`))
})

async function asAdmin(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ ...inject('database') })
  await client.connect()
  await work(client).finally(() => client.end())
}

test(`${rows} rows`, async () => {
  const tenantId = await fillTrail(db, audit, rows)
  const { host, port, user, password } = inject('database')
  const url = new URL(`postgres://${user}${password ? `:${password}` : ''}@localhost:${port}/${name}`)
  url.searchParams.set('host', String(host))
  const started = performance.now()
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`--max-old-space-size=${heapMegabytes}`, admin, 'audit', 'verify', tenantId],
    {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', DATABASE_URL: url.href, AION_SECRET: secret },
    },
  )
  const seconds = (performance.now() - started) / 1000
  console.log(`${rows} rows in ${seconds.toFixed(1)} s with a heap of at most ${heapMegabytes} MB: ${stdout.trim()}`)
  expect(stdout).toContain(`intact: ${rows} rows`)
  expect(seconds).toBeLessThan(secondsMax)
}, 600_000)
