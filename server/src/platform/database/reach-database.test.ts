// DATABASE_URL against a real PostgreSQL with a certificate of its own: what libpq's words mean here, and what is said where it cannot be.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Authority, makeAuthority } from '../../testing/certificates.ts'
import { makePostgres, type OwnPostgres } from '../../testing/own-postgres.ts'
import { layWire } from '../../testing/wire.ts'
import { connect } from './database.ts'
import { reachDatabase } from './reach-database.ts'

const password = 'p@ss/word:1'
const directory = await mkdtemp(join(tmpdir(), 'aion-certificates-'))
const authority = makeAuthority(directory)
const stranger = authority && (makeAuthority(directory, 'stranger') as Authority)
const files = {
  ca: authority?.ca ?? '',
  stranger: stranger?.ca ?? '',
  client: authority?.issue('certified'),
}

let postgres: OwnPostgres
beforeAll(async () => {
  if (!authority) return
  const { cert, key } = authority.issue('server', 'DNS:localhost')
  postgres = await makePostgres({
    settings: { ssl_cert_file: cert, ssl_key_file: key, ssl_ca_file: authority.ca },
    hba: [
      'hostssl all certified 127.0.0.1/32 scram-sha-256 clientcert=verify-ca',
      'hostssl all secure 127.0.0.1/32 scram-sha-256',
      'host all anyhow,few,old 127.0.0.1/32 scram-sha-256',
    ],
  })
  await postgres.start()
  for (const name of ['certified', 'secure', 'anyhow', 'few'])
    await postgres.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'; GRANT CREATE ON DATABASE postgres TO ${name}`)
  await postgres.query('CREATE DATABASE aion OWNER certified')
})
afterAll(async () => {
  await postgres?.discard()
  await rm(directory, { recursive: true, force: true })
})

async function setTls(state: 'on' | 'off'): Promise<void> {
  await postgres.query(`ALTER SYSTEM SET ssl = ${state}`)
  await postgres.query('SELECT pg_reload_conf()')
  await vi.waitFor(async () => expect((await postgres.query('SHOW ssl'))[0]?.rows[0].ssl).toBe(state))
}

const url = (parameters: string, { user = 'secure', host = 'localhost', database = 'postgres', secret = password } = {}) =>
  `postgres://${user}:${encodeURIComponent(secret)}@${host}:${postgres.port}/${database}${parameters && `?${parameters}`}`

/** Whether the connection that it leads to is encrypted, or what is said instead. */
async function reach(text: string): Promise<boolean | string> {
  try {
    const client = new pg.Client(await reachDatabase(text))
    await client.connect()
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    await client.end()
    return rows[0].ssl
  } catch (error) {
    expect((error as Error).name, String(error)).toBe('StartupError')
    expect((error as Error).message).not.toContain('ss/word')
    return (error as Error).message
  }
}

interface Run {
  readonly child: ChildProcess
  readonly exit: Promise<number | null>
  readonly out: () => string
  readonly err: () => string
}

function run(program: string, args: string[], env: Record<string, string>): Run {
  const bin = fileURLToPath(new URL(`../../../bin/${program}`, import.meta.url))
  const child = spawn(process.execPath, [bin, ...args], { env: { PATH: process.env.PATH, PORT: '0', ...env } })
  let [out, err] = ['', '']
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    err += text
  })
  return { child, exit: once(child, 'close').then(([code]) => code), out: () => out, err: () => err }
}

describe.skipIf(!authority)('a server with TLS', () => {
  beforeAll(() => setTls('on'))

  test.each([
    ['', true],
    ['sslmode=disable', false],
    ['sslmode=allow', true],
    ['sslmode=prefer', true],
    ['sslmode=require', true],
    ['sslmode=require&channel_binding=require', true],
    ['ssl=true', true],
    ['sslmode=no-verify', true],
    ['sslmode=require&sslrootcert=CA', true],
    ['sslmode=verify-ca&sslrootcert=CA', true],
    ['sslmode=verify-full&sslrootcert=CA', true],
  ])('"%s": encrypted %s', async (parameters, encrypted) => {
    expect(await reach(url(parameters.replace('CA', files.ca), { user: 'anyhow' }))).toBe(encrypted)
  })

  test('another host name matters to verify-full alone', async () => {
    const other = { user: 'anyhow', host: '127.0.0.1' }
    expect(await reach(url(`sslmode=verify-ca&sslrootcert=${files.ca}`, other))).toBe(true)
    expect(await reach(url(`sslmode=require&sslrootcert=${files.ca}`, other))).toBe(true)
    expect(await reach(url(`sslmode=verify-full&sslrootcert=${files.ca}`, other))).toMatch(
      /^The PostgreSQL at DATABASE_URL \(127\.0\.0\.1:\d+\) shows a certificate for another host than 127\.0\.0\.1: .*\.$/,
    )
  })

  test.each(['require', 'verify-ca', 'verify-full'])('sslmode=%s with another authority is refused', async (mode) => {
    expect(await reach(url(`sslmode=${mode}&sslrootcert=${files.stranger}`))).toMatch(/no trusted authority has signed/)
  })

  test('the authorities that Node knows do not know this one', async () => {
    for (const parameters of ['sslmode=verify-full', 'sslrootcert=system'])
      expect(await reach(url(parameters))).toMatch(/no trusted authority has signed .*sslrootcert/)
  })

  test('what PostgreSQL refuses is said', async () => {
    expect(await reach(url('', { secret: 'wrong ss/word' }))).toMatch(/refuses the password of secure\.$/)
    expect(await reach(url('', { database: 'nowhere' }))).toMatch(/has no database nowhere\.$/)
    expect(await reach(url('sslmode=disable'))).toMatch(/refuses the connection: no pg_hba.conf entry .* no encryption\.$/)
    expect(await reach(url('', { user: 'certified' }))).toMatch(/valid client certificate\.$/)
  })

  test('a version that is too old is refused', async () => {
    // There is none here: a role to which PostgreSQL says that it is 14.
    await postgres.query(`CREATE ROLE old LOGIN PASSWORD '${password}'; CREATE SCHEMA fake; GRANT USAGE ON SCHEMA fake TO old;
      CREATE FUNCTION fake.current_setting(text) RETURNS text LANGUAGE sql AS $$SELECT '140011'$$;
      ALTER ROLE old SET search_path = fake, pg_catalog`)
    expect(await reach(url('', { user: 'old' }))).toMatch(/is version 14: 15 is the oldest that will do\.$/)
  })

  test('a connection that hangs is broken off, encrypted or not', async () => {
    const wire = await layWire({ host: '127.0.0.1', port: postgres.port })
    const connection = await reachDatabase(url('', { user: 'anyhow' }))
    const { pool, gate } = connect({ ...connection, port: wire.port }, () => {})
    expect((await pool.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows).toEqual([{ ssl: true }])
    wire.set('held')
    const asked = expect(pool.query('SELECT 1')).rejects.toThrow(/terminated/)
    await setTimeout(100)
    gate.shut()
    await asked
    wire.close()
    await pool.end()
  })

  test('who may have fewer connections than it wants goes on with those it has', async () => {
    await postgres.query('ALTER ROLE few CONNECTION LIMIT 3')
    let shortages = 0
    const connection = await reachDatabase(url('', { user: 'few' }))
    const { pool } = connect({ ...connection, max: 10 }, () => {}, { onShortage: () => shortages++ })
    const asked = Array.from({ length: 40 }, () => pool.query('SELECT pg_backend_pid() AS pid, pg_sleep(0.05)'))
    const answers = await Promise.all(asked)
    expect(new Set(answers.map(({ rows }) => rows[0].pid)).size).toBe(3)
    expect(shortages).toBe(1)
    await pool.end()
    await postgres.query('ALTER ROLE few CONNECTION LIMIT 0')
    const { pool: none } = connect({ ...connection, max: 10 }, () => {})
    const refused = await Promise.allSettled(Array.from({ length: 40 }, () => none.query('SELECT 1')))
    expect(refused.map(({ status }) => status)).toEqual(Array(40).fill('rejected'))
    expect((refused[0] as PromiseRejectedResult).reason.message).toMatch(/too many connections for role/)
    await none.end()
  })

  test('server, jobs, listener and aion-admin: all show the client certificate, and nothing is in the clear', async () => {
    const shown = `sslmode=verify-full&sslrootcert=${files.ca}&sslcert=${files.client?.cert}&sslkey=${files.client?.key}`
    const env = { DATABASE_URL: url(shown, { user: 'certified', database: 'aion' }), AION_DATA_DIR: join(directory, 'data') }
    const server = run('aion-server.js', [], env)
    await vi.waitFor(() => expect(server.out()).toMatch(/Next/), { timeout: 20_000 })
    await vi.waitFor(async () => {
      const [seen] = await postgres.query(`SELECT DISTINCT split_part(application_name, ':', 1) AS name, ssl FROM pg_stat_activity
        JOIN pg_stat_ssl USING (pid) WHERE usename = 'certified' ORDER BY 1`)
      expect(seen?.rows.map(({ name, ssl }) => [name, ssl])).toEqual([
        ['aion-listener', true],
        ['aionvision', true],
        ['aionvision-jobs', true],
      ])
    })
    const admin = run('aion-admin.js', ['audit', 'verify'], env)
    expect(await admin.exit, admin.err()).toBe(0)
    server.child.kill('SIGTERM')
    expect(await server.exit, server.err()).toBe(0)
  })

  test('where it cannot be, server and aion-admin say so in one sentence', async () => {
    const env = { DATABASE_URL: url(`sslmode=verify-full&sslrootcert=${files.stranger}`) }
    for (const { exit, out, err } of [
      run('aion-server.js', [], { ...env, AION_DATA_DIR: join(directory, 'one') }),
      run('aion-server.js', [], { ...env, AION_DATA_DIR: join(directory, 'two'), AION_WORKERS: '2' }),
      run('aion-admin.js', ['audit', 'verify'], env),
    ]) {
      expect([await exit, out()]).toEqual([1, ''])
      expect(err()).toMatch(/^The PostgreSQL at DATABASE_URL .* has signed [^\n]*\.\n$/)
    }
  })
})

describe.skipIf(!authority)('a server without TLS', () => {
  beforeAll(() => setTls('off'))

  test.each(['', 'sslmode=disable', 'sslmode=prefer'])('"%s": in the clear', async (parameters) => {
    expect(await reach(url(parameters, { user: 'anyhow' }))).toBe(false)
  })

  test.each(['require', 'verify-full'])('sslmode=%s is refused', async (mode) => {
    expect(await reach(url(`sslmode=${mode}`, { user: 'anyhow' }))).toMatch(/offers no TLS/)
  })
})
