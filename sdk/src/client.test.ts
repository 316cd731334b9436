import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { Aionvision, AionvisionError, type ErrorCode } from './index.ts'
import { Pace } from './pace.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of closing.splice(0)) await close()
})

/** A server that answers by script; `seen` holds what reached it. */
async function scripted(handler: Handler) {
  const seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = []
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    request.resume().on('end', () => handler(request, response, seen.length))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
const refusal = (code: ErrorCode, details = {}) => ({ error: { code, message: 'Said why.', details }, request_id: 'r-1' })
const client = (baseUrl: string, more = {}) => new Aionvision({ sessionToken: 'ses_x', baseUrl, retryDelay: 1, ...more })

describe('what is tried again', () => {
  it('a read, on 503, 429 and a broken connection, and the answer comes', async () => {
    const { baseUrl, seen } = await scripted((_request, response, count) => {
      if (count === 1) return json(response, 503, refusal('UNAVAILABLE'))
      if (count === 2) return void response.destroy()
      if (count === 3) return json(response, 429, refusal('RATE_LIMIT_ERROR'), { 'retry-after': '0' })
      json(response, 200, { id: 'me' })
    })
    expect(await client(baseUrl).user.profile()).toEqual({ id: 'me' })
    expect(seen).toHaveLength(4)
  })

  it('a read whose connection stalls, or breaks off in the middle of the answer', async () => {
    const { baseUrl, seen } = await scripted((_request, response, count) => {
      if (count === 1) return
      if (count > 2) return void json(response, 200, { id: 'f' })
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '10' }).write('{"id"')
      setTimeout(() => response.destroy(), 10)
    })
    expect(await client(baseUrl, { timeout: 2_000 }).files.get('f')).toEqual({ id: 'f' })
    expect(seen).toHaveLength(3)
  })

  it('not a change, when nobody knows whether it arrived', async () => {
    const { baseUrl, seen } = await scripted((_request, response) => void response.destroy())
    await expect(client(baseUrl).apiKeys.create({ name: 'x' })).rejects.toMatchObject({ code: 'NETWORK_ERROR', status: null })
    expect(seen).toHaveLength(1)
  })

  it('a change that was refused for the limit, as long as Retry-After says', async () => {
    const { baseUrl, seen } = await scripted((_request, response, count) =>
      count === 1 ? json(response, 429, refusal('RATE_LIMIT_ERROR'), { 'retry-after': '1' }) : json(response, 201, { id: 'k' }),
    )
    const began = performance.now()
    expect(await client(baseUrl).apiKeys.create({ name: 'x' })).toEqual({ id: 'k' })
    expect(performance.now() - began).toBeGreaterThanOrEqual(999)
    expect(seen).toHaveLength(2)
  })

  it('nothing that a moment does not change, and never more often than told', async () => {
    const { baseUrl, seen } = await scripted((request, response) =>
      json(
        response,
        request.url?.includes('profile') ? 503 : 404,
        refusal(request.url?.includes('profile') ? 'UNAVAILABLE' : 'NOT_FOUND'),
      ),
    )
    await expect(client(baseUrl).files.get('x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(seen).toHaveLength(1)
    await expect(client(baseUrl, { maxRetries: 2 }).user.profile()).rejects.toMatchObject({ status: 503 })
    expect(seen).toHaveLength(4)
  })
})

describe('errors', () => {
  it('carry code, status, request id, details and the limit', async () => {
    const { baseUrl } = await scripted((_request, response) =>
      json(response, 403, refusal('INSUFFICIENT_PERMISSIONS', { required: ['read'] }), {
        'x-ratelimit-limit': '30',
        'x-ratelimit-remaining': '29',
        'x-ratelimit-reset': '1000',
      }),
    )
    const error = await client(baseUrl)
      .files.get('x')
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(AionvisionError)
    expect(error).toMatchObject({
      code: 'INSUFFICIENT_PERMISSIONS',
      status: 403,
      requestId: 'r-1',
      details: { required: ['read'] },
      rateLimit: { limit: 30, remaining: 29, resetAt: 1_000_000 },
    })
  })

  it('say who gave up: the caller, the clock, or a server that is none of ours', async () => {
    const { baseUrl } = await scripted((request, response) => void (request.url?.includes('plans') && response.end('<html>')))
    await expect(client(baseUrl, { timeout: 50 }).user.profile()).rejects.toMatchObject({ code: 'TIMEOUT' })
    const signal = AbortSignal.timeout(50)
    await expect(client(baseUrl).request('GET', '/api/v2/tenant/policy', { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(client(baseUrl).request('GET', '/api/v2/plans')).rejects.toMatchObject({ code: 'INVALID_RESPONSE' })
  })

  it('narrow on their code', () => {
    expectTypeOf<ErrorCode>().toExtend<string>()
    expectTypeOf<'KEY_LIMIT_REACHED'>().toExtend<ErrorCode>()
    expectTypeOf<'NETWORK_ERROR'>().toExtend<ErrorCode>()
    expectTypeOf<'NO_SUCH_CODE'>().not.toExtend<ErrorCode>()
  })
})

describe('the client', () => {
  it('takes https, or http on this machine, and nothing else', () => {
    for (const baseUrl of ['https://api.example.com', 'http://localhost:3000', 'http://127.0.0.1:1', 'http://[::1]:3000/api/v2'])
      expect(new Aionvision({ apiKey: 'aion_x', baseUrl })).toBeInstanceOf(Aionvision)
    for (const baseUrl of ['http://api.example.com', 'ftp://localhost', 'localhost:3000', ''])
      expect(() => new Aionvision({ apiKey: 'aion_x', baseUrl })).toThrow(AionvisionError)
    expect(() => new Aionvision({ apiKey: 'aion_x\n', baseUrl: 'https://a.example' })).toThrow('copied whole')
  })

  it('reads the environment, and says what is missing', () => {
    const env = { AIONVISION_API_KEY: 'aion_x', AIONVISION_BASE_URL: 'https://a.example', AIONVISION_TIMEOUT: '5' }
    expect(Aionvision.fromEnv(env)).toBeInstanceOf(Aionvision)
    expect(() => Aionvision.fromEnv({})).toThrow('AIONVISION_API_KEY')
    expect(() => Aionvision.fromEnv({ ...env, AIONVISION_TIMEOUT: 'soon' })).toThrow('AIONVISION_TIMEOUT')
  })

  it('names the workspace, sends the credential, and asks an answer it kept whether it changed', async () => {
    const { baseUrl, seen } = await scripted((request, response) =>
      request.headers['if-none-match'] === '"1"'
        ? void response.writeHead(304).end()
        : json(response, 200, { id: 'f' }, { etag: '"1"' }),
    )
    await using aion = client(baseUrl, { tenantId: 't-1', etagCache: true })
    expect(await aion.files.get('f')).toEqual(await aion.files.get('f'))
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer ses_x', 'x-tenant-id': 't-1' })
    expect(seen[1]?.headers['if-none-match']).toBe('"1"')
  })

  it('waits for the copies of an image, and no longer than it may', async () => {
    const states = ['pending', 'processing', 'completed']
    const { baseUrl, seen } = await scripted((_request, response) =>
      json(response, 200, { id: 'f', variant_status: states[Math.min(seen.length, states.length) - 1] }),
    )
    const patient = client(baseUrl, { pollingInterval: 5 })
    expect((await patient.files.ready('f')).variant_status).toBe('completed')
    expect(seen).toHaveLength(3)
    states.splice(0, 3, 'pending')
    const hasty = Aionvision.fromEnv({
      AIONVISION_API_KEY: 'aion_x',
      AIONVISION_BASE_URL: baseUrl,
      AIONVISION_POLLING_INTERVAL: '0.01',
      AIONVISION_POLLING_TIMEOUT: '0.1',
    })
    await expect(hasty.files.ready('f')).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('reads lists to their end, a page at a time', async () => {
    const { baseUrl, seen } = await scripted((request, response) => {
      const offset = Number(new URL(request.url ?? '', 'http://x').searchParams.get('offset'))
      const files = Array.from({ length: Math.min(100, 250 - offset) }, (_, index) => ({ id: String(offset + index) }))
      json(response, 200, { files, total_count: 250, has_more: offset + files.length < 250 })
    })
    const ids: string[] = []
    for await (const file of client(baseUrl).files.list({ tags: ['a', 'b'] })) ids.push(file.id)
    expect(ids).toEqual(Array.from({ length: 250 }, (_, index) => String(index)))
    expect(seen).toHaveLength(3)
    expect(seen[0]?.url).toContain('tags=a&tags=b')
  })
})

describe('the pace', () => {
  it('sends one to learn the limit, then what is left, then waits for the minute: 90 calls at 30 take two minutes and no more', async () => {
    let now = 0
    const sleepers: { at: number; wake: () => void }[] = []
    const pace = new Pace(
      () => now,
      (ms) => new Promise((resolve) => sleepers.push({ at: now + ms, wake: resolve })),
    )
    const admitted: number[] = []
    const call = async () => {
      await pace.enter(new AbortController().signal)
      const recent = admitted.filter((at) => at > now - 60_000).length
      expect(recent).toBeLessThan(30)
      admitted.push(now)
      await Promise.resolve()
      pace.settle({ limit: 30, remaining: 29 - recent, resetAt: now }, null)
    }
    const calls = Promise.all(Array.from({ length: 90 }, call))
    let settled = false
    void calls.then(() => {
      settled = true
    })
    while (!settled) {
      await new Promise((resolve) => setImmediate(resolve))
      const next = sleepers.sort((a, b) => a.at - b.at).shift()
      if (next) {
        now = next.at
        next.wake()
      }
    }
    expect(admitted).toHaveLength(90)
    expect(now).toBeLessThanOrEqual(120_000 * 1.05)
  })
})

it('sends a bucket the headers that were signed and no other, and asks for another URL when it refuses one in XML', async () => {
  const { baseUrl, seen } = await scripted((request, response) => {
    const puts = seen.filter(({ method }) => method === 'PUT').length
    if (request.url?.endsWith('/request-presigned-url'))
      return json(response, 200, {
        upload_url: `${baseUrl}/bucket/${puts}`,
        upload_headers: { 'Content-Type': 'text/plain' },
        object_key: 'documents/t/d/a.txt',
      })
    if (request.url?.endsWith('/confirm')) return json(response, 201, { document_id: 'd' })
    if (puts === 1)
      return response
        .writeHead(403, { 'content-type': 'application/xml' })
        .end('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>')
    response.writeHead(200).end()
  })
  const source = new TextEncoder().encode('hello')
  const uploaded = await client(baseUrl).uploads.upload(source, { filename: 'a.txt', storageTarget: 'custom' })
  expect(uploaded.id).toBe('d')
  expect(seen.map(({ method, url }) => `${method} ${url.split('/').at(-1)}`)).toEqual([
    'POST request-presigned-url',
    'PUT 0',
    'POST request-presigned-url',
    'PUT 1',
    'POST confirm',
  ])
  const { headers } = seen[3] ?? { headers: {} }
  expect(headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '5' })
  // What S3 would read, if it came unsigned, as something that was asked for.
  expect(Object.keys(headers).filter((name) => /^(x-|authorization|cookie|content-(md5|encoding))/.test(name))).toEqual([])
})

it('is under 12 kB for a browser, gzipped', async () => {
  const { outputFiles } = await build({
    entryPoints: [new URL('index.ts', import.meta.url).pathname],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  })
  expect(gzipSync(outputFiles[0]?.contents ?? '').byteLength).toBeLessThan(12_000)
})
