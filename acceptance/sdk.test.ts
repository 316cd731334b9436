// The journey by the SDK alone, against a real server, and through a connection that fails at random.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Aionvision, type UploadOutcome } from '../sdk/src/index.ts'
import { type Person, signUp } from './support/client.ts'
import { relaxed, type Server, startServer, temporaryDirectory } from './support/server.ts'

const plans = { starter: { requestsPerMinute: 100_000, documentSizeBytesMax: 50_000 } }
let server: Server
let owner: Person
let directory: string
beforeAll(async () => {
  server = await startServer({ ...relaxed, AION_PLAN_OVERRIDES: JSON.stringify(plans), AION_TENANT_CEILING_FACTOR: '0' })
  owner = await signUp(server.url)
  directory = await temporaryDirectory()
}, 120_000)
afterAll(() => server.discard())

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

test('key, a directory of 200 files with three bad ones, list, download, usage, rotate, revoke', async () => {
  const person = new Aionvision({ sessionToken: owner.session, baseUrl: server.url })
  expect((await person.user.profile()).email).toBe(owner.email)
  const created = await person.apiKeys.create({ name: 'sdk', scopes: ['read', 'write'] })
  const program = new Aionvision({ apiKey: created.api_key, baseUrl: server.url })

  const folder = join(directory, 'many')
  await mkdir(folder, { recursive: true })
  const contents = new Map<string, string>()
  for (let index = 0; index < 197; index++) {
    const text = `note ${index} ${randomBytes(100 + index).toString('hex')}`
    contents.set(`note-${index}.txt`, text)
    await writeFile(join(folder, `note-${index}.txt`), text)
  }
  await writeFile(join(folder, 'bad-empty.txt'), '')
  await writeFile(join(folder, 'bad-large.txt'), 'x'.repeat(50_001))
  await writeFile(join(folder, 'bad-type.xyz'), 'what is this')

  const outcomes: UploadOutcome<unknown>[] = []
  for await (const outcome of program.uploads.uploadMany(folder)) outcomes.push(outcome)
  const failed = outcomes.flatMap((outcome) =>
    outcome.status === 'failed' ? [[String(outcome.item).split('/').at(-1), outcome.error.code]] : [],
  )
  expect(failed.sort()).toEqual([
    ['bad-empty.txt', 'VALIDATION_ERROR'],
    ['bad-large.txt', 'FILE_TOO_LARGE'],
    ['bad-type.xyz', 'UNSUPPORTED_CONTENT_TYPE'],
  ])

  const listed = new Map<string, string>()
  for await (const file of program.files.list()) listed.set(file.filename ?? '', file.id)
  expect([...listed.keys()].sort()).toEqual([...contents.keys()].sort())
  const back = await bytesOf(await program.files.download(listed.get('note-7.txt') ?? ''))
  expect(back.toString()).toBe(contents.get('note-7.txt'))
  // Five seconds behind at most, as the guide says.
  const counted = async () => (await program.usage.summary()).usage.total_requests
  await expect.poll(counted, { timeout: 10_000, interval: 200 }).toBeGreaterThan(300)

  const successor = await person.apiKeys.rotate(created.id, { overlap_seconds: 0 })
  await expect(program.usage.breakdown()).rejects.toMatchObject({ status: 401 })
  await person.apiKeys.revoke(successor.id, { reason: 'done' })
  const revoked = new Aionvision({ apiKey: successor.api_key, baseUrl: server.url })
  await expect(revoked.usage.breakdown()).rejects.toMatchObject({ code: 'REVOKED_API_KEY' })
}, 120_000)

test('every kind of source arrives whole, says how far it is, and is one upload however often it is asked for', async () => {
  const person = new Aionvision({ sessionToken: owner.session, baseUrl: server.url })
  const bytes = Buffer.from(`text ${'.'.repeat(30_000)}`)
  const path = join(directory, 'note.txt')
  await writeFile(path, bytes)
  async function* pieces() {
    yield bytes.subarray(0, 1000)
    yield bytes.subarray(1000)
  }
  const named = { filename: 'note.txt' }
  const sources = [path, new Blob([bytes]), new Uint8Array(bytes), new Blob([bytes]).stream(), pieces()] as const
  for (const source of sources) {
    const progress: number[] = []
    const { id } = await person.uploads.upload(source, { ...named, onProgress: (sent) => progress.push(sent) })
    expect((await bytesOf(await person.files.download(id))).equals(bytes)).toBe(true)
    expect(progress.at(-1)).toBe(bytes.length)
  }
  const once = { ...named, idempotencyKey: 'just-once' }
  const first = await person.uploads.upload(path, once)
  expect(await person.uploads.upload(path, once)).toEqual(first)
  let begun = ''
  const second = await person.uploads.upload(path, { ...named, onBegun: (objectKey) => (begun = objectKey) })
  expect((await person.uploads.upload(path, { ...named, objectKey: begun })).id).toBe(second.id)
})

/** Refuses, resets and stalls (for good) every third request or so, before it reaches the server or after the server has answered. */
async function storm() {
  const counts = { passed: 0, hurt: 0 }
  const proxy = createServer((incoming, outgoing) => {
    const luck = Math.random()
    const answer = (status: number, headers: Record<string, string>) => {
      counts.hurt++
      incoming.resume()
      outgoing.writeHead(status, { 'content-type': 'application/json', ...headers })
      outgoing.end(
        JSON.stringify({ error: { code: status === 429 ? 'RATE_LIMIT_ERROR' : 'UNAVAILABLE', message: 'Storm.', details: {} } }),
      )
    }
    if (luck < 0.01) {
      // Taken, and never answered.
      counts.hurt++
      return void incoming.resume()
    }
    if (luck < 0.08) return answer(429, { 'retry-after': '0' })
    if (luck < 0.16) return answer(503, { 'retry-after': '0' })
    if (luck < 0.22) {
      counts.hurt++
      return void incoming.socket.destroy()
    }
    const through = forward(
      new URL(incoming.url ?? '', server.url),
      { method: incoming.method ?? 'GET', headers: { ...incoming.headers, host: new URL(server.url).host } },
      (answered) => {
        // It was done, and nobody hears of it.
        if (luck < 0.3) {
          counts.hurt++
          answered.resume()
          return void setTimeout(() => incoming.socket.destroy(), luck < 0.26 ? 0 : 200)
        }
        counts.passed++
        outgoing.writeHead(answered.statusCode ?? 500, answered.headers)
        answered.pipe(outgoing)
      },
    )
    through.on('error', () => incoming.socket.destroy())
    incoming.pipe(through)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  /** Upload URLs name the server itself: they go through the storm as well. */
  const through: typeof fetch = (input, init) => fetch(String(input).replace(server.url, url), init)
  return { counts, through, close: () => proxy.close() }
}

const many = Number(process.env.STORM_UPLOADS ?? 60)
test(`through a storm of 429, 503, resets, stalls and lost answers, ${many} uploads lose and double nothing`, async () => {
  const other = await signUp(server.url)
  const { counts, through, close } = await storm()
  const program = new Aionvision({
    sessionToken: other.session,
    baseUrl: server.url,
    fetch: through,
    maxRetries: 12,
    retryDelay: 5,
    // Of which a stalled attempt has its share: two seconds.
    timeout: 26_000,
  })
  const sums = Array.from({ length: many }, (_, index) => Buffer.from(`storm ${index} ${randomBytes(200).toString('hex')}`))
  const items = sums.map((source, index) => ({ source: new Uint8Array(source), filename: `storm-${index}.txt` }))
  for await (const outcome of program.uploads.uploadMany(items, { concurrency: 8 }))
    if (outcome.status === 'failed') throw outcome.error
  close()
  expect(counts.hurt).toBeGreaterThan(many / 5)
  const calm = new Aionvision({ sessionToken: other.session, baseUrl: server.url })
  const stored: string[] = []
  for await (const file of calm.files.list()) {
    const { hash } = await calm.files.get(file.id)
    stored.push(hash)
  }
  expect(stored.sort()).toEqual(sums.map(sha256).sort())
}, 600_000)
