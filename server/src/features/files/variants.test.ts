// The smaller copies of images: what they look like, where they are found, and what becomes of images that are broken or too large.
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { confirm, pdf, put, request, upload } from '../../testing/uploads.ts'
import { queueMissingVariants } from './make-variants.ts'

let server: TestServer
let owner: Person
beforeAll(async () => {
  server = await startTestServer()
  owner = await signUp(server)
})
afterAll(() => server?.stop())

const names = ['tiny_64', 'small_256', 'medium_750', 'large_1024'] as const
const red = { r: 220, g: 20, b: 20 }
const blue = { r: 20, g: 20, b: 220 }

const get = (path: string, person = owner) => call(server, 'GET', `/api/v2/user-files${path}`, { token: person.token })
const trigger = (id: string, person = owner) =>
  call(server, 'POST', `/api/v2/user-files/${id}/trigger-variants`, { token: person.token })
const canvas = (width: number, height: number, background: object = red) =>
  sharp({ create: { width, height, channels: 'alpha' in background ? 4 : 3, background } })

/** Left half red, right half blue. */
function twoColours(width: number, height: number) {
  return canvas(width, height).composite([
    { input: { create: { width: width / 2, height, channels: 3, background: blue } }, left: width / 2, top: 0 },
  ])
}

async function store(bytes: Buffer, type: string): Promise<string> {
  return upload(server, owner, bytes, { content_type: type, filename: `picture.${type.split('/')[1]}` })
}

/** The details of a file once its variants are made or given up. */
async function settled(id: string) {
  for (const deadline = Date.now() + 25_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const { body } = await get(`/${id}`)
    if (body.variant_status === 'completed' || body.variant_status === 'failed') return body
    if (Date.now() > deadline) throw new Error(`variants are ${body.variant_status}`)
  }
}

async function variant(id: string, name: string) {
  const redirect = await get(`/${id}/variant/${name}`)
  expect([redirect.status, redirect.text]).toEqual([302, ''])
  const answer = await fetch(redirect.headers.get('location') ?? '')
  const bytes = Buffer.from(await answer.arrayBuffer())
  expect(answer.status).toBe(200)
  return { bytes, headers: answer.headers, metadata: await sharp(bytes).metadata() }
}

async function pixel(bytes: Buffer, left: number, top: number): Promise<number[]> {
  return [...(await sharp(bytes).extract({ left, top, width: 1, height: 1 }).raw().toBuffer())]
}
const near = (found: number[], wanted: { r: number; g: number; b: number }) =>
  [wanted.r, wanted.g, wanted.b].every((value, index) => Math.abs((found[index] ?? 999) - value) < 30)

async function sizes(id: string): Promise<string[]> {
  return Promise.all(names.map(async (name) => (({ width, height }) => `${width}×${height}`)((await variant(id, name)).metadata)))
}

it('turns a photograph upright and takes its metadata off', async () => {
  const bytes = await twoColours(2_000, 1_000)
    .withExif({ IFD0: { Artist: 'Somebody', Copyright: 'here' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
    .withIccProfile('p3')
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()
  expect((await sharp(bytes).metadata()).exif).toBeDefined()
  const id = await store(bytes, 'image/jpeg')
  expect(await settled(id)).toMatchObject({ variant_status: 'completed', variant_count: 4, blur_hash: null })
  expect(await sizes(id)).toEqual(['32×64', '128×256', '375×750', '512×1024'])
  for (const name of names) {
    const { bytes: copy, headers, metadata } = await variant(id, name)
    expect([metadata.format, metadata.exif, metadata.icc, metadata.xmp, metadata.orientation]).toEqual([
      'webp',
      ...Array(4).fill(undefined),
    ])
    expect(headers.get('content-type')).toBe('image/webp')
    expect(headers.get('content-disposition')).toContain(`picture-${name}.webp`)
    const middle = Math.floor((metadata.width ?? 0) / 2)
    expect(near(await pixel(copy, middle, 2), red)).toBe(true)
    expect(near(await pixel(copy, middle, (metadata.height ?? 0) - 3), blue)).toBe(true)
  }
  const original = await get(`/${id}/variant/original`)
  expect(Buffer.from(await (await fetch(original.headers.get('location') ?? '')).arrayBuffer()).equals(bytes)).toBe(true)
})

it('keeps transparency, 16 bits, grey and CMYK for what they look like', async () => {
  const clear = await store(
    await canvas(300, 200, { ...red, alpha: 0.5 })
      .png()
      .toBuffer(),
    'image/png',
  )
  const deep = await store(await canvas(300, 200).toColourspace('rgb16').png().toBuffer(), 'image/png')
  const print = await store(await canvas(300, 200).toColourspace('cmyk').jpeg().toBuffer(), 'image/jpeg')
  const grey = await store(await canvas(300, 200).greyscale().jpeg().toBuffer(), 'image/jpeg')
  for (const id of [clear, deep, print, grey]) expect((await settled(id)).variant_status).toBe('completed')
  const alpha = (await pixel((await variant(clear, 'small_256')).bytes, 9, 9))[3] ?? 0
  expect(Math.abs(alpha - 128)).toBeLessThan(5)
  expect(near(await pixel((await variant(deep, 'small_256')).bytes, 9, 9), red)).toBe(true)
  const [r = 0, g = 255, b = 255] = await pixel((await variant(print, 'small_256')).bytes, 9, 9)
  expect(r > 180 && g < 90 && b < 90).toBe(true)
  expect(await sizes(grey)).toEqual(['64×43', '256×171', '300×200', '300×200'])
})

it('takes the first picture of an animation', async () => {
  const frames = await Promise.all([red, blue].map((colour) => canvas(400, 300, colour).png().toBuffer()))
  const gif = await sharp(frames, { join: { animated: true } })
    .gif({ delay: [100, 100] })
    .toBuffer()
  const webp = await sharp(frames, { join: { animated: true } })
    .webp({ delay: [100, 100] })
    .toBuffer()
  expect((await sharp(gif).metadata()).pages).toBe(2)
  for (const id of [await store(gif, 'image/gif'), await store(webp, 'image/webp')]) {
    await settled(id)
    expect(await sizes(id)).toEqual(['64×48', '256×192', '400×300', '400×300'])
    const { bytes, metadata } = await variant(id, 'tiny_64')
    expect([metadata.pages ?? 1, near(await pixel(bytes, 30, 20), red)]).toEqual([1, true])
  }
})

it('never enlarges, and copes with one pixel and with a line', async () => {
  const dot = await store(await canvas(1, 1).png().toBuffer(), 'image/png')
  const line = await store(await canvas(9_000, 1).png().toBuffer(), 'image/png')
  await settled(dot)
  expect(await sizes(dot)).toEqual(Array(4).fill('1×1'))
  await settled(line)
  expect(await sizes(line)).toEqual(['64×1', '256×1', '750×1', '1024×1'])
})

describe('an image that cannot be shrunk', () => {
  it('of 144 million pixels passes in rows', async () => {
    const id = await store(await canvas(12_000, 12_000).png().toBuffer(), 'image/png')
    expect(await settled(id)).toMatchObject({ variant_status: 'completed', dimensions: { width: 12_000, height: 12_000 } })
    expect(await sizes(id)).toEqual(['64×64', '256×256', '750×750', '1024×1024'])
  })

  it.each([
    ['a JPEG cut short', 'image/jpeg', async () => cut(await twoColours(800, 600).jpeg().toBuffer()), /broken/],
    [
      'a PNG cut short',
      'image/png',
      async () => cut(await twoColours(800, 600).png({ compressionLevel: 0 }).toBuffer()),
      /broken/,
    ],
    ['noise behind a JPEG head', 'image/jpeg', async () => Buffer.concat([Buffer.from('ffd8ff', 'hex'), pdf]), /broken/],
    ['a PNG of four thousand million pixels', 'image/png', async () => bomb(65_000, 65_000, 0), /more than 268402689 pixels/],
    [
      'an interlaced PNG that must be held whole',
      'image/png',
      async () => bomb(12_000, 12_000, 1),
      /12000 × 12000 pixels, too many/,
    ],
  ] as const)('%s: its own failure, with a reason', async (_name, type, make, reason) => {
    const id = await store(await make(), type)
    const file = await settled(id)
    expect(file).toMatchObject({ variant_status: 'failed', variant_count: 0, thumbnail_url: null, full_url: null })
    const listed = (await get(`?ids=${id}`)).body.files[0]
    expect(listed.variant_error).toMatch(reason)
    const refused = await get(`/${id}/variant/tiny_64`)
    expect([refused.status, refused.body.error.code, refused.body.error.details]).toEqual([
      404,
      'NOT_FOUND',
      { variant_status: 'failed' },
    ])
    expect((await get(`/${id}/variant/original`)).status).toBe(302)
    expect((await call(server, 'GET', '/readyz')).status).toBe(200)
  })
})

it('shows its URLs in the list and alone, and its state on the way', async () => {
  const bytes = await canvas(1_200, 900).png().toBuffer()
  const begun = await request(server, owner, bytes, { content_type: 'image/png', filename: 'seen.png' })
  await put(begun.body.upload_url, bytes, begun.body.upload_headers)
  const id = begun.body.object_key.split('/')[2]
  const progress = async () => (await call(server, 'GET', `/api/v2/uploads/status/${id}`, { token: owner.token })).body
  expect((await progress()).component_statuses.variant_status).toBe(null)
  await confirm(server, owner, begun.body.object_key, bytes)
  const details = await settled(id)
  const listed = (await get(`?ids=${id}`)).body.files[0]
  expect(listed).toMatchObject({ variant_status: 'completed', variant_count: 4, variant_error: null })
  expect((await progress()).component_statuses.variant_status).toBe('completed')
  const widths = async (urls: string[]) =>
    Promise.all(urls.map(async (url) => (await sharp(await (await fetch(url)).arrayBuffer()).metadata()).width))
  expect(await widths([listed.thumbnail_url, listed.medium_url, listed.full_url])).toEqual([256, 750, 1_200])
  expect(await widths([details.thumbnail_url, details.medium_url, details.full_url, details.original_url])).toEqual([
    256, 750, 1_024, 1_200,
  ])
})

it('knows no variants of documents, of strangers, of other names and of deleted files', async () => {
  const id = await store(await canvas(90, 90).png().toBuffer(), 'image/png')
  await settled(id)
  const stranger = await signUp(server)
  const begun = await request(server, owner, pdf, { content_type: 'application/pdf', filename: 'a.pdf' }, 'document-uploads')
  await put(begun.body.upload_url, pdf, begun.body.upload_headers)
  const type = { content_type: 'application/pdf' }
  const document = (await confirm(server, owner, begun.body.object_key, pdf, type, 'document-uploads')).body.document_id
  expect((await get(`/${document}`)).body).toMatchObject({ variant_status: null, variant_count: null, thumbnail_url: null })
  for (const [path, person] of [
    [`/${document}/variant/tiny_64`, owner],
    [`/${document}/variant/original`, owner],
    [`/${id}/variant/huge_9000`, owner],
    [`/${id}/variant/constructor`, owner],
    [`/not-an-id/variant/tiny_64`, owner],
    [`/${id}/variant/tiny_64`, stranger],
  ] as const)
    expect([path, (await get(path, person)).status]).toEqual([path, 404])
  expect((await trigger(id, stranger)).status).toBe(404)
  expect((await trigger('not-an-id')).status).toBe(404)
  expect((await trigger(document)).body.error.code).toBe('CONFLICT')
  const url = (await get(`/${id}/variant/tiny_64`)).headers.get('location') ?? ''
  expect((await fetch(url.replace('tiny_64', 'small_256'))).status).toBe(403)
  await call(server, 'DELETE', `/api/v2/user-files/${id}`, { token: owner.token })
  expect((await fetch(url)).status).toBe(404)
  expect((await get(`/${id}/variant/tiny_64`)).status).toBe(404)
  expect((await trigger(id)).status).toBe(404)
  await call(server, 'POST', `/api/v2/user-files/${id}/restore`, { token: owner.token })
  expect((await fetch(url)).status).toBe(200)
})

it('makes them again when asked, once at a time', async () => {
  const { api_key } = await createKey(server, owner, { scopes: ['files:read'] })
  const id = await store(await canvas(90, 90).png().toBuffer(), 'image/png')
  await settled(id)
  const objects = await server.db
    .selectFrom('stored_objects')
    .select('object_key')
    .where('object_key', 'like', `%${id}%`)
    .execute()
  expect(objects.length).toBe(5)
  expect((await trigger(id, { ...owner, token: api_key })).body.error.code).toBe('INSUFFICIENT_PERMISSIONS')
  await server.db.updateTable('files').set({ variant_status: 'failed', variant_count: 0 }).where('id', '=', id).execute()
  const answer = await trigger(id.slice(0, 8))
  expect(answer.body).toEqual({
    success: true,
    message: expect.any(String),
    task_id: expect.stringMatching(/^\d+$/),
    current_status: 'pending',
    image_id: id,
    skipped_duplicate: false,
  })
  expect((await settled(id)).variant_count).toBe(4)
  await server.db.updateTable('files').set({ variant_status: 'processing' }).where('id', '=', id).execute()
  expect((await trigger(id)).body).toMatchObject({ task_id: null, current_status: 'processing', skipped_duplicate: true })
  const longAgo = new Date(Date.now() - 11 * 60_000)
  await server.db.updateTable('files').set({ variant_status_at: longAgo }).where('id', '=', id).execute()
  expect((await trigger(id)).body.skipped_duplicate).toBe(false)
  await settled(id)
  const trail = await server.db
    .selectFrom('audit_events')
    .select('action')
    .where('resource_id', '=', id)
    .orderBy('sequence')
    .execute()
  expect(trail.map((row) => row.action)).toEqual(['upload.confirm', 'file.trigger_variants', 'file.trigger_variants'])
})

it('says so when the bytes are lost', async () => {
  const id = await store(await canvas(90, 90).png().toBuffer(), 'image/png')
  await settled(id)
  await server.db.deleteFrom('stored_objects').where('object_key', 'like', `uploads/%${id}%`).execute()
  await server.db.updateTable('files').set({ variant_status: 'failed', variant_count: 0 }).where('id', '=', id).execute()
  await trigger(id)
  expect((await settled(id)).variant_status).toBe('failed')
  expect((await get(`?ids=${id}`)).body.files[0].variant_error).toMatch(/not there/)
})

it('gives images of earlier versions theirs', async () => {
  const id = await store(await canvas(90, 90).png().toBuffer(), 'image/png')
  await settled(id)
  await server.db.updateTable('files').set({ variant_status: null, variant_count: 0 }).where('id', '=', id).execute()
  expect((await get(`/${id}`)).body.variant_status).toBe('pending')
  await queueMissingVariants(server.deps)
  expect(await settled(id)).toMatchObject({ variant_status: 'completed', variant_count: 4 })
})

it('counts nothing against the storage of the workspace', async () => {
  const used = async () =>
    (await server.db.selectFrom('tenant_storage').select('bytes').where('tenant_id', '=', owner.tenantId).executeTakeFirst())
      ?.bytes ?? 0
  const before = await used()
  const bytes = await canvas(2_000, 1_500).png().toBuffer()
  await settled(await store(bytes, 'image/png'))
  expect(await used()).toBe(before + bytes.length)
})

function cut(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2)
}

/** A PNG by its head alone: a decoder that believes it makes room for all its pixels. */
function bomb(width: number, height: number, interlaced: 0 | 1): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 6, 0, 0, interlaced], 8)
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(1_000))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
