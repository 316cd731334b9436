// Events at the workspace's own address: signed, tried again, and never sent into this server's own network.
import { createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { call, createKey, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { attemptsMax, delayAfter } from './webhook-sender.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const hourMs = 3_600_000
const clock = fakeClock()
let server: TestServer
let receiver: Server
let address: string
let received: Received[] = []
let answer: (request: Received) => number | null = () => 204

beforeAll(async () => {
  receiver = createServer(async (request, reply) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const message = { headers: request.headers, body: Buffer.concat(chunks).toString() }
    received.push(message)
    const status = answer(message)
    if (status !== null)
      reply.writeHead(status, status === 302 ? { location: `${address}/elsewhere` } : {}).end('x'.repeat(5_000))
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  server = await startTestServer({ clock, env: { AION_OUTBOUND_ALLOW: '127.0.0.1/32' } })
})
afterAll(async () => {
  receiver.closeAllConnections()
  receiver.close()
  await server.stop()
})
afterEach(() => {
  received = []
  answer = () => 204
})

async function until<T>(ready: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + 45_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await ready()
    if (found) return found
    if (Date.now() > deadline) throw new Error('it did not happen in time')
  }
}

async function withWebhook(url: string | null = `${address}/hook`): Promise<Person> {
  const person = await signUp(server)
  await setUrl(person, url)
  return person
}

async function setUrl(person: Person, webhook_url: string | null): Promise<void> {
  clock.advance(1)
  await server.db
    .updateTable('tenants')
    .set({ webhook_url, updated_at: new Date(clock.now()) })
    .where('id', '=', person.tenantId)
    .execute()
}

/** As if the person had just proved who they are. */
async function freshen({ userId }: Person): Promise<void> {
  const at = new Date(clock.now())
  await server.db
    .updateTable('sessions')
    .set({ authenticated_at: at, last_accessed_at: at })
    .where('user_id', '=', userId)
    .execute()
  server.deps.changes.apply({ kind: 'user', id: userId })
}

const get = (path: string, person: Person) => call(server, 'GET', `/api/v2/tenant/${path}`, { token: person.token })
const ofTenant = (person: Person) => received.filter(({ body }) => JSON.parse(body).data.tenant_id === person.tenantId)
const deliveriesOf = async (person: Person) => (await get('webhook-deliveries', person)).body.deliveries
const settled = (person: Person, status: string) =>
  until(async () => {
    const [newest] = await deliveriesOf(person)
    return newest?.status === status && newest
  })

/** And its outcome is written: while an attempt is under way a delivery is due again after its lease of a minute. */
const refused = (person: Person, attempts: number) =>
  until(async () => {
    const [newest] = await deliveriesOf(person)
    const written = newest?.error && Date.parse(newest.next_attempt_at) < clock.now() + 30_000
    return written && newest.status === 'pending' && newest.attempts === attempts && newest
  })

/** What a receiver does, by Standard Webhooks. */
function verify(secret: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(expected)
}

test('an event arrives once, signed, with the entry of the trail; nothing from before the address was set', async () => {
  const ada = await withWebhook()
  const { id } = await createKey(server, ada, { name: 'nightly' })
  const delivery = await settled(ada, 'delivered')
  const [message, ...more] = ofTenant(ada)
  if (!message) throw new Error('nothing arrived')
  expect(more).toEqual([])
  const { secret, url, events } = (await get('webhook', ada)).body
  expect(url).toBe(`${address}/hook`)
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(events).toContain('api_key.*')
  expect(verify(secret, message)).toBe(true)
  expect(verify(secret, { ...message, body: `${message.body} ` })).toBe(false)
  expect(message.headers['content-type']).toBe('application/json')
  expect(Number(message.headers['webhook-timestamp'])).toBe(Math.floor(clock.now() / 1000))
  const body = JSON.parse(message.body)
  expect(body).toMatchObject({
    type: 'api_key.created',
    data: { tenant_id: ada.tenantId, resource_id: id, metadata: { name: 'nightly' } },
  })
  const entry = (await get(`audit-logs/${message.headers['webhook-id']}`, ada)).body
  expect(body.data).toEqual({ tenant_id: ada.tenantId, ...entry })
  expect(delivery).toMatchObject({
    event_id: entry.id,
    event_type: 'api_key.created',
    attempts: 1,
    response_status: 204,
    error: null,
  })
})

test('many at once, on two servers, arrive once each', async () => {
  const ada = await withWebhook()
  const other = await startTestServer({ clock, beside: server, env: { AION_OUTBOUND_ALLOW: '127.0.0.1' } })
  for (let count = 0; count < 8; count++) await createKey(server, ada)
  await until(async () => {
    const deliveries = await deliveriesOf(ada)
    return deliveries.length === 8 && deliveries.every(({ status }: { status: string }) => status === 'delivered')
  })
  await other.stop()
  const ids = ofTenant(ada).map(({ headers }) => headers['webhook-id'])
  expect(ids).toHaveLength(8)
  expect(new Set(ids).size).toBe(8)
})

describe('a receiver that does not take it', () => {
  test('is tried again, longer and longer, with the same id and a new signature, until it does', async () => {
    const ada = await withWebhook()
    let refusals = 2
    answer = () => (refusals-- > 0 ? 500 : 200)
    await createKey(server, ada)
    for (const passed of [1, 2]) {
      const tried = await refused(ada, passed)
      expect(tried).toMatchObject({ response_status: 500, error: 'answered 500', delivered_at: null })
      expect(Date.parse(tried.next_attempt_at)).toBeGreaterThan(clock.now())
      clock.advance(Date.parse(tried.next_attempt_at) - clock.now() + 1)
    }
    expect(await settled(ada, 'delivered')).toMatchObject({ attempts: 3 })
    const messages = ofTenant(ada)
    expect(new Set(messages.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(messages.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3)
    await freshen(ada)
    const { secret } = (await get('webhook', ada)).body
    for (const message of messages) expect(verify(secret, message)).toBe(true)
  })

  test('is given up after about a day', async () => {
    const delays = Array.from({ length: attemptsMax - 1 }, (_, index) => index + 1)
    const sum = (jitter: number) => delays.reduce((total, attempts) => total + delayAfter(attempts, jitter), 0)
    expect(sum(0) / hourMs).toBeGreaterThan(20)
    expect(sum(1) / hourMs).toBeLessThan(27)
    expect(delayAfter(2, 0.5)).toBe(4 * delayAfter(1, 0.5))
    const ada = await withWebhook()
    answer = () => 503
    await createKey(server, ada)
    await refused(ada, 1)
    await server.db
      .updateTable('webhook_deliveries')
      .set({ attempts: attemptsMax - 1 })
      .where('tenant_id', '=', ada.tenantId)
      .execute()
    clock.advance(hourMs)
    expect(await settled(ada, 'failed')).toMatchObject({ attempts: attemptsMax, error: 'answered 503', next_attempt_at: null })
  })

  test('that says 410 is not asked again', async () => {
    const ada = await withWebhook()
    answer = () => 410
    await createKey(server, ada)
    expect(await settled(ada, 'failed')).toMatchObject({ attempts: 1, response_status: 410 })
  })

  test('holds nobody else up', async () => {
    const [slow, quick] = [await withWebhook(), await withWebhook()]
    answer = ({ body }) => (JSON.parse(body).data.tenant_id === slow.tenantId ? null : 204)
    for (let count = 0; count < 9; count++) await createKey(server, slow)
    await until(async () => ofTenant(slow).length >= 4)
    await createKey(server, quick)
    await settled(quick, 'delivered')
    // Four hang; an attempt is given up after ten seconds, and only then comes a fifth.
    expect(ofTenant(slow).length).toBeLessThanOrEqual(8)
    receiver.closeAllConnections()
  })
})

describe('S33 an address inside', () => {
  test.each(['http://localhost/', 'https://10.0.0.1/', 'https://[::ffff:10.0.0.1]/', 'http://0xa9fea9fe/latest/meta-data'])(
    '%s is not called',
    async (url) => {
      const ada = await withWebhook(url)
      await createKey(server, ada)
      const { error, response_status } = await settled(ada, 'failed')
      expect(error).toMatch(/public internet/)
      expect(response_status).toBeNull()
    },
  )

  test('a redirect is a refusal, and is not followed', async () => {
    const ada = await withWebhook()
    answer = () => 302
    await createKey(server, ada)
    await until(async () => ofTenant(ada).length === 1 && (await deliveriesOf(ada))[0].error === 'answered 302')
    expect(received).toHaveLength(1)
  })
})

test('an address removed ends what is pending; one set later begins anew', async () => {
  const ada = await withWebhook()
  answer = () => 500
  await createKey(server, ada)
  await until(async () => (await deliveriesOf(ada))[0]?.error)
  await setUrl(ada, null)
  clock.advance(hourMs)
  expect(await settled(ada, 'failed')).toMatchObject({ error: 'the workspace has no webhook_url any more' })
  await freshen(ada)
  await createKey(server, ada, { name: 'unheard' })
  await until(
    async () =>
      (await server.db.selectFrom('webhook_cursors').select('sequence').where('tenant_id', '=', ada.tenantId).execute())
        .length === 0,
  )
  received = []
  answer = () => 204
  await setUrl(ada, `${address}/again`)
  await createKey(server, ada, { name: 'heard' })
  await settled(ada, 'delivered')
  expect(ofTenant(ada).map(({ body }) => JSON.parse(body).data.metadata.name)).toEqual(['heard'])
})

test('a rotated secret and the one before both sign for a day', async () => {
  const ada = await withWebhook()
  const before = (await get('webhook', ada)).body
  expect(before.previous_secret_until).toBeNull()
  const rotated = await call(server, 'POST', '/api/v2/tenant/webhook/rotate-secret', { token: ada.token })
  expect(rotated.status).toBe(200)
  expect(rotated.body.secret).not.toBe(before.secret)
  await settled(ada, 'delivered')
  const [message] = ofTenant(ada)
  if (!message) throw new Error('nothing arrived')
  expect(JSON.parse(message.body).type).toBe('tenant.webhook_secret_rotated')
  expect([verify(before.secret, message), verify(rotated.body.secret, message)]).toEqual([true, true])
  clock.advance(25 * hourMs)
  await freshen(ada)
  const { id } = (await deliveriesOf(ada))[0]
  received = []
  const again = await call(server, 'POST', `/api/v2/tenant/webhook-deliveries/${id}/resend`, { token: ada.token })
  expect(again.body).toMatchObject({ id, status: 'pending', attempts: 0 })
  await settled(ada, 'delivered')
  const [resent] = ofTenant(ada)
  if (!resent) throw new Error('nothing arrived')
  expect(resent.headers['webhook-id']).toBe(message.headers['webhook-id'])
  expect([verify(before.secret, resent), verify(rotated.body.secret, resent)]).toEqual([false, true])
})

test('the secret asks for a fresh proof; deliveries of another workspace are not found', async () => {
  const [ada, bob] = [await withWebhook(), await withWebhook()]
  await createKey(server, ada)
  const { id } = await settled(ada, 'delivered')
  for (const wrong of [id, randomUUID(), 'x'])
    expect((await call(server, 'POST', `/api/v2/tenant/webhook-deliveries/${wrong}/resend`, { token: bob.token })).status).toBe(
      404,
    )
  expect((await get('webhook-deliveries?limit=1', ada)).body).toMatchObject({ total_count: 1, has_more: false })
  expect((await get('webhook-deliveries?status=failed', ada)).body.deliveries).toEqual([])
  expect((await get('webhook-deliveries?limit=101', ada)).status).toBe(422)
  clock.advance(16 * 60_000)
  const stale = await get('webhook', ada)
  expect([stale.status, stale.body.error.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED'])
})
