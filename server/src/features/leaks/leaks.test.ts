// A key found in public: reported by anybody or by a signing partner, it dies once, and those concerned are told.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, createKey, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { generateKey } from '../api-keys/key-format.ts'

const clock = fakeClock()
let server: TestServer
let keysServer: Server
let published: { key_identifier: string; key: string; is_current?: boolean }[] = []
let keysRead = 0
let keysStatus = 200

beforeAll(async () => {
  keysServer = createServer((_request, answer) => {
    keysRead++
    answer.writeHead(keysStatus, { 'content-type': 'application/json' }).end(JSON.stringify({ public_keys: published }))
  })
  await new Promise<void>((resolve) => keysServer.listen(0, '127.0.0.1', resolve))
  const { port } = keysServer.address() as AddressInfo
  server = await startTestServer({
    clock,
    env: { AION_SECRET_SCANNING_KEYS_URL: `http://127.0.0.1:${port}/keys`, AION_TRUSTED_PROXIES: '127.0.0.1' },
  })
})
afterAll(async () => {
  await server.stop()
  keysServer.close()
})

let addresses = 0
/** Each report comes from another client, so that no limit stands in the way. */
const report = (body: object, address = `192.0.2.${++addresses}`) =>
  call(server, 'POST', '/api/v2/keys/report-leak', { body, headers: { 'x-forwarded-for': address } })
const statusOf = async (key: string) =>
  (await call(server, 'GET', '/api/v2/user-files', { token: key })).body?.error?.code ?? 'alive'

async function until(ready: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await ready()); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > deadline) throw new Error('it did not happen in time')
}

const eventsOf = (person: Person, keyId: string) =>
  server.db
    .selectFrom('audit_events')
    .selectAll()
    .where('tenant_id', '=', person.tenantId)
    .where('api_key_id', '=', keyId)
    .where('event_type', 'in', ['api_key.deleted', 'security.suspicious_activity'])
    .orderBy('sequence')
    .execute()

describe('report-leak', () => {
  test('revokes the key, writes the trail and mails owner and admins, once', async () => {
    const [ada, admin, viewer] = [await signUp(server), await signUp(server), await signUp(server)]
    for (const [person, role] of [
      [admin, 'admin'],
      [viewer, 'viewer'],
    ] as const)
      await server.db
        .insertInto('memberships')
        .values({ tenant_id: ada.tenantId, user_id: person.userId, role, joined_at: new Date() })
        .execute()
    const { id, api_key } = await createKey(server, ada, { name: 'nightly\r\nBcc: x' })
    expect(await statusOf(api_key)).toBe('alive')
    for (let times = 0; times < 2; times++)
      expect((await report({ api_key, url: 'https://gist.example.com/1', source: 'gist' })).status).toBe(202)
    await until(async () => (await statusOf(api_key)) === 'REVOKED_API_KEY')
    for (const person of [ada, admin]) {
      const [mail] = (await server.mail.to(person.email, 2)).filter(({ subject }) => subject.includes('found in public'))
      expect(mail?.text).toContain('The key "nightly Bcc: x"')
      expect(mail?.text).not.toContain('gist')
      expect(mail?.text).not.toContain(api_key)
    }
    const events = await eventsOf(ada, id)
    expect(events.map(({ event_type }) => event_type)).toEqual(['security.suspicious_activity', 'api_key.deleted'])
    expect(events[0]).toMatchObject({
      severity: 'critical',
      resource_id: id,
      metadata: { reason: 'leaked', reported_by: 'report', source: 'gist', url: 'https://gist.example.com/1' },
    })
    const listed = await call(server, 'GET', `/api/v2/api-keys/${id}`, { token: ada.token })
    expect(listed.body.metadata.deactivation_reason).toBe('leaked')
    await server.mail.to(ada.email, 2)
    expect((await server.mail.to(viewer.email)).filter(({ subject }) => subject.includes('found in public'))).toEqual([])
    expect(server.logs()).not.toContain(api_key)
  })

  test('answers the same, with the same work, whether the key exists, existed or never did', async () => {
    const ada = await signUp(server)
    const [alive, dead] = [await createKey(server, ada), await createKey(server, ada)]
    await call(server, 'DELETE', `/api/v2/api-keys/${dead.id}`, { token: ada.token })
    const answers = []
    for (const api_key of [alive.api_key, dead.api_key, generateKey('live'), `${generateKey('live').slice(0, -1)}_`, 'hello']) {
      const { status, text, headers } = await report({ api_key })
      answers.push([status, text, [...headers.keys()].sort().join()])
    }
    expect(new Set(answers.map(String)).size).toBe(1)
    expect(answers[0]?.[0]).toBe(202)
  })

  test('ten a minute per client', async () => {
    const statuses = []
    for (let times = 0; times < 11; times++) statuses.push((await report({ api_key: 'x' }, '198.51.100.7')).status)
    expect(statuses).toEqual([...Array(10).fill(202), 429])
    expect((await report({ api_key: 'x' }, '198.51.100.8')).status).toBe(202)
    clock.advance(60_000)
    expect((await report({ api_key: 'x' }, '198.51.100.7')).status).toBe(202)
  })

  test.each([
    {},
    { api_key: '' },
    { api_key: 1 },
    { api_key: 'x'.repeat(513) },
    { api_key: 'x', url: 5 },
    { api_key: 'x', url: '\0' },
  ])('%j is a 422', async (body) => {
    expect((await report(body)).status).toBe(422)
  })
})

interface Signer {
  readonly identifier: string
  readonly privateKey: KeyObject
}

function newSigner(identifier: string, curve = 'prime256v1'): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
  published.push({
    key_identifier: identifier,
    key: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    is_current: true,
  })
  return { identifier, privateKey }
}

function scan(items: unknown, { identifier, privateKey }: Signer, tampered?: { body?: string; signature?: string }) {
  const body = typeof items === 'string' ? items : JSON.stringify(items)
  return call(server, 'POST', '/api/v2/webhooks/secret-scanning', {
    body: tampered?.body ?? body,
    headers: {
      'github-public-key-identifier': identifier,
      'github-public-key-signature': tampered?.signature ?? sign('sha256', Buffer.from(body), privateKey).toString('base64'),
    },
  })
}

const item = (token: string) => ({ token, type: 'aionvision_api_key', url: 'https://example.com/blob', source: 'commit' })
const base64 = (text: string) => createHash('sha256').update(text).digest('base64')

describe('S39 secret scanning', () => {
  let github: Signer
  beforeAll(() => {
    github = newSigner('first')
    clock.advance(60_000)
  })

  test('each key of ours is revoked before the answer, which labels every item', async () => {
    const ada = await signUp(server)
    const keys = [await createKey(server, ada), await createKey(server, ada)]
    const stranger = generateKey('live')
    const [one, two] = keys.map(({ api_key }) => api_key)
    const { status, body } = await scan([item(one ?? ''), item(stranger), item(two ?? '')], github)
    expect(status).toBe(200)
    expect(body).toEqual([
      { token_hash: base64(one ?? ''), token_type: 'aionvision_api_key', label: 'true_positive' },
      { token_hash: base64(stranger), token_type: 'aionvision_api_key', label: 'false_positive' },
      { token_hash: base64(two ?? ''), token_type: 'aionvision_api_key', label: 'true_positive' },
    ])
    for (const { id, api_key } of keys) {
      expect(await statusOf(api_key)).toBe('REVOKED_API_KEY')
      expect(await eventsOf(ada, id)).toHaveLength(2)
      expect((await eventsOf(ada, id))[0]?.metadata).toMatchObject({ reported_by: 'secret-scanning', source: 'commit' })
    }
  })

  test('a replay says the same and does nothing', async () => {
    const ada = await signUp(server)
    const { id, api_key } = await createKey(server, ada)
    const answers = await Promise.all(Array.from({ length: 5 }, () => scan([item(api_key), item(api_key)], github)))
    for (const { status, body } of answers)
      expect([status, body[0].label, body[1].label]).toEqual([200, 'true_positive', 'true_positive'])
    expect(await eventsOf(ada, id)).toHaveLength(2)
    const mails = (await server.mail.to(ada.email, 2)).filter(({ subject }) => subject.includes('found in public'))
    expect(mails).toHaveLength(1)
  })

  test('a thousand items with bad ones among them: the batch goes on', async () => {
    const ada = await signUp(server)
    const { api_key } = await createKey(server, ada)
    const bad = [null, 5, 'text', [], {}, { token: 7 }, { token: 'x'.repeat(100_000) }, { token: `${api_key} ` }]
    const items = [...bad, ...Array.from({ length: 991 }, () => item(generateKey('live'))), item(api_key)]
    const { status, body } = await scan(items, github)
    expect(status).toBe(200)
    expect(body).toHaveLength(1_000)
    expect(body.filter(({ label }: { label: string }) => label === 'true_positive')).toHaveLength(1)
    expect(body[0]).toEqual({ token_hash: null, token_type: null, label: 'false_positive' })
    expect(await statusOf(api_key)).toBe('REVOKED_API_KEY')
    expect((await scan([...items, item('x')], github)).status).toBe(422)
  })

  test('unsigned, wrongly signed, altered, or signed with a key that is not in use: refused, and nothing happens', async () => {
    const ada = await signUp(server)
    const { api_key } = await createKey(server, ada)
    const items = [item(api_key)]
    const stranger: Signer = { ...github, privateKey: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey }
    const old = newSigner('old')
    published = published.map((key) => (key.key_identifier === 'old' ? { ...key, is_current: false } : key))
    const otherCurve = newSigner('curve', 'secp384r1')
    clock.advance(60_000)
    const refused = [
      await call(server, 'POST', '/api/v2/webhooks/secret-scanning', { body: items }),
      await scan(items, github, { signature: '' }),
      await scan(items, github, { signature: 'AAAA' }),
      await scan(items, github, { body: `${JSON.stringify(items)} ` }),
      await scan(items, stranger),
      await scan(items, { ...github, identifier: 'unknown' }),
      await scan(items, old),
      await scan(items, otherCurve),
    ]
    for (const { status, body } of refused) expect([status, body.error.code]).toEqual([403, 'INVALID_SIGNATURE'])
    expect(await statusOf(api_key)).toBe('alive')
  })

  test('signed, but no list: 422; too large: 413', async () => {
    for (const body of ['{}', 'null', '[', '"x"']) expect([body, (await scan(body, github)).status]).toEqual([body, 422])
    expect((await scan(JSON.stringify([item('x'.repeat(1_100_000))]), github)).status).toBe(413)
  })

  test('unknown keys are asked for once a minute, withdrawn ones forgotten within the hour', async () => {
    clock.advance(60_000)
    const before = keysRead
    for (let times = 0; times < 5; times++) await scan([], { ...github, identifier: `unknown-${times}` })
    expect(keysRead - before).toBe(1)
    const fresh = newSigner('fresh')
    expect((await scan([], fresh)).status).toBe(403)
    clock.advance(60_000)
    expect((await scan([], fresh)).status).toBe(200)
    published = published.filter((key) => key.key_identifier !== 'fresh')
    clock.advance(3_600_000)
    expect((await scan([], fresh)).status).toBe(403)
  })

  test('while the list cannot be read, known keys hold', async () => {
    expect((await scan([], github)).status).toBe(200)
    keysStatus = 500
    clock.advance(3_600_000)
    expect((await scan([], github)).status).toBe(200)
    keysStatus = 200
    clock.advance(60_000)
  })

  test('a server that never read the list asks to be told again, and one without the setting says so', async () => {
    keysStatus = 500
    const { port } = keysServer.address() as AddressInfo
    const blind = await startTestServer({ beside: server, env: { AION_SECRET_SCANNING_KEYS_URL: `http://127.0.0.1:${port}/` } })
    const plain = await startTestServer({ beside: server })
    const headers = { 'github-public-key-identifier': 'first', 'github-public-key-signature': 'AAAA' }
    const path = '/api/v2/webhooks/secret-scanning'
    expect((await call(blind, 'POST', path, { body: [], headers })).status).toBe(503)
    const answer = await call(plain, 'POST', path, { body: [], headers })
    expect([answer.status, answer.body.error.code]).toEqual([501, 'SECRET_SCANNING_NOT_CONFIGURED'])
    await Promise.all([blind.stop(), plain.stop()])
    keysStatus = 200
  })
})
