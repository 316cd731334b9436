// Uploads whose bytes go to an S3 store, past this server: what its URLs refuse, what a confirmation does, and what happens when it is gone.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { testS3 } from '../../testing/s3.ts'
import { confirm, jpeg, request, sha256, upload } from '../../testing/uploads.ts'

let server: TestServer
let owner: Person
const s3 = testS3()

const type = { 'content-type': 'image/jpeg' }
async function send(url: string, bytes: Buffer, headers: Record<string, string> = type): Promise<[number, string | undefined]> {
  const answer = await fetch(url, { method: 'PUT', headers, body: bytes })
  return [answer.status, /<Code>(\w+)/.exec(await answer.text())?.[1]]
}

describe.skipIf(!s3)('in a bucket (AION_TEST_S3_ENDPOINT)', () => {
  beforeAll(async () => {
    server = await startTestServer()
    owner = await signUp(server)
  })
  afterAll(() => server?.stop())

  it('S34 the store refuses a URL that was changed, another type, and no signature', async () => {
    const bytes = jpeg(600)
    const { upload_url: url, upload_headers } = (await request(server, owner, bytes)).body
    expect(upload_headers).toEqual({ 'Content-Type': 'image/jpeg' })
    expect(new URL(url).origin).toBe(s3?.endpoint)
    expect(await send(url.replace(/Signature=.{4}/, 'Signature=abcd'), bytes)).toEqual([403, 'SignatureDoesNotMatch'])
    expect(await send(url.replace('Expires=600', 'Expires=86400'), bytes)).toEqual([403, 'SignatureDoesNotMatch'])
    expect(await send(url.replace('image.jpg', 'other.jpg'), bytes)).toEqual([403, 'SignatureDoesNotMatch'])
    expect(await send(url, bytes, { 'content-type': 'text/html' })).toEqual([403, 'SignatureDoesNotMatch'])
    expect((await send(url.split('?')[0] ?? '', bytes))[0]).toBe(403)
    expect((await fetch(url)).status).toBe(403)
    expect(await send(url, bytes)).toEqual([200, undefined])
  })

  it('S34 more than was declared is deleted and refused, less is refused', async () => {
    const begun = (await request(server, owner, jpeg(600))).body
    expect((await send(begun.upload_url, jpeg(601)))[0]).toBe(200)
    const long = await confirm(server, owner, begun.object_key, jpeg(600))
    expect([long.status, long.body.error.code]).toEqual([413, 'FILE_TOO_LARGE'])
    expect((await confirm(server, owner, begun.object_key, jpeg(600))).body.error.code).toBe('OBJECT_NOT_FOUND')
    expect((await send(begun.upload_url, jpeg(599)))[0]).toBe(200)
    expect((await confirm(server, owner, begun.object_key, jpeg(600))).body.error.code).toBe('UPLOAD_MISMATCH')
    const bytes = jpeg(600)
    expect((await send(begun.upload_url, bytes))[0]).toBe(200)
    expect((await confirm(server, owner, begun.object_key, bytes, { checksum: sha256(bytes) })).status).toBe(200)
  })

  it('S34 a PUT after the confirmation changes nothing', async () => {
    const [first, second] = [jpeg(600), jpeg(600)]
    const begun = (await request(server, owner, first)).body
    await send(begun.upload_url, first)
    const { upload_id } = (await confirm(server, owner, begun.object_key, first)).body
    expect((await send(begun.upload_url, second))[0]).toBe(200)
    expect((await confirm(server, owner, begun.object_key, first)).body.upload_id).toBe(upload_id)
    const details = await call(server, 'GET', `/api/v2/user-files/${upload_id}`, { token: owner.token })
    expect(details.body.hash).toBe(sha256(first))
    const got = await fetch(details.body.original_url)
    expect(Buffer.from(await got.arrayBuffer()).equals(first)).toBe(true)
  })

  it('S34 a download leads to the store for a minute, as an attachment', async () => {
    const bytes = jpeg(5_000)
    const id = await upload(server, owner, bytes, { filename: 'Größe "1".jpg' })
    const first = await call(server, 'GET', `/api/v2/user-files/${id}/download`, { token: owner.token })
    const url = first.headers.get('location') ?? ''
    expect(new URL(url).origin).toBe(server.url)
    const second = await fetch(url, { redirect: 'manual' })
    expect([second.status, second.headers.get('cache-control')]).toEqual([302, 'no-store'])
    const there = new URL(second.headers.get('location') ?? '')
    expect([there.origin, there.searchParams.get('X-Amz-Expires')]).toEqual([s3?.endpoint, '60'])
    const part = await fetch(url, { headers: { range: 'bytes=10-19' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 10-19/5000'])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true)
    expect(part.headers.get('content-type')).toBe('image/jpeg')
    expect(part.headers.get('content-disposition')).toBe(
      `attachment; filename="Gr__e _1_.jpg"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.jpg`,
    )
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '5000'])
  })

  it('pages may connect to the store, and browsers may send to it', async () => {
    const policy = (await call(server, 'GET', '/')).headers.get('content-security-policy')
    expect(policy).toContain(`connect-src 'self' ${s3?.endpoint}`)
    expect(policy).toContain(`img-src 'self' data: blob: ${s3?.endpoint}`)
    const { upload_url } = (await request(server, owner, jpeg(600))).body
    const asked = await fetch(upload_url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example.com',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type',
      },
    })
    expect(asked.status).toBe(200)
    expect(['*', 'https://app.example.com']).toContain(asked.headers.get('access-control-allow-origin'))
  })

  it('this server itself takes no bytes', async () => {
    const answer = await call(server, 'PUT', '/objects/uploads/a/b/c.jpg', { body: '{}' })
    expect(answer.status).toBe(404)
  })
})

describe('when the store', () => {
  const env = (endpoint: string) => ({
    S3_ENDPOINT: endpoint,
    S3_BUCKET: 'gone',
    S3_ACCESS_KEY_ID: 'AKIDEXAMPLE123456',
    S3_SECRET_ACCESS_KEY: 'not-a-secret-but-long-enough',
  })
  async function uploading(at: TestServer): Promise<Answer[]> {
    const person = await signUp(at)
    const begun = await request(at, person, jpeg())
    const key = begun.status === 200 ? begun.body.object_key : 'uploads/x/y/z.jpg'
    const answers = [begun]
    for (let round = 0; round < 5; round++) answers.push(await confirm(at, person, key, jpeg()))
    answers.push(await request(at, person, jpeg()))
    expect((await call(at, 'GET', '/api/v2/user-files', { token: person.token })).status).toBe(200)
    expect((await call(at, 'GET', '/healthz')).status).toBe(200)
    expect((await call(at, 'GET', '/readyz')).status).toBe(200)
    return answers
  }

  it('refuses connections, uploads answer 503 with Retry-After, and nothing else does', async () => {
    const gone = await startTestServer({ env: env('http://127.0.0.1:9') })
    try {
      const answers = await uploading(gone)
      expect(answers.slice(1).map(({ status, body }) => [status, body.error?.code])).toEqual(
        Array.from({ length: 6 }, () => [503, 'UNAVAILABLE']),
      )
      expect(answers.at(-1)?.headers.get('retry-after')).toBe('2')
      expect(gone.logs()).toContain('the object store does not answer')
    } finally {
      await gone.stop()
    }
  })

  it('fails and comes back, the server finds out by itself', async () => {
    let broken = false
    const store: Server = createServer(({ url = '' }, response) => {
      response.statusCode = broken ? 503 : /^\/gone\/?$/.test(url) ? 200 : 404
      response.end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => store.once('listening', resolve))
    const failing = await startTestServer({ env: env(`http://127.0.0.1:${(store.address() as AddressInfo).port}`) })
    try {
      const person = await signUp(failing)
      const begun = await request(failing, person, jpeg())
      const requesting = async () => (await request(failing, person, jpeg())).status
      const up = async () =>
        /dependency_up\{dependency="object_store"\} (\d)/.exec((await call(failing, 'GET', '/metrics')).text)?.[1]
      expect([await requesting(), await up()]).toEqual([200, '1'])
      broken = true
      // Nobody else asks the store anything: a URL is signed here.
      await expect.poll(requesting, { timeout: 15_000, interval: 100 }).toBe(503)
      expect(await up()).toBe('0')
      const since = performance.now()
      expect((await confirm(failing, person, begun.body.object_key, jpeg())).status).toBe(503)
      expect(performance.now() - since).toBeLessThan(1_000)
      for (const until = performance.now() + 7_000; performance.now() < until; await sleep(200))
        expect(await requesting()).toBe(503)
      broken = false
      await expect.poll(up, { timeout: 15_000, interval: 100 }).toBe('1')
      expect(await requesting()).toBe(200)
      expect((await confirm(failing, person, begun.body.object_key, jpeg())).body.error.code).toBe('OBJECT_NOT_FOUND')
    } finally {
      await failing.stop()
      store.close()
    }
  })

  it('takes connections and never answers, uploads answer within seconds', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const slow = await startTestServer({ env: env(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`) })
    try {
      const person = await signUp(slow)
      const begun = await request(slow, person, jpeg())
      const since = performance.now()
      // Together: five people wait once, and the next one does not wait at all.
      const together = await Promise.all(Array.from({ length: 5 }, () => confirm(slow, person, begun.body.object_key, jpeg())))
      expect(together.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 503))
      expect(performance.now() - since).toBeLessThan(9_000)
    } finally {
      await slow.stop()
      silent.closeAllConnections()
      silent.close()
    }
  })

  it('has no such bucket, the server says so and does not start', async () => {
    const store = createServer((_request, response) => {
      response.statusCode = 404
      response.end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => store.once('listening', resolve))
    const address = `http://127.0.0.1:${(store.address() as AddressInfo).port}`
    await expect(startTestServer({ env: env(address) })).rejects.toThrow('The bucket "gone"')
    store.close()
  })
})
