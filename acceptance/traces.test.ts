// Traces as a collector gets them: the spans that the guide shows, a caller's trace gone on with, and no secret in any of them.
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server as HttpServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { objects } from './support/backends.ts'
import { call, createKey, download, mailToken, signIn, signUp, storeDocument, succeed } from './support/client.ts'
import { databaseUrlOf } from './support/database.ts'
import { snippets } from './support/documents.ts'
import { type Receiver, type Span, startReceiver, treeOf } from './support/otlp-receiver.ts'
import { startRedis } from './support/redis.ts'
import { relaxed, type Server, startServer, temporaryDirectory } from './support/server.ts'

const guide = 'docs/guide/self-hosting.md'
const cleanups: (() => Promise<unknown>)[] = []
const later = <T extends { close(): Promise<unknown> }>(part: T) => {
  cleanups.push(() => part.close())
  return part
}
async function started(env: Record<string, string>, dataDir?: string): Promise<Server> {
  const server = await startServer({ ...relaxed, OTEL_BSP_SCHEDULE_DELAY: '100', ...env }, dataDir)
  cleanups.push(server.discard)
  return server
}

/** Everything secret or personal that the run was given, by name. */
const secrets = new Map(
  Object.entries({ 'S3 secret': objects.S3_SECRET_ACCESS_KEY ?? '', 'S3 key': objects.S3_ACCESS_KEY_ID ?? '' }),
)
function keep(name: string, secret: string): string {
  expect(secret.length).toBeGreaterThan(7)
  secrets.set(name, secret)
  return secret
}
/** Those that are in `text`, as they are or as bytes are often written. */
function found(text: string): string[] {
  const forms = (secret: string) => {
    const bytes = Buffer.from(secret)
    return [secret, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)]
  }
  return [...secrets].filter(([, secret]) => secret && forms(secret).some((form) => text.includes(form))).map(([name]) => name)
}

let receiver: Receiver
let server: Server
let hook: HttpServer
const delivered: IncomingHttpHeaders[] = []
const called = { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex'), requestId: randomUUID() }
beforeAll(async () => {
  receiver = later(await startReceiver())
  hook = createServer((request, answer) => {
    delivered.push(request.headers)
    request.resume().on('end', () => answer.writeHead(204).end())
  })
  await once(hook.listen(0, '127.0.0.1'), 'listening')
  cleanups.push(async () => hook.close())
  const redis = await startRedis()
  cleanups.push(async () => redis?.kill())
  server = await started({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${keep('collector’s token', 'Otlp-Token-4711')}`,
    AION_OUTBOUND_ALLOW: '127.0.0.1',
    AION_LOG_LEVEL: 'debug',
    ...(redis && { REDIS_URL: redis.url }),
  })
  await journey(server.url)
  await sleep(1_000)
  expect(await server.stop()).toBe(0)
})
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
})

async function journey(url: string): Promise<void> {
  const owner = await signUp(url)
  keep('address', owner.email)
  keep('password', owner.password)
  keep('session', owner.session)
  keep('verification token', owner.token)
  const webhook_url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/${keep('path of the webhook', 'Hook-Token-4711')}`
  await succeed(call(url, 'PATCH', '/api/v2/tenant/settings', { token: owner.session, body: { webhook_url } }))
  keep('webhook secret', (await succeed(call(url, 'GET', '/api/v2/tenant/webhook', { token: owner.session }))).text('secret'))
  const { id, key } = await createKey(url, owner.session, { metadata: { team: keep('metadata', 'the-data-team') } })
  keep('key', key)
  const file = await storeDocument(url, key, Buffer.from(keep('content', 'a note of a certain length')))
  const upload = new URL(file.uploadUrl)
  keep('path of an upload URL', upload.pathname.split('/').slice(-3).join('/'))
  keep('signature of an upload URL', [...upload.searchParams.values()].sort((a, b) => b.length - a.length)[0] ?? '')
  await download(url, key, file.id)
  const traceparent = `00-${called.traceId}-${called.spanId}-01`
  const headers = { traceparent, tracestate: 'vendor=value', 'x-request-id': called.requestId }
  await succeed(call(url, 'GET', `/api/v2/user-files/${keep('id', file.id)}`, { token: key, headers }))
  await call(url, 'GET', `/api/v2/user-files?api_key=${key}`)
  await call(url, 'GET', `/api/v2/${keep('path that there is not', 'Nowhere-4711')}?token=${key}`)
  await call(url, 'GET', '/api/v2/user-files', { token: keep('wrong key', `${key.slice(0, -1)}x`) })
  await call(url, 'GET', '/api/v2/auth/session/me', { headers: { cookie: `aionvision_session=${owner.session}` } })
  const wrong = { email: owner.email, password: keep('wrong password', 'Wrong-Password-4711') }
  await call(url, 'POST', '/api/v2/auth/session/login', { body: wrong })
  await call(url, 'POST', '/api/v2/auth/session/login', { body: { ...wrong, password: [owner.password] } })
  await call(url, 'POST', '/api/v2/auth/session/register', { body: { ...wrong, email: `${owner.email}\u0000` } })
  await succeed(call(url, 'POST', '/api/v2/auth/session/password-reset/request', { body: { email: owner.email } }))
  const reset = keep('reset token', await mailToken(url, owner.email, 'reset-password'))
  await call(url, 'GET', `/api/v2/auth/session/password-reset/validate?token=${reset}`)
  const new_password = keep('new password', 'New-Difference-1847')
  await succeed(call(url, 'POST', '/api/v2/auth/session/password-reset/complete', { body: { token: reset, new_password } }))
  const session = keep('second session', await signIn(url, owner.email, new_password))
  await succeed(call(url, 'DELETE', `/api/v2/api-keys/${id}?reason=done`, { token: session }))
  keep('secret of the installation', readFileSync(join(server.dataDir, 'secret'), 'latin1').trim())
}

const named = (name: string): Span => {
  const span = receiver.spans().find((each) => each.name === name)
  if (!span) throw new Error(`There is no span "${name}"`)
  return span
}

test('no secret, no address, no path and no identifier is in anything that was exported', () => {
  const all = receiver.received.map(({ body }) => body.toString()).join('\n')
  expect(receiver.spans().length).toBeGreaterThan(150)
  expect(secrets.size).toBeGreaterThan(15)
  expect(found(all)).toEqual([])
  expect(found(server.stderr())).not.toContain('collector’s token')
  expect(receiver.received[0]?.headers.authorization).toBe('Bearer Otlp-Token-4711')
  // Of all identifiers only those of requests and of this process.
  const own = receiver
    .spans()
    .flatMap(({ attributes, resource }) => [
      resource['service.instance.id'],
      ...((attributes['http.response.header.x-request-id'] as string[] | undefined) ?? []),
    ])
  const ids = all.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g) ?? []
  expect(ids.filter((id) => !own.includes(id))).toEqual([])
  // Messages of errors quote what was sent.
  expect(all).not.toMatch(/"(exception|client|user|enduser)\.|url\.(path|query|full)/)
})

test(`the spans of a request and of its job are those that ${guide} shows`, () => {
  const spans = receiver.spans()
  const request = named('POST /api/v2/auth/session/password-reset/request')
  const job = spans.find(({ links }) => links.some(({ traceId }) => traceId === request.traceId)) as Span
  expect(`${treeOf(spans, request)}\n\n${treeOf(spans, job)}\n`).toBe(snippets(guide, 'text')[0])
  const above = spans.find(({ spanId }) => spanId === job.links[0]?.spanId)
  expect([above?.spanId, job.kind, job.traceId === request.traceId]).toEqual([request.spanId, 'consumer', false])
})

test('what a span tells is what the conventions name', () => {
  const { port } = new URL(server.url)
  expect(named('POST /api/v2/api-keys')).toMatchObject({
    kind: 'server',
    failed: false,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/api/v2/api-keys',
      'http.response.status_code': 201,
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': Number(port),
    },
    resource: { 'service.name': 'aionvision', 'telemetry.sdk.language': 'nodejs' },
  })
  expect(named('INSERT api_keys')).toMatchObject({
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'INSERT', 'db.collection.name': 'api_keys' },
  })
  expect(named('INSERT api_keys').attributes['db.query.text']).toMatch(/^insert into "api_keys" .*values \(\$1, /)
  const codes = receiver.spans().map(({ attributes }) => attributes['aionvision.error_code'])
  for (const code of ['INVALID_API_KEY', 'INVALID_CREDENTIALS', 'NOT_FOUND', 'VALIDATION_ERROR']) expect(codes).toContain(code)
  // A path that there is not has no route, and nothing else that was made up is in its name.
  expect(named('GET').attributes).toMatchObject({ 'http.response.status_code': 404 })
  if (receiver.spans().some(({ name }) => name === 'EVALSHA'))
    expect(Object.keys(named('EVALSHA').attributes)).toEqual(['db.system.name', 'db.operation.name'])
  if (objects.S3_BUCKET) expect(named('S3/CopyObject')).toMatchObject({ kind: 'client', failed: false })
  expect(receiver.spans().map(({ name }) => name)).not.toContain('GET /healthz')
})

test('a caller’s trace goes on here, and log lines and spans lead to each other', () => {
  const span = receiver.spans().find(({ traceId, kind }) => traceId === called.traceId && kind === 'server') as Span
  expect(span).toMatchObject({ kind: 'server', parentSpanId: called.spanId, traceState: 'vendor=value' })
  expect(span.attributes['http.response.header.x-request-id']).toEqual([called.requestId])
  const lines = server.stderr().split('\n')
  const line = lines.find((text) => text.includes(`"request_id":"${called.requestId}"`)) ?? '{}'
  expect(JSON.parse(line)).toMatchObject({ trace_id: called.traceId, span_id: span.spanId })
})

test('a webhook carries the trace of its delivery to the receiver', () => {
  expect(delivered.length).toBeGreaterThan(0)
  const posts = receiver.spans().filter(({ name, kind }) => name === 'POST' && kind === 'client')
  const carried = posts.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`)
  expect(delivered.map(({ traceparent }) => traceparent).sort()).toEqual(carried.sort())
  expect(posts[0]?.attributes).toMatchObject({ 'server.address': '127.0.0.1', 'http.response.status_code': 204 })
})

test('protobuf, gzip, a name and attributes of the operator’s; each worker exports for itself; passwords in URLs stay here', async () => {
  const collector = later(await startReceiver())
  const below = await started({})
  const database = new URL(databaseUrlOf(below))
  database.password = keep('password of the database', 'Database-Password-4711')
  const smtp = `smtp://mailer:${keep('password of the mail server', 'Smtp-Password-4711')}@127.0.0.1:9`
  const { url, stop } = await started({
    DATABASE_URL: database.href,
    SMTP_URL: smtp,
    AION_WORKERS: '2',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/elsewhere`,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_SERVICE_NAME: 'our-api',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=trial',
    OTEL_PROPAGATORS: 'none',
  })
  const traceparent = `00-${called.traceId}-${called.spanId}-01`
  const email = keep('another address', `person-${randomBytes(8).toString('hex')}@example.com`)
  await succeed(call(url, 'POST', '/api/v2/auth/session/register', { body: { email, password: 'Pw1-4711-4711', name: 'Ada' } }))
  // Connections go to the workers in turn.
  for (let count = 0; count < 8; count++)
    await call(url, 'GET', '/api/v2/plans', { headers: { traceparent, connection: 'close' } })
  await stop()
  const [first] = collector.received
  expect(first?.path).toBe('/elsewhere')
  expect(first?.headers).toMatchObject({ 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' })
  const bytes = collector.received.map(({ body }) => body.toString('latin1')).join('\n')
  for (const text of ['our-api', 'deployment.environment.name', 'GET /api/v2/plans', 'INSERT users'])
    expect(bytes).toContain(text)
  expect(found(bytes)).toEqual([])
  expect(bytes).not.toContain(Buffer.from(called.traceId, 'hex').toString('latin1'))
  const instances = [...bytes.matchAll(/service\.instance\.id.{2,4}?([0-9a-f-]{36})/gs)].map(([, id]) => id)
  expect(new Set(instances).size).toBe(2)
})

test('a collector that says nothing slows no request, takes a bounded number of spans, and holds no stop up', {
  retry: 2,
}, async () => {
  const silent = later(await startReceiver())
  silent.answers = false
  const { url, stop, stderr } = await started({
    OTEL_EXPORTER_OTLP_ENDPOINT: silent.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
    OTEL_BSP_MAX_QUEUE_SIZE: '600',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '200',
  })
  const took: number[] = []
  for (let round = 0; round < 150; round++) {
    const before = performance.now()
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(url, 'GET', '/api/v2/plans')))
    took.push(performance.now() - before)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  }
  expect(took.sort((a, b) => a - b)[75]).toBeLessThan(500)
  while (!stderr().includes('traces do not arrive')) await sleep(100)
  silent.answers = true
  const before = performance.now()
  expect(await stop()).toBe(0)
  expect(performance.now() - before).toBeLessThan(9_000)
  // 3,000 spans were made; what had no room was dropped. The queue, and what was on its way.
  expect(silent.spans().length).toBeLessThanOrEqual(600 + 200)
  const said = stderr()
    .split('\n')
    .filter((line) => line.includes('traces do not arrive'))
  // Once, and once more when a batch that was sent in silence is given up after the first that arrived.
  expect([1, 2]).toContain(said.length)
  for (const line of said) expect(line).not.toContain('trace_id')
})

test.each([
  ['not loaded without an endpoint', {}, false],
  ['loaded with one', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_TRACES_SAMPLER: 'always_off' }, true],
])('OpenTelemetry is %s', async (_, env, loaded) => {
  const coverage = await temporaryDirectory()
  const { url, stop } = await started({ ...env, NODE_V8_COVERAGE: coverage })
  expect((await call(url, 'GET', '/api/v2/plans')).status).toBe(200)
  expect(await stop()).toBe(0)
  const scripts = readdirSync(coverage).map((file) => readFileSync(join(coverage, file), 'utf8'))
  expect(scripts.join('')).toContain('dist/main.js')
  expect(scripts.join('').includes('node_modules/@opentelemetry/')).toBe(loaded)
})
