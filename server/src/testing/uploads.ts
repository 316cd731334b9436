// Real files in miniature, and the three steps of an upload, for the tests of uploads and files.
import { createHash, randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { type Answer, call } from './harness.ts'

/** A JPEG of 3 × 2 pixels by its headers, padded with noise to any length, so that no two are alike. */
export function jpeg(sizeBytes = 512): Buffer {
  const head = Buffer.from('ffd8ffe000104a46494600010100000100010000ffc0000b080002000301011100', 'hex')
  return Buffer.concat([head, randomBytes(Math.max(0, sizeBytes - head.length))]).subarray(0, sizeBytes)
}

export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
export const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
export const webp = Buffer.from('UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA', 'base64')
export const pdf = Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n')

/** A ZIP with the two members by which a Word document is known. */
export function docx(): Buffer {
  const members = [
    [
      '[Content_Types].xml',
      '<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    ],
    ['word/document.xml', '<document/>'],
  ] as const
  const parts = members.map(([name, text]) => {
    const packed = deflateRawSync(Buffer.from(text))
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    head.writeUInt16LE(20, 4)
    head.writeUInt16LE(8, 8)
    head.writeUInt32LE(packed.length, 18)
    head.writeUInt32LE(text.length, 22)
    head.writeUInt16LE(name.length, 26)
    return Buffer.concat([head, Buffer.from(name), packed])
  })
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  return Buffer.concat([...parts, end])
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

type Place = { url: string }
type Caller = { token: string }

export async function request(
  server: Place,
  caller: Caller,
  bytes: Buffer,
  body: Record<string, unknown> = {},
  twin = 'uploads',
): Promise<Answer> {
  return call(server, 'POST', `/api/v2/${twin}/request-presigned-url`, {
    token: caller.token,
    body: { filename: 'image.jpg', content_type: 'image/jpeg', size_bytes: bytes.length, ...body },
  })
}

export async function put(
  url: string,
  bytes: Buffer | ReadableStream,
  headers: Record<string, string> = { 'content-type': 'image/jpeg' },
): Promise<{ status: number; headers: Headers; code: string | undefined }> {
  const answer = await fetch(url, { method: 'PUT', headers, body: bytes, duplex: 'half' } as RequestInit)
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, code: text === '' ? undefined : JSON.parse(text).error.code }
}

export function confirm(
  server: Place,
  caller: Caller,
  objectKey: string,
  bytes: Buffer,
  body: Record<string, unknown> = {},
  twin = 'uploads',
): Promise<Answer> {
  return call(server, 'POST', `/api/v2/${twin}/confirm`, {
    token: caller.token,
    body: { object_key: objectKey, size_bytes: bytes.length, ...body },
  })
}

/** Requested, sent and confirmed; answers the file's id. */
export async function upload(
  server: Place,
  caller: Caller,
  bytes: Buffer = jpeg(),
  body: Record<string, unknown> = {},
): Promise<string> {
  const begun = await request(server, caller, bytes, body)
  if (begun.status !== 200) throw new Error(`request-presigned-url answered ${begun.status}: ${begun.text}`)
  const sent = await put(begun.body.upload_url, bytes, begun.body.upload_headers)
  if (sent.status !== 200) throw new Error(`PUT answered ${sent.status} ${sent.code}`)
  const confirmed = await confirm(server, caller, begun.body.object_key, bytes)
  if (confirmed.status !== 200) throw new Error(`confirm answered ${confirmed.status}: ${confirmed.text}`)
  return confirmed.body.upload_id
}
