// The limiter in Redis decides as the one in the process does, on the same schedules; and what happens when Redis goes.
import { randomUUID } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import pino from 'pino'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { connectRedis, parseRedisUrl } from '../../platform/redis.ts'
import { fakeClock } from '../../testing/harness.ts'
import { layWire } from '../../testing/wire.ts'
import { createLocalLimiter, type RateLimiter } from './rate-limiter.ts'
import { createRedisLimiter } from './redis-limiter.ts'

const log = pino({ level: 'silent' })
const url = inject('redis')
const windowMs = 60_000

type FakeClock = ReturnType<typeof fakeClock>

function localOn(clock: FakeClock | undefined) {
  return createLocalLimiter({ clock: clock ?? systemClock, file: join(tmpdir(), `aion-limits-${randomUUID()}.json`) })
}

function redisOn(clock: FakeClock | undefined, address = url, prefix = `test:${randomUUID()}:`) {
  return createRedisLimiter({
    redis: connectRedis(address, log),
    local: localOn(clock),
    log,
    prefix,
    clock,
    workers: 1,
    file: '/dev/null',
    apart: { say() {}, others: [], servers: 1 },
  })
}

/** One that can be cut. */
async function wayToRedis() {
  const { hostname, port } = new URL(url)
  const way = await layWire({ host: hostname, port: Number(port) })
  return { ...way, address: `redis://127.0.0.1:${way.port}` }
}

async function until(ready: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await ready()); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > deadline) throw new Error('it did not happen in time')
}

describe.skipIf(!url)('in Redis', () => {
  const running: RateLimiter[] = []
  const started = async (limiter: RateLimiter) => {
    running.push(limiter)
    await limiter.start()
    expect(limiter.exact()).toBe(true)
    return limiter
  }
  afterAll(() => Promise.all(running.map((limiter) => limiter.stop())))

  it('every decision, wait and remainder is that of the limiter in the process', async () => {
    const step = fc.record({
      pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900 }), fc.integer({ min: 20_000, max: 61_000 })),
      key: fc.integer({ min: 0, max: 1 }),
      peek: fc.boolean(),
      limit: fc.constantFrom(3, 3, 3, 5, 2),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), fc.boolean(), async (steps, ceiled) => {
        const clock = fakeClock()
        const near = localOn(clock)
        const far = redisOn(clock)
        await far.start()
        for (const { pauseMs, key, peek, limit } of steps) {
          clock.advance(pauseMs)
          const own = { name: `key-${key}`, group: 'tenant', limit, windowMs }
          const ceiling = ceiled ? { name: 'tenant', limit: 4, windowMs } : null
          const ask = (limiter: RateLimiter) => (peek ? limiter.peek(own) : limiter.decideAll(own, ceiling))
          expect(await ask(far)).toEqual(ask(near))
        }
        expect(far.exact()).toBe(true)
        await far.stop()
      }),
      { numRuns: 60 },
    )
  })

  it('three servers that ask at once admit the limit and no more', async () => {
    const clock = fakeClock()
    const prefix = `test:${randomUUID()}:`
    const servers = await Promise.all([1, 2, 3].map(() => started(redisOn(clock, url, prefix))))
    const asked = Array.from({ length: 600 }, (_, count) => servers[count % 3]?.decide('one-key', 100, windowMs))
    const admitted = (await Promise.all(asked)).filter((decision) => decision?.allowed)
    expect(admitted).toHaveLength(100)
  })

  it.each(['cut', 'held'] as const)(
    'while the way to it is %s each server admits its share, at least one; then it counts again',
    async (fault) => {
      const clock = fakeClock()
      const prefix = `test:${randomUUID()}:`
      const way = await wayToRedis()
      const servers = await Promise.all([1, 2, 3].map(() => started(redisOn(clock, way.address, prefix))))
      for (const limiter of servers) await limiter.start()
      // Each has heard of the two others.
      for (const limiter of servers) await limiter.start()
      way.set(fault)
      await until(async () => {
        for (const limiter of servers) await limiter.peek({ name: 'x', limit: 1, windowMs })
        return servers.every((limiter) => !limiter.exact())
      })
      for (const limiter of servers) {
        const decisions = await Promise.all(Array.from({ length: 80 }, () => limiter.decide('key', 100, windowMs)))
        expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(33)
        expect((await limiter.decide('rare', 1, windowMs)).allowed).toBe(true)
      }
      way.set('whole')
      await until(() => servers.every((limiter) => limiter.exact()))
      // It was told of the shares: 99, of each server 33.
      const ask = async (name: string) =>
        (await Promise.all(Array.from({ length: 200 }, (_, count) => servers[count % 3]?.decide(name, 100, windowMs)))).filter(
          (decision) => decision?.allowed,
        )
      expect(await ask('key')).toHaveLength(1)
      expect(await ask('other')).toHaveLength(100)
      clock.advance(windowMs)
      expect(await ask('key')).toHaveLength(100)
      for (const limiter of servers) await limiter.stop()
      way.close()
    },
  )

  it('is told by its own clock when it was that a share was spent', async () => {
    const way = await wayToRedis()
    const limiter = redisOn(undefined, way.address)
    await limiter.start()
    way.set('cut')
    await until(() => !limiter.exact())
    const admittedAt = performance.now()
    expect((await limiter.decide('key', 1, windowMs)).allowed).toBe(true)
    way.set('whole')
    await until(() => limiter.exact())
    const { allowed, retryAfterMs } = await limiter.decide('key', 1, windowMs)
    expect(allowed).toBe(false)
    expect(Math.abs(windowMs - (performance.now() - admittedAt) - retryAfterMs)).toBeLessThan(500)
    await limiter.stop()
    way.close()
  })
})

describe.skipIf(!url)('a server that begins while Redis is away', () => {
  const begin = async (address: string, file: string, workers: number) => {
    const redis = connectRedis(address, log)
    const limiter = createRedisLimiter({
      redis,
      local: localOn(undefined),
      log,
      prefix: `test:${randomUUID()}:`,
      file,
      workers,
      apart: { say() {}, others: [], servers: 1 },
    })
    await limiter.start()
    return limiter
  }

  it('takes the share of one of those that it last knew of, at least of its workers', async () => {
    const file = join(tmpdir(), `aion-servers-${randomUUID()}`)
    const [nowhere, key] = ['redis://127.0.0.1:1', { name: 'key', limit: 100, windowMs }] as const
    const known = await begin(url, file, 2)
    await until(async () => (await readFile(file, 'utf8').catch(() => '')) === '1')
    await known.stop()
    for (const [last, share] of [
      ['1', 50],
      ['4', 25],
      ['x', 50],
    ] as const) {
      await writeFile(file, last)
      const limiter = await begin(nowhere, file, 2)
      expect([last, (await limiter.peek(key)).limit]).toEqual([last, share])
      await limiter.stop()
    }
    await rm(file)
  })
})

describe.skipIf(!url)('a machine that stood still', () => {
  it('does not blame Redis for it', async () => {
    const way = await wayToRedis()
    const limiter = redisOn(undefined, way.address)
    await limiter.start()
    way.set('late')
    const decision = limiter.decide('key', 100, windowMs)
    await sleep(20)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500)
    await sleep(50)
    way.set('whole')
    expect((await decision).remaining).toBe(99)
    expect([limiter.exact(), limiter.decisions().shares]).toEqual([true, { admitted: 0, refused: 0 }])
    await limiter.stop()
    way.close()
  })
})

describe.skipIf(!url)('a Redis that has forgotten', () => {
  it('is not asked again before what it had admitted is past, and knows then what was admitted meanwhile', async () => {
    const clock = fakeClock()
    const prefix = `test:${randomUUID()}:`
    const servers = await Promise.all([1, 2, 3].map(() => redisOn(clock, url, prefix)))
    for (const limiter of servers) await limiter.start()
    for (const limiter of servers) await limiter.start()
    const ask = async () => {
      const asked = Array.from({ length: 300 }, (_, count) => servers[count % 3]?.decide('key', 100, windowMs))
      return (await Promise.all(asked)).filter((decision) => decision?.allowed).length
    }
    expect(await ask()).toBe(100)
    clock.advance(10_000)
    const redis = connectRedis(url, log)
    const forget = (key: string) =>
      redis.del(prefix + key).then(
        () => true,
        () => false,
      )
    for (const key of ['servers:memory', 'servers', '{key}:key']) await until(() => forget(key))
    await until(() => servers.every((limiter) => !limiter.exact()))
    expect(await ask()).toBe(99)
    clock.advance(windowMs - 10)
    expect(await ask()).toBe(0)
    clock.advance(9)
    await sleep(600)
    expect(servers.map((limiter) => limiter.exact())).toEqual([false, false, false])
    clock.advance(1)
    // By shares or by Redis: whoever decides in this instant knows of all that was admitted in the last minute.
    const first = await ask()
    expect(first).toBeGreaterThanOrEqual(99)
    await until(() => servers.every((limiter) => limiter.exact()))
    expect(first + (await ask())).toBe(100)
    clock.advance(windowMs)
    expect(await ask()).toBe(100)
    for (const limiter of servers) await limiter.stop()
    await redis.close()
  })
})

describe.skipIf(!url)('a Redis that forgets a second time within the minute', () => {
  it('is not asked before what the shares told it meanwhile is past', async () => {
    const clock = fakeClock()
    const prefix = `test:${randomUUID()}:`
    const servers = [redisOn(clock, url, prefix), redisOn(clock, url, prefix)]
    for (const limiter of servers) await limiter.start()
    const ask = async () => {
      const asked = Array.from({ length: 60 }, (_, count) => servers[count % 2]?.decide('key', 20, windowMs))
      return (await Promise.all(asked)).filter((decision) => decision?.allowed).length
    }
    const redis = connectRedis(url, log)
    await until(() =>
      redis.del(`${prefix}none`).then(
        () => true,
        () => false,
      ),
    )
    const forget = async () => {
      for (const key of ['servers:memory', 'servers', '{key}:key']) await redis.del(prefix + key)
    }
    await forget()
    await until(() => servers.every((limiter) => !limiter.exact()))
    clock.advance(50_000)
    // Let each of them see that Redis answers.
    await sleep(600)
    expect(await ask()).toBe(20)
    await forget()
    await sleep(600)
    clock.advance(30_000)
    await sleep(1_200)
    expect(servers.map((limiter) => limiter.exact())).toEqual([false, false])
    expect(await ask()).toBe(0)
    clock.advance(30_001)
    await until(() => servers.every((limiter) => limiter.exact()))
    expect(await ask()).toBe(20)
    for (const limiter of servers) await limiter.stop()
    await redis.close()
  })
})

describe('REDIS_URL', () => {
  it.each([
    ['redis://localhost', { kind: 'standalone', hosts: [{ host: 'localhost', port: 6379 }], db: 0, tls: false }],
    [
      'rediss://u:p%40ss@h:7000/3',
      { kind: 'standalone', username: 'u', password: 'p@ss', hosts: [{ host: 'h', port: 7000 }], db: 3, tls: true },
    ],
    [
      'redis://:secret@[::1]:6380',
      { kind: 'standalone', password: 'secret', hosts: [{ host: '::1', port: 6380 }], db: 0, tls: false },
    ],
    [
      'redis+sentinel://a,b:26380/mymaster?db=2',
      {
        kind: 'sentinel',
        master: 'mymaster',
        hosts: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 26_380 },
        ],
        db: 2,
        tls: false,
      },
    ],
    [
      'redis+sentinel://:data@a/kept?sentinel_username=watch&sentinel_password=p%40%2Fss%2B',
      {
        kind: 'sentinel',
        master: 'kept',
        hosts: [{ host: 'a', port: 26_379 }],
        password: 'data',
        sentinelUsername: 'watch',
        sentinelPassword: 'p@/ss+',
        db: 0,
        tls: false,
      },
    ],
    [
      'rediss+cluster://a:1,b:2',
      {
        kind: 'cluster',
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
        db: 0,
        tls: true,
      },
    ],
  ])('%s', (text, address) => expect(parseRedisUrl(text)).toEqual(address))

  it.each([
    'http://x',
    'redis://',
    'redis://a,b',
    'redis://a/b',
    'redis://:%zz@a',
    'redis://u:p@ss@a',
    'redis://a?db=1',
    'redis://a?sentinel_password=x',
    'redis+sentinel://a',
    'redis+sentinel://a/kept?db=x',
    'redis+sentinel://a/kept?sentinel_pasword=x',
    'redis+cluster://a/1',
    'redis+cluster://a?db=1',
    'redis://a:70000',
  ])('%s is none', (text) => expect(parseRedisUrl(text)).toBeNull())
})
