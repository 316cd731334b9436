// One upload from its URL to its file, and everything a PUT, a confirmation and a download can answer.
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { inBucket } from '../../testing/s3.ts'
import { confirm, gif, jpeg, pdf, png, put, request, sha256, upload, webp } from '../../testing/uploads.ts'

const onDisk = it.skipIf(inBucket)

let server: TestServer
let owner: Person
beforeAll(async () => {
  server = await startTestServer()
  owner = await signUp(server)
})
afterAll(() => server?.stop())

it('goes from a key to a file that comes back byte for byte', async () => {
  const { api_key } = await createKey(server, owner)
  const bytes = jpeg(1_048_576)
  const begun = await request(server, { token: api_key }, bytes)
  expect(begun.status).toBe(200)
  expect(begun.body).toMatchObject({
    upload_method: 'PUT',
    upload_fields: null,
    upload_headers: { 'Content-Type': 'image/jpeg' },
    max_size_bytes: 50 * 2 ** 20,
    storage_target: 'default',
    bucket_name: null,
  })
  expect(Date.parse(begun.body.expires_at) - Date.now()).toBeGreaterThan(590_000)
  const sent = await put(begun.body.upload_url, bytes)
  expect(sent.status).toBe(200)
  if (!inBucket) expect(sent.headers.get('etag')).toBe(`"${sha256(bytes)}"`)
  const confirmed = await confirm(server, { token: api_key }, begun.body.object_key, bytes, {
    checksum: `sha256:${sha256(bytes)}`,
  })
  expect(confirmed.status).toBe(200)
  expect(confirmed.body).toEqual({
    upload_id: expect.any(String),
    object_key: begun.body.object_key,
    storage_path: begun.body.object_key,
    confirmed: true,
  })
  const details = await call(server, 'GET', `/api/v2/user-files/${confirmed.body.upload_id}`, { token: api_key })
  expect(details.body).toMatchObject({
    hash: sha256(bytes),
    format: 'jpeg',
    dimensions: { width: 3, height: 2 },
    upload_method: 'presigned',
  })
  const redirect = await call(server, 'GET', `/api/v2/user-files/${confirmed.body.upload_id}/download`, { token: api_key })
  expect(redirect.status).toBe(302)
  const got = await fetch(redirect.headers.get('location') ?? '')
  expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
  expect(got.headers.get('content-type')).toBe('image/jpeg')
  expect(got.headers.get('content-length')).toBe(String(bytes.length))
})

onDisk('bytes that are missing are a 404 that nobody keeps or saves as the file, and a line in the log', async () => {
  const id = await upload(server, owner, gif, { filename: 'gone.gif', content_type: 'image/gif' })
  const { headers } = await call(server, 'GET', `/api/v2/user-files/${id}/download`, { token: owner.token })
  const objects = join(server.dataDir, 'objects')
  await rename(objects, `${objects}-elsewhere`)
  const got = await fetch(headers.get('location') ?? '', { headers: { range: 'bytes=0-3' } })
  await rename(`${objects}-elsewhere`, objects)
  expect([got.status, await got.json()]).toMatchObject([404, { error: { code: 'NOT_FOUND' } }])
  for (const name of ['etag', 'accept-ranges', 'content-disposition', 'content-range']) expect(got.headers.has(name)).toBe(false)
  expect(got.headers.get('cache-control') ?? '').not.toContain('max-age')
  expect(server.logs()).toContain('do all servers see the same objects?')
})

it('tells how far an upload has come', async () => {
  const bytes = jpeg()
  const begun = await request(server, owner, bytes)
  const id = begun.body.object_key.split('/')[2]
  const status = async () => (await call(server, 'GET', `/api/v2/uploads/status/${id}`, { token: owner.token })).body
  expect(await status()).toMatchObject({
    image_id: id,
    tenant_id: owner.tenantId,
    unified_status: 'uploading',
    is_terminal: false,
  })
  await put(begun.body.upload_url, bytes)
  // What goes to a bucket is looked at when it is confirmed, not before.
  expect((await status()).unified_status).toBe(inBucket ? 'uploading' : 'confirming')
  await confirm(server, owner, begun.body.object_key, bytes)
  expect(await status()).toMatchObject({
    unified_status: 'completed',
    is_terminal: true,
    component_statuses: {
      variant_status: expect.stringMatching(/^(pending|processing|failed)$/),
      description_status: null,
      upload_intent_status: null,
      task_intent_status: null,
    },
  })
})

describe('a request', () => {
  it.each([
    ['another type', { content_type: 'image/svg+xml' }, 400, 'UNSUPPORTED_CONTENT_TYPE'],
    ['HTML', { content_type: 'text/html' }, 400, 'UNSUPPORTED_CONTENT_TYPE'],
    ['more than the plan takes', { size_bytes: 50 * 2 ** 20 + 1 }, 413, 'FILE_TOO_LARGE'],
    ['no length', { size_bytes: 0 }, 422, 'VALIDATION_ERROR'],
    ['a path', { filename: '../image.jpg' }, 422, 'VALIDATION_ERROR'],
    ['NUL in the name', { filename: 'a\0.jpg' }, 422, 'VALIDATION_ERROR'],
    ['NUL in the key', { idempotency_key: 'a\0' }, 422, 'VALIDATION_ERROR'],
    ['storage that is not there', { storage_target: 'custom' }, 501, 'STORAGE_NOT_CONFIGURED'],
    ['a storage nobody knows', { storage_target: 'moon' }, 422, 'VALIDATION_ERROR'],
  ])('S34 with %s is refused', async (_what, body, status, code) => {
    const answer = await request(server, owner, jpeg(), body)
    expect([answer.status, answer.body.error.code]).toEqual([status, code])
  })

  onDisk('takes image/jpg for image/jpeg, in the request and in the PUT', async () => {
    const bytes = jpeg()
    const begun = await request(server, owner, bytes, { content_type: 'image/jpg' })
    expect(begun.body.upload_headers).toEqual({ 'Content-Type': 'image/jpeg' })
    expect((await put(begun.body.upload_url, bytes, { 'content-type': 'image/jpg' })).status).toBe(200)
    expect((await confirm(server, owner, begun.body.object_key, bytes, { content_type: 'image/jpg' })).status).toBe(200)
  })

  it.each([
    ['image/png', png, { width: 1, height: 1 }],
    ['image/gif', gif, { width: 1, height: 1 }],
    ['image/webp', webp, { width: 1, height: 1 }],
  ])('takes %s', async (content_type, bytes, dimensions) => {
    const id = await upload(server, owner, bytes, { content_type, filename: 'picture' })
    const details = await call(server, 'GET', `/api/v2/user-files/${id}`, { token: owner.token })
    expect(details.body).toMatchObject({ content_type, dimensions })
  })
})

describe.skipIf(inBucket)('a PUT', () => {
  it('S34 longer than declared is refused, announced or not', async () => {
    const begun = await request(server, owner, jpeg(1_000))
    expect(await put(begun.body.upload_url, jpeg(1_001))).toMatchObject({ status: 413, code: 'FILE_TOO_LARGE' })
    const chunked = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < 2_000; sent += 500) controller.enqueue(new Uint8Array(500))
        controller.close()
      },
    })
    expect(await put(begun.body.upload_url, chunked)).toMatchObject({ status: 413, code: 'FILE_TOO_LARGE' })
    expect((await confirm(server, owner, begun.body.object_key, jpeg(1_000))).body.error.code).toBe('OBJECT_NOT_FOUND')
  })

  it('shorter than declared is refused, announced or not', async () => {
    const begun = await request(server, owner, jpeg(1_000))
    expect(await put(begun.body.upload_url, jpeg(999))).toMatchObject({ status: 400, code: 'UPLOAD_MISMATCH' })
    expect(await put(begun.body.upload_url, new Blob([new Uint8Array(10)]).stream())).toMatchObject({
      status: 400,
      code: 'UPLOAD_MISMATCH',
    })
    expect(await put(begun.body.upload_url, Buffer.alloc(0))).toMatchObject({ status: 400, code: 'UPLOAD_MISMATCH' })
  })

  it('that breaks off leaves nothing behind and no error in the log', async () => {
    const begun = await request(server, owner, jpeg(1_000))
    const leaving = new AbortController()
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(500)) })
    const sent = fetch(begun.body.upload_url, {
      method: 'PUT',
      headers: { 'content-type': 'image/jpeg' },
      body,
      duplex: 'half',
      signal: leaving.signal,
    } as RequestInit)
    const drafts = () => readdir(join(server.dataDir, 'objects', 'incoming'))
    await expect.poll(drafts).toHaveLength(1)
    leaving.abort()
    await expect(sent).rejects.toThrow()
    await expect.poll(drafts).toHaveLength(0)
    expect(server.logs()).not.toContain('"level":50')
    expect((await put(begun.body.upload_url, jpeg(1_000))).status).toBe(200)
  })

  it('S34 of another type is refused', async () => {
    const bytes = jpeg()
    const begun = await request(server, owner, bytes)
    for (const type of ['image/png', 'text/html', 'application/json'])
      expect(await put(begun.body.upload_url, bytes, { 'content-type': type })).toMatchObject({
        status: 415,
        code: 'UNSUPPORTED_MEDIA_TYPE',
      })
  })

  it('S34 with a URL that was changed is refused', async () => {
    const begun = await request(server, owner, jpeg(10))
    const url: string = begun.body.upload_url
    for (const changed of [
      url.replace('size=10', 'size=11'),
      url.replace('image%2Fjpeg', 'text%2Fhtml'),
      url.replace('image.jpg', 'other.jpg'),
      url.replace(/expires=(\d+)/, (_, at) => `expires=${Number(at) + 3_600}`),
      url.replace(/signature=.{4}/, 'signature=AAAA'),
      url.split('?')[0] ?? '',
    ])
      expect(await put(changed, jpeg(10))).toMatchObject({ status: 403, code: 'INVALID_SIGNATURE' })
    expect((await fetch(url)).status).toBe(403)
  })

  it('may be repeated until the confirmation, and then no more', async () => {
    const [first, second] = [jpeg(600), jpeg(600)]
    const begun = await request(server, owner, first)
    expect((await put(begun.body.upload_url, first)).status).toBe(200)
    expect((await put(begun.body.upload_url, second)).status).toBe(200)
    const confirmed = await confirm(server, owner, begun.body.object_key, second, { checksum: sha256(second) })
    expect(confirmed.status).toBe(200)
    expect(await put(begun.body.upload_url, first)).toMatchObject({ status: 409, code: 'ALREADY_CONFIRMED' })
    const details = await call(server, 'GET', `/api/v2/user-files/${confirmed.body.upload_id}`, { token: owner.token })
    expect(details.body.hash).toBe(sha256(second))
  })

  it('waits its turn when the plan has as many in flight as it takes', async () => {
    const crowded = await startTestServer({ env: { AION_PLAN_OVERRIDES: '{"starter":{"concurrentUploads":2}}' } })
    try {
      const person = await signUp(crowded)
      const begun = await Promise.all([1, 2, 3].map(() => request(crowded, person, jpeg(100))))
      const urls = begun.map((answer) => answer.body.upload_url)
      const open: ReadableStreamDefaultController[] = []
      const slow = () => new ReadableStream({ start: (controller) => void open.push(controller) })
      const held = urls.slice(0, 2).map((url) => put(url, slow()))
      for (const controller of open) controller.enqueue(new Uint8Array(50))
      // Both are in flight once their drafts are on the disk; only then is the third one too many.
      const drafts = () => readdir(join(crowded.dataDir, 'objects', 'incoming')).catch(() => [])
      await expect.poll(async () => (await drafts()).length, { timeout: 30_000 }).toBe(2)
      expect(await put(urls[2], jpeg(100))).toMatchObject({ code: 'CONCURRENT_UPLOAD_LIMIT' })
      for (const controller of open) {
        controller.enqueue(new Uint8Array(50))
        controller.close()
      }
      expect((await Promise.all(held)).map((answer) => answer.status)).toEqual([200, 200])
      expect((await put(urls[2], jpeg(100))).status).toBe(200)
    } finally {
      await crowded.stop()
    }
  })
})

describe('a download', () => {
  const urlOf = async (id: string) =>
    (await call(server, 'GET', `/api/v2/user-files/${id}/download`, { token: owner.token })).headers.get('location') ?? ''

  onDisk('S34 cannot run in a browser on our origin', async () => {
    const url = await urlOf(await upload(server, owner, jpeg(), { filename: 'Größe "1".jpg' }))
    const { headers } = await fetch(url)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="Gr__e _1_.jpg"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.jpg`,
    )
    expect(headers.get('content-security-policy')).toContain('sandbox')
    expect(headers.get('cache-control')).toMatch(/^private, max-age=\d+$/)
  })

  onDisk('gives parts, spares copies that are held, and answers HEAD', async () => {
    const bytes = jpeg(100_000)
    const url = await urlOf(await upload(server, owner, bytes))
    const part = await fetch(url, { headers: { range: 'bytes=10-19' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe('bytes 10-19/100000')
    expect(part.headers.get('content-length')).toBe('10')
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true)
    const tail = await fetch(url, { headers: { range: 'bytes=-5' } })
    expect(Buffer.from(await tail.arrayBuffer()).equals(bytes.subarray(-5))).toBe(true)
    const beyond = await fetch(url, { headers: { range: 'bytes=100000-' } })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */100000'])
    const etag = part.headers.get('etag') ?? ''
    expect(etag).toBe(`"${sha256(bytes)}"`)
    expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await fetch(url, { headers: { range: 'bytes=0-1', 'if-range': '"old"' } })).status).toBe(200)
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, '100000', etag])
  })
})

it('refuses documents here and images there', async () => {
  const document = await request(server, owner, pdf, { content_type: 'application/pdf', filename: 'a.pdf' })
  expect(document.body.error.code).toBe('UNSUPPORTED_CONTENT_TYPE')
  const image = await request(server, owner, jpeg(), {}, 'document-uploads')
  expect(image.body.error.code).toBe('UNSUPPORTED_CONTENT_TYPE')
})
