// Behind Sentinel and as a Cluster: real ones, whose master is killed. Counting goes on, with what was counted, and words are heard again.
// With TLS: who is not believed is named, because limits would be shares until somebody looks.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { connectRedis } from '../../platform/redis.ts'
import { createRedisRelay } from '../../platform/redis-relay.ts'
import { makeAuthority } from '../../testing/certificates.ts'
import { freePort } from '../../testing/ports.ts'
import { createLocalLimiter, type RateLimiter } from './rate-limiter.ts'
import { createRedisLimiter } from './redis-limiter.ts'

const log = pino({ level: 'silent' })
const installed = spawnSync('redis-server', ['--version']).status === 0 && spawnSync('redis-cli', ['--version']).status === 0
if (!installed) console.log('There is no redis-server here (Debian: redis-server): Sentinel and Cluster are not tested.')
const windowMs = 60_000

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(port: number, ...more: string[]): Promise<ChildProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'aion-redis-'))
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir]
  // Sentinel writes into its own configuration.
  const config = join(dir, 'redis.conf')
  await writeFile(config, '')
  const child = spawn('redis-server', [config, ...options, ...more], { stdio: 'ignore' })
  cleanups.push(async () => {
    child.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  })
  await vi.waitFor(() => expect(cli(port, 'ping')).toBe('PONG'), { timeout: 30_000, interval: 50 })
  return child
}

function cli(port: number, ...args: string[]): string {
  return spawnSync('redis-cli', ['-p', `${port}`, ...args], { encoding: 'utf8' }).stdout.trim()
}

async function limiterOn(url: string): Promise<RateLimiter> {
  const redis = connectRedis(url, log)
  const local = createLocalLimiter({ clock: systemClock, file: join(tmpdir(), `aion-limits-${randomUUID()}.json`) })
  const limiter = createRedisLimiter({
    redis,
    local,
    log,
    prefix: 'kinds:',
    workers: 1,
    file: '/dev/null',
    apart: { say() {}, others: [], servers: 1 },
  })
  await limiter.start()
  cleanups.push(() => limiter.stop())
  return limiter
}

async function admitted(limiters: readonly RateLimiter[], key: string, asked: number): Promise<number> {
  const own = { name: key, group: `tenant of ${key}`, limit: 100, windowMs }
  const ceiling = { name: own.group, limit: 1_000, windowMs }
  const decisions = await Promise.all(
    Array.from({ length: asked }, (_, count) => limiters[count % limiters.length]?.decideAll(own, ceiling)),
  )
  return decisions.filter((decision) => decision?.allowed).length
}

/** Two servers that tell each other of changes; answers what the second hears when the first speaks. */
async function relaysOn(url: string): Promise<(id: string) => Promise<void>> {
  const heard: string[] = []
  const relays = [0, 1].map(() => createRedisRelay({ redis: connectRedis(url, log), prefix: 'kinds:' }))
  for (const relay of relays) {
    await relay.start(
      ({ id }) => heard.push(id),
      () => {},
    )
    cleanups.push(() => relay.stop())
  }
  return async (id) => {
    await vi.waitFor(() => expect(relays.map(({ live }) => live)).toEqual([true, true]), { timeout: 20_000 })
    relays[0]?.send({ kind: 'key', id })
    await vi.waitFor(() => expect(heard.filter((one) => one === id)).toHaveLength(2))
  }
}

const exactAgain = (limiters: readonly RateLimiter[]) =>
  vi.waitFor(() => expect(limiters.map((limiter) => limiter.exact())).toEqual([true, true]), { timeout: 30_000, interval: 50 })

describe.skipIf(!installed)('Redis behind', () => {
  it('Sentinel: the replica that takes over knows what was admitted', async () => {
    const [master, replica, sentinel] = [await freePort(), await freePort(), await freePort()]
    const first = await start(master, '--repl-diskless-sync-delay', '0')
    await start(replica, '--replicaof', '127.0.0.1', `${master}`)
    await start(sentinel, '--sentinel')
    cli(sentinel, 'sentinel', 'monitor', 'kept', '127.0.0.1', `${master}`, '1')
    cli(sentinel, 'sentinel', 'set', 'kept', 'down-after-milliseconds', '500')
    await vi.waitFor(() => expect(cli(sentinel, 'sentinel', 'replicas', 'kept')).toContain(`${replica}`), { timeout: 15_000 })
    const url = `redis+sentinel://127.0.0.1:${sentinel}/kept`
    const limiters = [await limiterOn(url), await limiterOn(url)]
    const tell = await relaysOn(url)
    expect(await admitted(limiters, 'a', 300)).toBe(100)
    await tell('before')
    await vi.waitFor(() => expect(cli(replica, 'llen', 'kinds:{tenant of a}:a')).toBe('100'), { timeout: 15_000 })
    first.kill('SIGKILL')
    await vi.waitFor(() => expect(limiters.some((limiter) => limiter.exact())).toBe(false))
    await exactAgain(limiters)
    expect(cli(replica, 'role')).toMatch(/^master/)
    expect(await admitted(limiters, 'a', 30)).toBe(0)
    expect(await admitted(limiters, 'b', 300)).toBe(100)
    await tell('after')
  }, 90_000)

  it('Sentinel that asks for a password of its own, and for no other', async () => {
    const [master, sentinel] = [await freePort(), await freePort()]
    await start(master)
    await start(sentinel, '--sentinel')
    cli(sentinel, 'sentinel', 'monitor', 'kept', '127.0.0.1', `${master}`, '1')
    for (const answer of [
      cli(master, 'config', 'set', 'requirepass', 'of the data'),
      cli(sentinel, 'sentinel', 'set', 'kept', 'auth-pass', 'of the data'),
      cli(sentinel, 'acl', 'setuser', 'default', 'resetpass', '>of the watch'),
    ])
      expect(answer).toBe('OK')
    const dir = await mkdtemp(join(tmpdir(), 'aion-redis-locked-'))
    cleanups.push(() => rm(dir, { recursive: true, force: true }))
    const url = `redis+sentinel://:of%20the%20data@127.0.0.1:${sentinel}/kept`
    for (const [more, ...told] of [
      ['', 'shares', expect.stringContaining('NOAUTH')],
      ['?sentinel_password=of%20the%20data', 'shares', expect.stringContaining('WRONGPASS')],
      ['?sentinel_password=of%20the%20watch', 'exact', ''],
    ] as const)
      expect([more, ...(await countersOf({ PORT: '0', AION_DATA_DIR: join(dir, 'data'), REDIS_URL: url + more }))]).toEqual([
        more,
        ...told,
      ])
  }, 90_000)

  it('Sentinel that names no master yet: listening anew waits for it', async () => {
    const redis = connectRedis(`redis+sentinel://127.0.0.1:${await freePort()}/mymaster`, log)
    const ears = redis.subscribe(
      ['word'],
      () => {},
      () => {},
    )
    cleanups.push(
      () => ears.close(),
      () => redis.close(),
    )
    for (let attempt = 0; attempt < 5; attempt++) {
      ears.reconnect()
      await sleep(50)
    }
    await expect(redis.del('any')).rejects.toThrow()
  })

  it('a user who may not use channels: it is said, and said once', async () => {
    const port = await freePort()
    await start(port)
    cli(port, 'acl', 'setuser', 'aion', 'on', '>pw', '~*', '+@all', 'resetchannels')
    const lines: string[] = []
    const told = pino({ level: 'warn' }, { write: (line) => void lines.push(line) })
    const redis = connectRedis(`redis://aion:pw@127.0.0.1:${port}`, told)
    const relay = createRedisRelay({ redis, prefix: 'kinds:' })
    cleanups.push(
      () => relay.stop(),
      () => redis.close(),
    )
    await relay.start(
      () => {},
      () => {},
    )
    await vi.waitFor(() => expect(lines.join('')).toContain('Redis forbids its channels'), 5_000)
    await sleep(600)
    expect(lines.length).toBe(1)
  })

  it('one that evicts keys may have evicted counters: it is not relied on', async () => {
    const port = await freePort()
    await start(port, '--maxmemory-policy', 'volatile-lru')
    const limiter = await limiterOn(`redis://127.0.0.1:${port}`)
    await vi.waitFor(() => expect(limiter.exact()).toBe(true), { timeout: 10_000 })
    for (let count = 0; count < 50; count++) await limiter.decide('key', 50, windowMs)
    const used = Number(/used_memory:(\d+)/.exec(cli(port, 'info', 'memory'))?.[1])
    cli(port, 'config', 'set', 'maxmemory', `${used + 500_000}`)
    for (let count = 0; count < 30; count++) cli(port, 'set', `other:${count}`, 'x'.repeat(50_000), 'ex', '100')
    await vi.waitFor(() => expect(limiter.exact()).toBe(false), { timeout: 5_000 })
  })

  it('a number of a database that it does not have: it is not taken for another one', async () => {
    const port = await freePort()
    await start(port)
    const dir = await mkdtemp(join(tmpdir(), 'aion-redis-number-'))
    cleanups.push(() => rm(dir, { recursive: true, force: true }))
    const told = (number: number) =>
      countersOf({ PORT: '0', AION_DATA_DIR: join(dir, 'data'), REDIS_URL: `redis://127.0.0.1:${port}/${number}` })
    expect(await told(15)).toEqual(['exact', ''])
    expect(await told(99)).toEqual(['shares', expect.stringContaining('DB index is out of range')])
    expect(cli(port, 'keys', '*')).toBe('')
  }, 60_000)

  it('Cluster: a key and its workspace are decided on in one step, on whichever shard', async () => {
    const ports = await Promise.all([1, 2, 3].map(freePort))
    // Its bus listens on a port of its own, 10,000 higher unless it is told.
    for (const port of ports) await start(port, '--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`)
    for (const [index, port] of ports.entries())
      expect(cli(port, 'cluster', 'addslotsrange', `${index * 5_461}`, `${index === 2 ? 16_383 : index * 5_461 + 5_460}`)).toBe(
        'OK',
      )
    const [seed = 0, ...others] = ports
    for (const port of others) {
      const bus = cli(port, 'config', 'get', 'cluster-port').split('\n').at(-1) ?? ''
      expect(cli(seed, 'cluster', 'meet', '127.0.0.1', `${port}`, bus)).toBe('OK')
    }
    await vi.waitFor(
      () => expect(ports.map((port) => cli(port, 'cluster', 'info').slice(0, 16))).toEqual(Array(3).fill('cluster_state:ok')),
      {
        timeout: 20_000,
      },
    )
    const url = `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`).join(',')}`
    const limiters = [await limiterOn(url), await limiterOn(url)]
    const tell = await relaysOn(url)
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) expect(await admitted(limiters, key, 150)).toBe(100)
    expect(ports.map((port) => Number(cli(port, 'dbsize'))).every((size) => size > 0)).toBe(true)
    await tell('key-1')
  }, 90_000)

  it('TLS, each of them: its authority is believed when it is given, and nobody is spoken to otherwise', async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'aion-redis-tls-'))
    cleanups.push(() => rm(dir, { recursive: true, force: true }))
    const authority = makeAuthority(dir)
    if (!authority) return context.skip()
    const { cert, key } = authority.issue('redis', 'DNS:localhost')
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', authority.ca, '--tls-auth-clients', 'no']
    const [alone, sentinel, shard] = [await freePort(), await freePort(), await freePort()]
    const plain = await freePort()
    await start(await freePort(), '--tls-port', `${alone}`, ...files)
    await start(plain, '--sentinel', '--tls-port', `${sentinel}`, '--tls-replication', 'yes', ...files)
    for (const name of ['resolve-hostnames', 'announce-hostnames']) cli(plain, 'sentinel', 'config', 'set', name, 'yes')
    expect(cli(plain, 'sentinel', 'monitor', 'kept', 'localhost', `${alone}`, '1')).toBe('OK')
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`, '--tls-cluster', 'yes']
    const byName = ['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname']
    const plainShard = await freePort()
    await start(plainShard, '--tls-port', `${shard}`, ...files, ...cluster, ...byName)
    expect(cli(plainShard, 'cluster', 'addslotsrange', '0', '16383')).toBe('OK')
    await vi.waitFor(() => expect(cli(plainShard, 'cluster', 'info')).toContain('cluster_state:ok'), { timeout: 20_000 })
    for (const [url, reason] of [
      [`rediss://localhost:${alone}`, 'certificate'],
      [`rediss+sentinel://localhost:${sentinel}/kept`, 'All sentinels are unreachable'],
      [`rediss+cluster://localhost:${shard}`, 'Redis does not answer'],
    ] as const) {
      const env = { PORT: '0', AION_DATA_DIR: join(dir, 'data'), REDIS_URL: url }
      expect([url, ...(await countersOf(env))]).toEqual([url, 'shares', expect.stringContaining(reason)])
      expect([url, ...(await countersOf({ ...env, NODE_EXTRA_CA_CERTS: authority.ca }))]).toEqual([url, 'exact', ''])
    }
  }, 120_000)
})

/** What a server of its own says of its counters, and on its log. */
async function countersOf(env: Record<string, string>): Promise<[string, string]> {
  const program = fileURLToPath(new URL('../../../bin/aion-server.js', import.meta.url))
  const child = spawn(process.execPath, [program], { env: { PATH: process.env.PATH, ...env } })
  const ended = once(child, 'close')
  let [out, err] = ['', '']
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    err += text
  })
  try {
    await vi.waitFor(() => expect(out, err).toContain('listens on'), { timeout: 60_000, interval: 50 })
    const [, url] = /listens on (\S+)/.exec(out) ?? []
    const answer = await fetch(`${url}/readyz`)
    return [((await answer.json()) as { checks: { counters: string } }).checks.counters, err]
  } finally {
    child.kill('SIGINT')
    await ended
  }
}
