// Limits as a client meets them: exact under parallel load, told in headers, spent once and by nobody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, createKey, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'

const probe = '/api/v2/user-files'

describe('rate limits', () => {
  let server: TestServer
  let owner: Person
  const clock = fakeClock()
  beforeAll(async () => {
    server = await startTestServer({ clock })
    owner = await signUp(server)
  })
  afterAll(() => server.stop())

  const use = (key: string) => call(server, 'GET', probe, { token: key })

  it('S15 of 300 parallel requests at limit 30 admits exactly 30, and the rest learn when to come back', async () => {
    const { api_key } = await createKey(server, owner)
    const answers = await Promise.all(Array.from({ length: 300 }, () => use(api_key)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30)
    for (const answer of answers) {
      expect([200, 429]).toContain(answer.status)
      expect(answer.headers.get('x-ratelimit-limit')).toBe('30')
      expect(Number(answer.headers.get('x-ratelimit-remaining'))).toBeGreaterThanOrEqual(0)
    }
    const refused = answers.find(({ status }) => status === 429)
    const now = Math.floor(clock.now() / 1000)
    expect(refused?.body.error.code).toBe('RATE_LIMIT_ERROR')
    expect(refused?.headers.get('retry-after')).toBe('60')
    expect(Number(refused?.headers.get('x-ratelimit-reset')) - now).toBeGreaterThanOrEqual(60)
    expect(Number(refused?.headers.get('x-ratelimit-reset')) - now).toBeLessThanOrEqual(61)
    expect(refused?.headers.get('ratelimit-policy')).toBe('"key";q=30;w=60')
    expect(refused?.headers.get('ratelimit')).toBe('"key";r=0;t=60')
    expect(refused?.headers.get('cache-control')).toBe('no-store')
  })

  it('over a random three-minute schedule never admits more than 30 in a rolling minute, and nobody who waits is refused', async () => {
    const { api_key } = await createKey(server, owner)
    const admitted: number[] = []
    let mayAt = 0
    for (const end = clock.now() + 180_000; clock.now() < end; ) {
      clock.advance(Math.floor(Math.random() ** 3 * 4_000))
      const answer = await use(api_key)
      if (answer.status === 200) admitted.push(clock.now())
      else {
        expect(clock.now()).toBeLessThan(mayAt === 0 ? Number.POSITIVE_INFINITY : mayAt + 60_000)
        const seconds = Number(answer.headers.get('retry-after'))
        expect(seconds).toBeGreaterThanOrEqual(1)
        clock.advance(seconds * 1000)
        mayAt = clock.now()
        expect((await use(api_key)).status).toBe(200)
        admitted.push(clock.now())
      }
    }
    for (let index = 30; index < admitted.length; index++)
      expect((admitted[index] ?? 0) - (admitted[index - 30] ?? 0)).toBeGreaterThanOrEqual(60_000)
    expect(admitted.length).toBeGreaterThan(60)
  })

  it('holds across a window’s edge', async () => {
    const { api_key } = await createKey(server, owner)
    clock.advance(60_000 - (clock.now() % 60_000) - 500)
    for (let index = 0; index < 30; index++) expect((await use(api_key)).status).toBe(200)
    clock.advance(1_000)
    expect((await use(api_key)).status).toBe(429)
    clock.advance(58_999)
    expect((await use(api_key)).status).toBe(429)
    clock.advance(1)
    expect((await use(api_key)).status).toBe(200)
  })

  it('a key of its own lower limit is held to it, and a PUT changes it at once', async () => {
    const { id, api_key } = await createKey(server, owner, { rate_limit_per_minute: 2 })
    expect([(await use(api_key)).status, (await use(api_key)).status, (await use(api_key)).status]).toEqual([200, 200, 429])
    await call(server, 'PUT', `/api/v2/api-keys/${id}`, { token: owner.token, body: { rate_limit_per_minute: 3 } })
    const third = await use(api_key)
    expect([third.status, third.headers.get('x-ratelimit-limit'), third.headers.get('x-ratelimit-remaining')]).toEqual([
      200,
      '3',
      '0',
    ])
    expect((await use(api_key)).status).toBe(429)
  })

  it('S16 a refusal by the key’s limit spends nothing of the tenant’s, and the tenant’s ceiling describes itself', async () => {
    const small = await startTestServer({
      clock,
      env: { AION_TENANT_CEILING_FACTOR: '2', AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: 3 } }) },
    })
    const person = await signUp(small)
    const keys = [await createKey(small, person), await createKey(small, person), await createKey(small, person)]
    const take = async (index: number) => call(small, 'GET', probe, { token: keys[index]?.api_key ?? '' })
    for (let round = 0; round < 3; round++) expect((await take(0)).status).toBe(200)
    for (let round = 0; round < 10; round++) expect((await take(0)).status).toBe(429)
    for (let round = 0; round < 3; round++) expect((await take(1)).status).toBe(200)
    const ceiling = await take(2)
    expect([ceiling.status, ceiling.headers.get('x-ratelimit-limit'), ceiling.headers.get('ratelimit-policy')]).toEqual([
      429,
      '6',
      '"tenant";q=6;w=60',
    ])
    clock.advance(60_000)
    for (let round = 0; round < 3; round++) expect((await take(2)).status).toBe(200)
    await small.stop()
  })

  it('S17 answers 429, never 401 or 403, when over the limit; 403 and 404 carry the headers too', async () => {
    const { api_key } = await createKey(server, owner, { scopes: ['files:read'] })
    const forbidden = await call(server, 'DELETE', `${probe}/00000000-0000-4000-8000-000000000000`, { token: api_key })
    expect([forbidden.status, forbidden.headers.get('x-ratelimit-remaining')]).toEqual([403, '29'])
    const absent = await call(server, 'GET', `${probe}/00000000-0000-4000-8000-000000000000`, { token: api_key })
    expect([absent.status, absent.headers.get('x-ratelimit-remaining')]).toEqual([404, '28'])
    for (let index = 0; index < 28; index++) await use(api_key)
    for (const [method, path] of [
      ['GET', probe],
      ['DELETE', `${probe}/x`],
      ['GET', '/api/v2/api-keys'],
      ['GET', '/api/v2/nothing'],
    ] as const)
      expect([path, (await call(server, method, path, { token: api_key })).status]).toEqual([path, 429])
  })

  it('sessions have no limit per minute', async () => {
    for (let index = 0; index < 60; index++) expect((await call(server, 'GET', probe, { token: owner.token })).status).toBe(200)
  })
})
