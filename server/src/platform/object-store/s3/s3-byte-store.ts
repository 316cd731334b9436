// Bytes in an S3-compatible bucket. Clients send them straight there; what is confirmed is a copy that no upload URL reaches.
import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../clock.ts'
import type { Db } from '../../database/database.ts'
import type { Admit, Arrival, ByteStore, NewObject } from '../object-store.ts'
import { knownNames, NotAdmitted, placeObject } from '../stored-objects.ts'
import type { S3Client } from './s3-client.ts'

/** An upload URL's whole life: it began that long before it ends, whenever it is written down again. */
const putSeconds = 600
/** A client begins at once; afterwards whoever holds the URL has nothing. */
const getSeconds = 60
const copiesMax = 4
/** Longer than a batch can be recovered; and as on disk, longer than a commit takes. */
const arrivedMsMax = 4 * 3_600_000
const orphanMsMax = 3_600_000

const arrivals = 'incoming/'
const objects = 'objects/'
const objectName = /^objects\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export interface S3StoreDeps {
  readonly client: S3Client
  readonly db: Db
  readonly clock: Clock
  /** For files that must be read back and forth. */
  readonly scratch: string
  /** The store's own clock, by which it stamps; tests of the sweep move it. */
  readonly storeNow?: () => number
}

export function s3ByteStore({ client, db, clock, scratch, storeNow = Date.now }: S3StoreDeps): ByteStore {
  const collecting = new Map<string, Promise<Arrival>>()

  /** Copied, then read: what is looked at, hashed and confirmed are the same bytes, whatever else is sent to the URL meanwhile. */
  async function takeIn(object: NewObject, admit: Admit): Promise<Arrival> {
    const source = `${arrivals}${object.key}`
    for (let attempt = 1; attempt <= copiesMax; attempt++) {
      const arrived = await client.head(source)
      if (!arrived) return 'collected'
      if (arrived.sizeBytes > object.sizeBytes) {
        await client.remove(source)
        return 'long'
      }
      const name = `${objects}${randomUUID()}`
      const copied = await client.copy(source, name, { etag: arrived.etag, contentType: object.contentType })
      if (copied === 'changed') continue
      const sha256 = await hashOf(client, name)
      if (!sha256) throw new Error(`what was just copied to ${name} is not there`)
      await keep({ ...object, sizeBytes: arrived.sizeBytes }, name, sha256, admit)
      await client.remove(source)
      return 'collected'
    }
    return 'collected'
  }

  async function keep(object: NewObject, name: string, sha256: Buffer, admit: Admit) {
    try {
      const placed = await placeObject(db, { ...object, name, sha256, etag: null, at: new Date(clock.now()) }, admit)
      if (placed.previous) await client.remove(placed.previous)
      return placed.object
    } catch (error) {
      // A connection lost at COMMIT leaves the outcome open: then the object stays, and the sweep decides by the table.
      if (!(error instanceof NotAdmitted)) throw error
      await client.remove(name)
      throw error.reason
    }
  }

  return {
    ...readers(client, scratch),
    async presignPut({ key, contentType, sizeBytes, expiresAt }) {
      const url = await client.presign('PUT', `${arrivals}${key}`, {
        headers: uploadHeaders(client, contentType, sizeBytes),
        at: expiresAt.getTime() - putSeconds * 1000 - shiftOf(clock),
        seconds: putSeconds,
      })
      return { url, headers: { 'Content-Type': contentType } }
    },
    // Of requests that come together one does the work.
    async collect(object, admit) {
      const known = collecting.get(object.key)
      if (known) return known
      const work = takeIn(object, admit).finally(() => collecting.delete(object.key))
      collecting.set(object.key, work)
      return work
    },
    presignGet: ({ name }, { method, contentType, contentDisposition }) =>
      client.presign(method, name, {
        query: {
          'response-content-type': contentType,
          'response-content-disposition': contentDisposition,
          'response-cache-control': 'private, max-age=3600',
        },
        at: Date.now(),
        seconds: getSeconds,
      }),
    async write(object, body, admit) {
      const name = `${objects}${randomUUID()}`
      return keep(object, name, await client.put(name, body, object), admit)
    },
    free: client.remove,
    async sweep() {
      const before = (ms: number) => storeNow() - ms
      let removed = 0
      for await (const page of client.list(arrivals))
        for (const { name, modifiedAt } of page)
          if (modifiedAt < before(arrivedMsMax)) {
            await client.remove(name)
            removed++
          }
      for await (const page of client.list(objects)) {
        const old = page.filter(({ name, modifiedAt }) => objectName.test(name) && modifiedAt < before(orphanMsMax))
        const known = await knownNames(
          db,
          old.map(({ name }) => name),
        )
        for (const { name } of old)
          if (!known.has(name)) {
            await client.remove(name)
            removed++
          }
      }
      return removed
    },
  }
}

/** What a client's PUT must carry for its signature to hold. */
export function uploadHeaders({ target }: S3Client, contentType: string, sizeBytes: number): Record<string, string> {
  return { 'content-type': contentType, ...(target.signLength && { 'content-length': String(sizeBytes) }) }
}

/**
 * How far a test has moved our clock against the store's, which is real; to ten minutes, so that a grant gives one URL. On a server
 * both are real, and this is 0.
 */
export function shiftOf(clock: Clock): number {
  const step = putSeconds * 1000
  return Math.round((clock.now() - Date.now()) / step) * step
}

export async function hashOf(client: S3Client, name: string, etag?: string): Promise<Buffer | null> {
  const bytes = await client.get(name, { etag: etag ?? null })
  if (!bytes) return null
  const hash = createHash('sha256')
  for await (const chunk of bytes) hash.update(chunk as Buffer)
  return hash.digest()
}

/** Reading, the same for every bucket. */
export function readers(client: S3Client, scratch: string): Pick<ByteStore, 'open' | 'withFile'> {
  return {
    open: ({ name, etag }, range) => client.get(name, { etag, ...(range && { range: `bytes=${range.first}-${range.last}` }) }),
    async withFile({ name, etag }, use) {
      const bytes = await client.get(name, { etag })
      if (!bytes) return null
      await mkdir(scratch, { recursive: true, mode: 0o700 })
      const path = join(scratch, randomUUID())
      try {
        await pipeline(bytes, createWriteStream(path, { mode: 0o600 }))
        return await use(path)
      } finally {
        await rm(path, { force: true })
      }
    },
  }
}
