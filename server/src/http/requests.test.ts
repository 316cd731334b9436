// What a request may look like: bodies, origins, addresses, ids; and what every answer carries.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../testing/harness.ts'
import { clientBucket } from './client-bucket.ts'

describe('requests', () => {
  let server: TestServer
  let owner: Person
  let key: string
  beforeAll(async () => {
    server = await startTestServer({ env: { AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: 10_000 } }) } })
    owner = await signUp(server)
    key = (await createKey(server, owner)).api_key
  })
  afterAll(() => server.stop())

  const create = (body: unknown, options: object = {}) =>
    call(server, 'POST', '/api/v2/api-keys', { token: owner.token, body, ...options })

  it('S32 refuses prototype keys, duplicate keys, wrong types, huge numbers and deep nesting with 422', async () => {
    const deep = `{"name":"x","metadata":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`
    const bodies = [
      '{"name":"x","__proto__":{"admin":true}}',
      '{"name":"x","metadata":{"__proto__":{"polluted":1}}}',
      '{"name":"x","metadata":{"constructor":{"prototype":{"polluted":1}}}}',
      '{"name":"x","name":"y"}',
      '{"name":"x","metadata":{"a":1,"\\u0061":2}}',
      '{"name":1}',
      '{"name":null}',
      '{"name":["x"]}',
      '{"name":"x","rate_limit_per_minute":1e400}',
      '{"name":"x","rate_limit_per_minute":99999999999999999999}',
      '{"name":"x","expires_at":"soon"}',
      '{"name":',
      '[]',
      '"x"',
      '',
      deep,
    ]
    for (const body of bodies) {
      const answer = await create(body, { headers: { 'content-type': 'application/json' } })
      expect([body.slice(0, 60), answer.status, answer.body.error?.code]).toEqual([body.slice(0, 60), 422, 'VALIDATION_ERROR'])
      expect(answer.body.detail[0]).toEqual({ loc: expect.any(Array), msg: expect.any(String), type: expect.any(String) })
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('names the values that a field takes, and not the alternatives nobody meant', async () => {
    const answer = await call(server, 'POST', '/api/v2/payment/subscription/update', {
      token: owner.token,
      body: { action: 'upgrade', new_plan: 'gold' },
    })
    expect([answer.status, answer.body.detail]).toEqual([
      422,
      [{ loc: ['body', 'new_plan'], msg: 'Must be one of starter, professional, enterprise', type: 'enum' }],
    ])
  })

  it('S31 refuses what another site sends with the cookie, whatever its content type, and changes nothing', async () => {
    const keys = async () => (await call(server, 'GET', '/api/v2/api-keys', { token: owner.token })).body.total
    const before = await keys()
    const attacks: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]
    for (const headers of attacks)
      for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
        const answer = await call(server, 'POST', '/api/v2/api-keys', {
          cookie: owner.cookie,
          body: { name: 'csrf' },
          headers: { ...headers, 'content-type': type },
        })
        expect([403, 415]).toContain(answer.status)
      }
    for (const headers of attacks) {
      const login = await call(server, 'POST', '/api/v2/auth/session/login', {
        body: { email: owner.email, password: owner.password },
        headers,
      })
      expect([login.status, login.body.error.code]).toEqual([403, 'CROSS_SITE_REQUEST'])
    }
    const plain = await call(server, 'POST', '/api/v2/api-keys', {
      cookie: owner.cookie,
      body: { name: 'plain' },
      headers: { 'content-type': 'text/plain' },
    })
    expect([plain.status, plain.body.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
    expect(await keys()).toBe(before)
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: server.url }] as Record<string, string>[])
      expect(
        (await call(server, 'POST', '/api/v2/api-keys', { cookie: owner.cookie, body: { name: 'own' }, headers })).status,
      ).toBe(201)
  })

  it('S13 believes no forwarding header from a peer that is no proxy', async () => {
    const forged = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'for=203.0.113.9;host=evil.example',
    }
    const { id, api_key } = await createKey(server, owner, { name: 'forwarded', allowed_ips: ['203.0.113.0/24'] })
    const answer = await call(server, 'GET', '/api/v2/user-files', { token: api_key, headers: forged })
    expect([answer.status, answer.body.error.code]).toEqual([403, 'IP_NOT_ALLOWED'])
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('10000')
    await call(server, 'DELETE', `/api/v2/api-keys/${id}`, { token: owner.token })
    await call(server, 'POST', '/api/v2/auth/session/password-reset/request', { body: { email: owner.email }, headers: forged })
    const [mail] = await server.mail.to(owner.email, 2)
    expect(mail?.text).toContain(`${server.url}/auth/reset-password?token=`)
    expect(mail?.text).not.toContain('evil')
  })

  it('S13 believes a configured proxy', async () => {
    const proxied = await startTestServer({ env: { AION_TRUSTED_PROXIES: '127.0.0.1' } })
    const person = await signUp(proxied)
    const { api_key } = await createKey(proxied, person, { allowed_ips: ['203.0.113.0/24'] })
    const from = (address: string) =>
      call(proxied, 'GET', '/api/v2/user-files', { token: api_key, headers: { 'x-forwarded-for': address } })
    expect((await from('203.0.113.9')).status).toBe(200)
    expect((await from('198.51.100.1')).status).toBe(403)
    await proxied.stop()
  })

  it('S14 counts one IPv6 customer once and never two IPv4 clients together', () => {
    const one = ['2001:db8:1:2::1', '2001:DB8:1:2:0:0:0:ffff', '2001:0db8:0001:0002:abcd::', '2001:db8:1:2::1%eth0']
    expect(new Set(one.map(clientBucket)).size).toBe(1)
    expect(clientBucket('2001:db8:1:3::1')).not.toBe(clientBucket('2001:db8:1:2::1'))
    expect(new Set(['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:201'].map(clientBucket))).toEqual(new Set(['192.0.2.1']))
    expect(clientBucket('192.0.2.1')).not.toBe(clientBucket('192.0.2.2'))
  })

  it('counts refusals for want of a credential by address, and answers 429 beyond them, never a success', async () => {
    const strict = await startTestServer({ env: { AION_LIMIT_UNAUTHENTICATED: '5/60' } })
    const statuses: number[] = []
    for (let round = 0; round < 8; round++)
      statuses.push((await call(strict, 'GET', '/api/v2/user-files', { token: 'aion_live_wrong' })).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
    const person = await signUp(strict)
    const { api_key } = await createKey(strict, person)
    expect((await call(strict, 'GET', '/api/v2/user-files', { token: api_key })).status).toBe(200)
    await strict.stop()
  })

  it('S36 lets nothing that needs a credential be cached', async () => {
    for (const token of [key, owner.token]) {
      const answer = await call(server, 'GET', '/api/v2/user-files', { token })
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('takes the caller’s X-Request-ID if it is a UUID, and says it in the body of an error', async () => {
    const id = '7b8f3a52-3c0e-4d0a-9a63-2f1f6f0f8d11'
    const own = await call(server, 'GET', '/api/v2/nothing', { headers: { 'x-request-id': id } })
    expect([own.headers.get('x-request-id'), own.body.request_id]).toEqual([id, id])
    const other = await call(server, 'GET', '/api/v2/nothing', { headers: { 'x-request-id': 'x\tforged' } })
    expect(other.body.request_id).toMatch(/^[0-9a-f-]{36}$/)
    expect(other.headers.get('x-request-id')).toBe(other.body.request_id)
  })

  it('answers preflights without a credential and lets any origin use a key, without credentials mode', async () => {
    for (const path of ['/api/v2/uploads/confirm', '/objects/anything']) {
      const preflight = await call(server, 'OPTIONS', path, {
        headers: { origin: 'https://app.example', 'access-control-request-method': 'PUT' },
      })
      expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
      expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization')
      expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
    }
    const answer = await call(server, 'GET', '/api/v2/user-files', { token: key, headers: { origin: 'https://app.example' } })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    expect(answer.headers.get('access-control-expose-headers')).toContain('X-RateLimit-Remaining')
  })

  it('with allowed_domains set, refuses a key from another origin', async () => {
    const person = await signUp(server)
    const { api_key } = await createKey(server, person)
    await server.db
      .updateTable('tenants')
      .set({ allowed_domains: ['app.example'] })
      .where('id', '=', person.tenantId)
      .execute()
    server.deps.changes.apply({ kind: 'tenant', id: person.tenantId })
    const from = (origin: string) => call(server, 'GET', '/api/v2/user-files', { token: api_key, headers: { origin } })
    expect((await from('https://app.example')).status).toBe(200)
    const refused = await from('https://evil.example')
    expect([refused.status, refused.body.error.code]).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
  })
})
