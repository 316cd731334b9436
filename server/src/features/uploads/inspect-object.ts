// Looks at the bytes themselves: whether they are of the declared type, and how large the image is.
import { fileTypeFromStream } from 'file-type'
import { imageSize } from 'image-size'
import type { ObjectStore, StoredObject } from '../../platform/object-store/object-store.ts'
import { contentTypeOf } from '../files/content-types.ts'
import { collectObject } from './collect-object.ts'
import type { UploadRow } from './queries.ts'

export interface Finding {
  /** The bytes that were looked at: a later PUT brings others. */
  readonly sha256: string
  readonly isOfType: boolean
  readonly width: number | null
  readonly height: number | null
}

/** Enough for the size of nearly every image; beyond it, behind unusually large metadata, the size stays unknown. */
const headBytes = 256 * 1024
const integerMax = 2 ** 31 - 1

const magic: Readonly<Record<string, (head: Buffer) => boolean>> = {
  'image/jpeg': (head) => head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  'image/png': (head) => head.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')),
  'image/gif': (head) => /^GIF8[79]a$/.test(head.toString('latin1', 0, 6)),
  'image/webp': (head) => head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP',
  'application/pdf': (head) => head.toString('latin1', 0, 5) === '%PDF-',
}

/** `long`: more bytes than were declared; they are gone. null: there are none. */
export type Look = Finding | 'long' | null

export async function inspectObject(store: ObjectStore, upload: UploadRow): Promise<Look> {
  const contentType = upload.content_type
  if ((await collectObject({ store }, upload)) === 'long') return 'long'
  const object = await store.head(upload.object_key)
  if (!object) return null
  const none = { sha256: object.sha256, width: null, height: null }
  const check = magic[contentType]
  if (!check) {
    const isOfType = contentType.startsWith('text/')
      ? await isText(store, object)
      : await isDetectedAs(store, object, contentType)
    return isOfType === null ? null : { ...none, isOfType }
  }
  const head = await readHead(store, object)
  if (!head) return null
  const isOfType = check(head)
  const isImage = isOfType && contentTypeOf(contentType)?.mediaType === 'image'
  return { ...none, isOfType, ...(isImage && measure(head)) }
}

async function readHead(store: ObjectStore, object: StoredObject): Promise<Buffer | null> {
  const stream = await store.open(object, { first: 0, last: Math.min(object.sizeBytes, headBytes) - 1 })
  if (!stream) return null
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Valid UTF-8 without NUL, read to the end, a chunk at a time. */
async function isText(store: ObjectStore, object: StoredObject): Promise<boolean | null> {
  const stream = await store.open(object)
  if (!stream) return null
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (chunk.includes(0)) return false
      decoder.decode(chunk, { stream: true })
    }
    decoder.decode()
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  } finally {
    stream.destroy()
  }
}

async function isDetectedAs(store: ObjectStore, object: StoredObject, contentType: string): Promise<boolean | null> {
  const stream = await store.open(object)
  if (!stream) return null
  try {
    return (await fileTypeFromStream(stream))?.mime === contentType
  } catch {
    // The detector gives up on broken archives by throwing.
    return false
  } finally {
    stream.destroy()
  }
}

/** Best effort: an image that cannot be measured is still an image. */
function measure(head: Buffer): { width: number | null; height: number | null } {
  try {
    const { width, height } = imageSize(head)
    if ([width, height].every((side) => Number.isInteger(side) && side > 0 && side <= integerMax)) return { width, height }
  } catch {}
  return { width: null, height: null }
}
