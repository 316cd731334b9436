// A large file passes through the server, not into it: 190 MB coming in add less than 50 MB to its memory, and come back the same.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, signUp, succeed } from './support/client.ts'
import { relaxed, type Server, startServer } from './support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer(relaxed)
})
afterAll(() => server.discard())

const mb = 2 ** 20
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** A picture of one pixel and much after it. */
function* picture(size: number): Generator<Buffer> {
  yield pixel
  for (let rest = size - pixel.length; rest > 0; rest -= mb) yield Buffer.alloc(Math.min(rest, mb), rest % 251)
}

/** In bytes, from now on: how much more memory the process has held at most. */
function watchMemory(): () => number {
  const of = (name: string) => {
    const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8')
    return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024
  }
  // Linux forgets the peak: what loading and starting once took is not meant.
  writeFileSync(`/proc/${server.child.pid}/clear_refs`, '5')
  const before = of('VmRSS')
  return () => of('VmHWM') - before
}

test('190 MB up and down', async () => {
  const owner = await signUp(server.url, 'enterprise')
  const { key: token } = await createKey(server.url, owner.session)
  const store = async (size: number) => {
    const body = { filename: 'large.png', content_type: 'image/png', size_bytes: size }
    const upload = await succeed(call(server.url, 'POST', '/api/v2/uploads/request-presigned-url', { token, body }))
    const put = await fetch(upload.text('upload_url'), {
      method: 'PUT',
      headers: { ...(upload.at('upload_headers') as Record<string, string>), 'content-length': String(size) },
      body: Readable.toWeb(Readable.from(picture(size))) as ReadableStream,
      duplex: 'half',
    } as RequestInit)
    expect(put.status).toBe(200)
    return upload.text('object_key')
  }
  const confirm = async (object_key: string, size: number, checksum: string | null) => {
    const body = { object_key, size_bytes: size, checksum }
    return (await succeed(call(server.url, 'POST', '/api/v2/uploads/confirm', { token, body }))).text('upload_id')
  }
  // The first image of all loads what shrinks images, which is no matter of its size.
  const first = await confirm(await store(pixel.length), pixel.length, null)
  while ((await succeed(call(server.url, 'GET', `/api/v2/user-files/${first}`, { token }))).at('variant_count') !== 4)
    await sleep(100)
  const grown = watchMemory()
  const size = 190 * mb
  const object_key = await store(size)
  expect(grown() / mb).toBeLessThan(50)
  const expected = createHash('sha256')
  for (const chunk of picture(size)) expected.update(chunk)
  const checksum = expected.digest('hex')
  const id = await confirm(object_key, size, checksum)
  const headers = { authorization: `Bearer ${token}` }
  const download = async () => {
    const response = await fetch(`${server.url}/api/v2/user-files/${id}/download`, { headers })
    const received = createHash('sha256')
    for await (const chunk of response.body ?? []) received.update(chunk)
    expect(received.digest('hex')).toBe(checksum)
  }
  await download()
  // Node 22 and newer let 64 MB of read buffers and more pile up before they collect them: from a bucket 90 to 130 MB were seen, once.
  const once = grown() / mb
  expect(once).toBeLessThan(170)
  for (let again = 0; again < 3; again++) await download()
  expect(grown() / mb - once).toBeLessThan(20)
})
