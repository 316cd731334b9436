// What every store of objects promises: one suite for the disk, for a bucket in both styles of URL, and for a tenant's own bucket.
import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request as requestHttp } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../testing/harness.ts'
import { awsClient, makeBucket, type TestS3, testS3 } from '../../testing/s3.ts'
import { systemClock } from '../clock.ts'
import { composeObjectStore } from './composed-object-store.ts'
import { diskByteStore } from './disk-object-store.ts'
import { BodyLengthError, type ByteStore, type ObjectStore, type Place, type PutGrant } from './object-store.ts'
import { fixedCredentials } from './s3/credentials.ts'
import { openBucket } from './s3/open-bucket.ts'
import { s3ByteStore } from './s3/s3-byte-store.ts'
import { tenantByteStore } from './s3/tenant-byte-store.ts'
import { createUrlSigner } from './signed-url.ts'

interface Subject {
  readonly store: ObjectStore
  readonly place: Place | null
  /** A client's PUT; answers whether the store took it. */
  send(url: string, headers: Record<string, string>, bytes: Buffer): Promise<boolean>
  /** How many things lie in the store, drafts included. */
  count(): Promise<number>
  age(ms: number): void
}

let server: TestServer
let dir: string
beforeAll(async () => {
  server = await startTestServer()
  dir = await mkdtemp(join(tmpdir(), 'aion-conformance-'))
})
afterAll(async () => {
  await server?.stop()
  await rm(dir, { recursive: true, force: true })
})

const signer = createUrlSigner({ key: Buffer.alloc(32, 1), clock: systemClock, publicUrl: () => 'http://h' })
const composed = (primary: ByteStore, place: Place | null, takesPuts: boolean) =>
  composeObjectStore({
    db: server.db,
    signer,
    primary,
    findBucket: async () => (place ? primary : null),
    takesPuts,
    origin: null,
    onLeftBehind: (_name, error) => {
      throw error
    },
  })

function disk(): Subject {
  const store = composed(diskByteStore({ dir: join(dir, 'objects'), db: server.db, clock: systemClock, signer }), null, true)
  return {
    store,
    place: null,
    // What object-routes.ts does with a request.
    async send(url, headers, bytes) {
      const { pathname, searchParams } = new URL(url)
      const grant = store.readPutGrant?.(pathname.slice('/objects/'.length), Object.fromEntries(searchParams))
      if (!grant || headers['Content-Type'] !== grant.contentType) return false
      return store
        .write(grant, Readable.from([bytes]), async () => {})
        .then(
          () => true,
          () => false,
        )
    },
    count: async () =>
      (await readdir(join(dir, 'objects'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length,
    age: () => {},
  }
}

async function bucket(s3: TestS3, style: 'path' | 'virtual-host', own: boolean): Promise<Subject> {
  const name = await makeBucket(s3)
  const place = own ? { tenantId: randomUUID(), bucket: name } : null
  const { port } = new URL(s3.endpoint)
  const endpoint = style === 'path' ? s3.endpoint : `http://${s3.domain}:${port}`
  let passed = 0
  const client = openBucket({
    target: {
      endpoint,
      publicEndpoint: endpoint,
      bucket: name,
      region: 'us-east-1',
      pathStyle: style === 'path',
      signLength: false,
    },
    credentials: fixedCredentials(s3),
    // Nothing resolves the test's domain.
    ...(style === 'virtual-host' && {
      guard: async () => (_host, options, done) =>
        options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
    }),
  })
  const deps = { client, db: server.db, clock: systemClock, scratch: join(dir, 'scratch'), storeNow: () => Date.now() + passed }
  return {
    store: composed(place ? tenantByteStore(deps, place) : s3ByteStore(deps), place, false),
    place,
    send: async (url, headers, bytes) => (await exchange('PUT', url, headers, bytes)).status === 200,
    async count() {
      const listed = await (await awsClient(s3).fetch(`${s3.endpoint}/${name}?list-type=2`)).text()
      return listed.split('<Contents>').length - 1
    },
    age: (ms) => {
      passed = ms
    },
  }
}

/** Plain HTTP to this machine, whatever name the URL has: as a client that can resolve it. */
function exchange(method: string, text: string, headers: Record<string, string> = {}, body?: Buffer) {
  const url = new URL(text)
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const request = requestHttp(
      {
        method,
        host: '127.0.0.1',
        port: url.port,
        path: url.pathname + url.search,
        headers: { ...headers, host: url.host, ...(body && { 'content-length': body.length }) },
      },
      async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk as Buffer)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const admit = async () => {}
async function readAll(stream: Readable | null): Promise<string | null> {
  if (!stream) return null
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const s3 = testS3()
const tenant = testS3('tenant')
const subjects: [string, (() => Promise<Subject> | Subject) | null][] = [
  ['the disk', disk],
  ['a bucket, path style', s3 && (() => bucket(s3, 'path', false))],
  ['a bucket, virtual-host style', s3 && (() => bucket(s3, 'virtual-host', false))],
  ["a tenant's own bucket", tenant && (() => bucket(tenant, 'path', true))],
]

describe.each(subjects)('%s', (name, make) => {
  if (!make) {
    it.skip('needs AION_TEST_S3_ENDPOINT: run with the environment that acceptance/support/start-radosgw.mjs prints')
    return
  }
  let subject: Subject
  let store: ObjectStore
  beforeAll(async () => {
    subject = await make()
    store = subject.store
  })
  const isDisk = name === 'the disk'

  const grantFor = (bytes: Buffer, contentType = 'text/plain'): PutGrant => ({
    key: `uploads/${randomUUID()}/${randomUUID()}/a.txt`,
    contentType,
    sizeBytes: bytes.length,
    expiresAt: new Date((Math.floor(Date.now() / 1000) + 600) * 1000),
    place: subject.place,
  })
  async function stored(bytes: Buffer) {
    const grant = grantFor(bytes)
    const { url, headers } = await store.presignPut(grant)
    expect(await subject.send(url, headers, bytes)).toBe(true)
    expect(await store.collect(grant, admit)).toBe('collected')
    const object = await store.head(grant.key)
    if (!object) throw new Error('what was sent is not there')
    return { grant, url, headers, object }
  }

  it('takes what a client sends to its URL, and gives it back whole and in parts', async () => {
    const bytes = Buffer.from('hello, these are bytes')
    const { grant, object } = await stored(bytes)
    expect(object).toMatchObject({ key: grant.key, sizeBytes: 22, sha256: sha256(bytes), contentType: 'text/plain' })
    expect(object.place).toEqual(subject.place)
    expect(await readAll(await store.open(object))).toBe('hello, these are bytes')
    expect(await readAll(await store.open(object, { first: 7, last: 11 }))).toBe('these')
    expect(await store.withFile(object, async (path) => path.length > 0)).toBe(true)
  })

  it('gives one grant one URL', async () => {
    const grant = grantFor(Buffer.from('x'))
    expect((await store.presignPut(grant)).url).toBe((await store.presignPut({ ...grant })).url)
    expect((await store.presignPut({ ...grant, contentType: 'text/html' })).url).not.toBe((await store.presignPut(grant)).url)
  })

  it('knows nothing of what was never sent', async () => {
    const grant = grantFor(Buffer.from('x'))
    expect(await store.collect(grant, admit)).toBe('collected')
    expect(await store.head(grant.key)).toBeNull()
  })

  it('takes the last of what was sent before it is confirmed', async () => {
    const { grant, url, headers } = await stored(Buffer.from('first'))
    expect(await subject.send(url, headers, Buffer.from('later'))).toBe(true)
    await store.collect(grant, admit)
    const object = await store.head(grant.key)
    expect(object?.sha256).toBe(sha256(Buffer.from('later')))
    expect(object && (await readAll(await store.open(object)))).toBe('later')
  })

  it('S34 throws away more than was declared', async () => {
    const before = await subject.count()
    const grant = grantFor(Buffer.from('short'))
    const { url, headers } = await store.presignPut(grant)
    const taken = await subject.send(url, headers, Buffer.from('longer than that'))
    expect(await store.collect(grant, admit)).toBe(taken ? 'long' : 'collected')
    expect(await store.head(grant.key)).toBeNull()
    expect(await subject.count()).toBe(before)
  })

  it('S34 takes nothing of another type, nor at another key, nor longer than the URL lives', async () => {
    const bytes = Buffer.from('bytes')
    const { url, headers } = await store.presignPut(grantFor(bytes))
    expect(await subject.send(url, { ...headers, 'Content-Type': 'text/html' }, bytes)).toBe(false)
    expect(await subject.send(url.replace('a.txt', 'b.txt'), headers, bytes)).toBe(false)
    expect(await subject.send(url.replace(/([Ss]ignature=).{4}/, '$1abcd'), headers, bytes)).toBe(false)
    expect(await subject.send(url.replace(/(expires=|Expires=)\d+/, '$19999999999'), headers, bytes)).toBe(false)
    const dead = await store.presignPut({ ...grantFor(bytes), expiresAt: new Date(Math.floor(Date.now() / 1000) * 1000 - 5_000) })
    expect(await subject.send(dead.url, dead.headers, bytes)).toBe(false)
    expect(await subject.send(url, headers, bytes)).toBe(true)
  })

  it('shows nothing that the transaction refuses, and keeps none of it', async () => {
    const before = await subject.count()
    const refuse = async () => {
      throw new Error('no')
    }
    const object = { ...grantFor(Buffer.from('refused')), key: `uploads/${randomUUID()}/x/r.txt` }
    await expect(store.write(object, Readable.from([Buffer.from('refused')]), refuse)).rejects.toThrow('no')
    expect(await store.head(object.key)).toBeNull()
    // In their own bucket what a tenant's clients sent is theirs.
    if (!subject.place) expect(await subject.count()).toBe(before)
  })

  it('writes exactly as many bytes as were announced, or none', async () => {
    const before = await subject.count()
    for (const [text, kind] of [
      ['too long', 'long'],
      ['sh', 'short'],
    ] as const) {
      const object = { ...grantFor(Buffer.alloc(5)), key: `uploads/${randomUUID()}/x/w.txt` }
      const written = store.write(object, Readable.from([Buffer.from(text)]), admit)
      await expect(written).rejects.toThrow(new BodyLengthError(kind))
      expect(await store.head(object.key)).toBeNull()
    }
    expect(await subject.count()).toBe(before)
    const object = { ...grantFor(Buffer.alloc(4)), contentType: 'image/webp' }
    const written = await store.write(object, Readable.from([Buffer.from('ex'), Buffer.from('ct')]), admit)
    expect(written).toMatchObject({ sha256: sha256(Buffer.from('exct')) })
    expect(await readAll(await store.open(written))).toBe('exct')
  })

  it('has one object of 20 that collect it at once', async () => {
    const bytes = Buffer.from('many hands')
    const grant = grantFor(bytes)
    const { url, headers } = await store.presignPut(grant)
    await subject.send(url, headers, bytes)
    const before = await subject.count()
    await Promise.all(Array.from({ length: 20 }, () => store.collect(grant, admit)))
    const object = await store.head(grant.key)
    expect(object && (await readAll(await store.open(object)))).toBe('many hands')
    expect(await subject.count()).toBe(before)
  })

  it('frees an object when its removal is committed, not before', async () => {
    const { grant, object } = await stored(Buffer.from('going'))
    const before = await subject.count()
    await server.db
      .transaction()
      .execute(async (trx) => {
        await store.remove(trx, grant.key)
        throw new Error('rolled back')
      })
      .catch(() => {})
    expect(await readAll(await store.open(object))).toBe('going')
    const free = await server.db.transaction().execute((trx) => store.remove(trx, grant.key))
    await free()
    expect(await store.head(grant.key)).toBeNull()
    expect(await store.open(object)).toBeNull()
    expect(await subject.count()).toBe(before - 1)
  })

  it('leads to the bytes by URLs that say what they are and end by themselves', async () => {
    const { grant, object } = await stored(Buffer.from('to be read'))
    expect(store.readUrl(grant.key, Object.fromEntries(new URL(store.urlOf(grant.key)).searchParams))).toBeGreaterThan(3_500)
    const served = { contentType: 'application/pdf', contentDisposition: 'attachment; filename="a b.pdf"' }
    const url = await store.presignGet(object, { ...served, method: 'GET' })
    if (isDisk || subject.place) return expect(url).toBeNull()
    const got = await exchange('GET', url ?? '')
    expect([got.status, got.body.toString()]).toEqual([200, 'to be read'])
    expect(got.headers).toMatchObject({ 'content-type': 'application/pdf', 'content-disposition': served.contentDisposition })
    expect((await exchange('GET', url?.replace('attachment', 'inline') ?? '')).status).toBe(403)
    expect((await exchange('GET', url?.replace(/Signature=.{4}/, 'Signature=abcd') ?? '')).status).toBe(403)
    const head = await store.presignGet(object, { ...served, method: 'HEAD' })
    expect((await exchange('HEAD', head ?? '')).headers['content-length']).toBe('10')
  })

  it.skipIf(isDisk)('S34 confirms what it looked at, whatever is sent to the URL afterwards', async () => {
    const { url, headers, object } = await stored(Buffer.from('looked at'))
    expect(await subject.send(url, headers, Buffer.from('swapped!!'))).toBe(true)
    // Ours is a copy out of reach; in a tenant's bucket other bytes are not the file any more.
    expect(await readAll(await store.open(object))).toBe(subject.place ? null : 'looked at')
  })

  it.skipIf(isDisk)('sweeps what nothing refers to, once it is old, and nothing else', async () => {
    const { object } = await stored(Buffer.from('kept'))
    const grant = grantFor(Buffer.from('never confirmed'))
    const { url, headers } = await store.presignPut(grant)
    await subject.send(url, headers, Buffer.from('never confirmed'))
    subject.age(0)
    const before = await subject.count()
    expect(await store.sweep()).toBe(0)
    subject.age(5 * 3_600_000)
    const swept = await store.sweep()
    subject.age(0)
    // A tenant's bucket is the tenant's.
    if (subject.place) return expect(swept).toBe(0)
    expect(swept).toBeGreaterThan(0)
    expect(await subject.count()).toBe(before - swept)
    expect(await readAll(await store.open(object))).toBe('kept')
    await store.collect(grant, admit)
    expect(await store.head(grant.key)).toBeNull()
  })
})
