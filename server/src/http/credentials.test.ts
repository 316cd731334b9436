// How a credential may be sent, and what happens to everything else that claims to be one.
import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../testing/harness.ts'

const path = '/api/v2/user-files'

describe('credentials', () => {
  let server: TestServer
  let owner: Person
  let key: string
  beforeAll(async () => {
    server = await startTestServer({ env: { AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: 10_000 } }) } })
    owner = await signUp(server)
    key = (await createKey(server, owner)).api_key
  })
  afterAll(() => server.stop())

  const withHeader = (authorization: string) => call(server, 'GET', path, { headers: { authorization } })

  it('S09 takes `bearer` in any case', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) expect((await withHeader(`${scheme} ${key}`)).status).toBe(200)
  })

  it('S09 refuses other schemes, two headers and a key in the query string', async () => {
    for (const header of [`Basic ${key}`, `Token ${key}`, key, `Bearer ${key}, Bearer ${key}`, 'Bearer', 'Bearer ']) {
      const answer = await withHeader(header)
      expect([header.slice(0, 8), answer.status, answer.body.error.code]).toEqual([header.slice(0, 8), 401, 'INVALID_API_KEY'])
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
      // The key may be whole: what is wrong is how it was sent.
      if (!header.startsWith('Bearer ')) expect(answer.body.error.message).toContain('Authorization: Bearer aion_…')
    }
    const twice = await new Promise<number | undefined>((resolve, reject) => {
      const { hostname, port } = new URL(server.url)
      const sent = httpRequest({
        hostname,
        port,
        path,
        headers: ['Host', 'x', 'Authorization', `Bearer ${key}`, 'Authorization', `Bearer ${key}`],
      })
      sent
        .on('response', (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end()
    })
    expect(twice).toBe(401)
    for (const query of [`?api_key=${key}`, `?access_token=${key}`, `?key=${key.replaceAll('_', '%5F')}`]) {
      expect((await call(server, 'GET', path + query)).body.error.code).toBe('MISSING_CREDENTIALS')
      expect((await call(server, 'GET', path + query, { token: key })).status).toBe(401)
    }
  })

  it('S08 refuses a session token as a key, a key as a session cookie', async () => {
    expect((await call(server, 'GET', path, { token: owner.token })).status).toBe(200)
    expect((await call(server, 'GET', path, { cookie: `aionvision_session=${key}` })).body.error.code).toBe('INVALID_SESSION')
    expect((await call(server, 'GET', path, { token: `ses_${key}` })).status).toBe(401)
    expect((await call(server, 'GET', path, { token: owner.token.replace('ses_', 'aion_live_') })).status).toBe(401)
  })

  it('a key sees its limits on a public route as well, and spends none of them', async () => {
    const remaining = async (url: string) => (await call(server, 'GET', url, { token: key })).headers.get('x-ratelimit-remaining')
    const before = Number(await remaining(path))
    expect(await remaining('/api/v2/plans')).toBe(String(before))
    expect(await remaining('/api/v2/plans')).toBe(String(before))
    const unknown = await call(server, 'GET', '/api/v2/plans', { token: key.replace(/.$/, '!') })
    expect([unknown.status, unknown.headers.get('x-ratelimit-limit')]).toEqual([200, null])
  })

  it('every IPv6 address is not every address', async () => {
    const only6 = (await createKey(server, owner, { allowed_ips: ['::/0'] })).api_key
    expect((await call(server, 'GET', path, { token: only6 })).body.error.code).toBe('IP_NOT_ALLOWED')
  })

  it('a time without a zone is UTC, as Python writes it; a workspace may be named in capitals', async () => {
    const { body } = await call(server, 'POST', '/api/v2/api-keys', {
      token: owner.token,
      body: { name: 'naive', expires_at: '2999-12-31T23:59:59' },
    })
    expect(body.expires_at).toBe('2999-12-31T23:59:59.000Z')
    const named = await call(server, 'GET', path, { token: key, headers: { 'x-tenant-id': owner.tenantId.toUpperCase() } })
    expect(named.status).toBe(200)
  })

  it('a key whose creator lost rights is told of those that are left', async () => {
    const { api_key } = await createKey(server, owner, { scopes: ['admin', 'files:write'] })
    await server.db.updateTable('memberships').set({ role: 'viewer' }).where('user_id', '=', owner.userId).execute()
    server.deps.changes.apply({ kind: 'user', id: owner.userId })
    const { error } = (await call(server, 'POST', `${path}/batch-delete`, { token: api_key, body: { file_ids: [] } })).body
    expect([error.code, error.details.held]).toEqual(['INSUFFICIENT_PERMISSIONS', ['read']])
    await server.db.updateTable('memberships').set({ role: 'owner' }).where('user_id', '=', owner.userId).execute()
    server.deps.changes.apply({ kind: 'user', id: owner.userId })
  })

  it('S11 answers malformed headers at once and stays up', async () => {
    const queries = () => server.deps.pool.totalCount
    const before = queries()
    for (const header of [
      'Bearer \u00e9\u00e8',
      `Bearer ${'a'.repeat(100_000)}`,
      `Bearer aion_live_${'a'.repeat(38)}`,
      `Bearer ${key.slice(0, -1)}`,
      'Bearer aion_',
    ]) {
      const answer = await withHeader(header)
      expect([header.slice(0, 20), answer.status]).toEqual([header.slice(0, 20), 401])
    }
    for (let round = 0; round < 200; round++) {
      const noise = [...randomBytes(1 + (round % 60))]
        .map((byte) => String.fromCharCode(byte < 0x21 || byte === 0x7f ? 0x21 : byte))
        .join('')
      expect((await withHeader(`Bearer ${noise}`)).status).toBe(401)
    }
    expect(queries()).toBe(before)
    expect(await rawRequest(server.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\0b\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 40[01] /,
    )
    expect((await call(server, 'GET', path, { token: key })).status).toBe(200)
  })

  it('S12 odd spellings of a path are not found, or count like the path itself', async () => {
    for (const odd of [
      '//api/v2/user-files',
      '/api//v2/user-files',
      '/api/v2/user-files/',
      '/API/v2/user-files',
      '/api/v2/%2e/user-files',
      '/api%2Fv2/user-files',
    ])
      expect([
        odd,
        Number(
          /^HTTP\/1\.1 (\d+)/.exec(
            await rawRequest(server.url, `GET ${odd} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
          )?.[1],
        ),
      ]).toEqual([odd, expect.toSatisfy((status: number) => status === 404 || status === 401)])
    const before = Number((await call(server, 'GET', path, { token: key })).headers.get('x-ratelimit-remaining'))
    const spelled = await call(server, 'GET', '/api/v2/user%2Dfiles', { token: key })
    expect([200, 404]).toContain(spelled.status)
    expect(Number(spelled.headers.get('x-ratelimit-remaining'))).toBe(before - 1)
  })

  it('a path that does not exist still tells a key its limits', async () => {
    const answer = await call(server, 'GET', '/api/v2/nothing', { token: key })
    expect([answer.status, answer.body.error.code]).toEqual([404, 'NOT_FOUND'])
    expect(answer.headers.get('x-ratelimit-limit')).toBe('10000')
  })

  it('S05 answers a tenant that is not the caller’s like one that does not exist', async () => {
    const other = await signUp(server)
    for (const token of [key, owner.token]) {
      const foreign = await call(server, 'GET', path, { token, headers: { 'x-tenant-id': other.tenantId } })
      const unknown = await call(server, 'GET', path, {
        token,
        headers: { 'x-tenant-id': '00000000-0000-4000-8000-000000000000' },
      })
      expect([foreign.status, foreign.body.error]).toEqual([404, unknown.body.error])
      expect((await call(server, 'GET', path, { token, headers: { 'x-tenant-id': owner.tenantId } })).status).toBe(200)
    }
  })
})

function rawRequest(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.once('data', (data) => {
      resolve(data.toString('latin1'))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
