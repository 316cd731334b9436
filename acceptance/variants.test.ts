// The guide to files as its reader runs it, and what large images do to the server: they pass two at a time, and survive its stop.
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { constants, crc32, deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { call, createKey, signUp, succeed } from './support/client.ts'
import { snippets } from './support/documents.ts'
import { bash } from './support/run.ts'
import { relaxed, startServer, temporaryDirectory } from './support/server.ts'

const mb = 2 ** 20

test('the snippets of docs/guide/files.md work', async () => {
  const server = await startServer(relaxed)
  const cwd = await mkdtemp(join(tmpdir(), 'aion-snippet-'))
  try {
    const owner = await signUp(server.url)
    const { key } = await createKey(server.url, owner.session)
    const env = { AION: server.url, KEY: key, SESSION: owner.session }
    const { code, stderr, stdout } = await bash(snippets('docs/guide/files.md', 'bash').join('\n'), env, cwd)
    expect(`${code} ${stderr}`, stdout).toBe('0 ')
    expect(stdout).toContain('}completed\n')
    const small = await readFile(join(cwd, 'small.webp'))
    expect([small.toString('latin1', 0, 4), small.toString('latin1', 8, 12)]).toEqual(['RIFF', 'WEBP'])
  } finally {
    await rm(cwd, { recursive: true, force: true })
    await server.discard()
  }
})

test('six images of 64 million pixels, each to be held whole, are in memory two at a time', async () => {
  const server = await startServer(relaxed)
  try {
    const { session: token } = await signUp(server.url, 'enterprise')
    const picture = interlaced(8_000, 8_000)
    const before = memory(server.child.pid).now
    const ids = await Promise.all(Array.from({ length: 6 }, () => store(server.url, token, picture)))
    for (const id of ids) expect(await settled(server.url, token, id)).toBe('completed')
    // Twice 256 MB of pixels, and half as much again for the decoder's own tables.
    expect((memory(server.child.pid).peak - before) / mb).toBeLessThan(768)
  } finally {
    await server.discard()
  }
}, 120_000)

test('variants that a stop or a kill interrupts are made at the next start', async () => {
  const dataDir = await temporaryDirectory()
  const first = await startServer(relaxed, dataDir)
  const { session: token } = await signUp(first.url, 'enterprise')
  const picture = interlaced(8_000, 8_000)
  const stopped = await store(first.url, token, picture)
  expect(await first.stop()).toBe(0)
  const second = await startServer(relaxed, dataDir)
  const killed = await store(second.url, token, picture)
  await until(async () => (await statusOf(second.url, token, killed)) === 'processing')
  second.child.kill('SIGKILL')
  await second.stop()
  const third = await startServer(relaxed, dataDir)
  try {
    for (const id of [stopped, killed]) expect(await settled(third.url, token, id)).toBe('completed')
  } finally {
    await third.discard()
  }
}, 120_000)

async function store(url: string, token: string, bytes: Buffer): Promise<string> {
  const body = { filename: 'large.png', content_type: 'image/png', size_bytes: bytes.length }
  const upload = await succeed(call(url, 'POST', '/api/v2/uploads/request-presigned-url', { token, body }))
  const put = await fetch(upload.text('upload_url'), {
    method: 'PUT',
    headers: upload.at('upload_headers') as Record<string, string>,
    body: new Uint8Array(bytes),
  })
  expect(put.status).toBe(200)
  const claim = { object_key: upload.text('object_key'), size_bytes: bytes.length }
  return (await succeed(call(url, 'POST', '/api/v2/uploads/confirm', { token, body: claim }))).text('upload_id')
}

async function statusOf(url: string, token: string, id: string): Promise<string> {
  return (await succeed(call(url, 'GET', `/api/v2/user-files/${id}`, { token }))).text('variant_status')
}

async function settled(url: string, token: string, id: string): Promise<string> {
  let status = ''
  await until(async () => {
    status = await statusOf(url, token, id)
    return status === 'completed' || status === 'failed'
  })
  return status
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await holds()); await sleep(50))
    if (Date.now() > deadline) throw new Error('waited for a minute')
}

/** The most memory a process has ever held, and holds now, in bytes. */
function memory(pid: number | undefined): { peak: number; now: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024
  return { peak: of('VmHWM'), now: of('VmRSS') }
}

/** A transparent PNG in Adam7 order (PNG 3rd edition, §8): first column, first row, and their steps, of each of its seven passes. */
function interlaced(width: number, height: number): Buffer {
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const
  const bytes = passes.reduce(
    (sum, [x, y, dx, dy]) => sum + Math.ceil((height - y) / dy) * (1 + 4 * Math.ceil((width - x) / dx)),
    0,
  )
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 6, 0, 0, 1], 8)
  const pixels = deflateSync(Buffer.alloc(bytes), { level: constants.Z_BEST_SPEED })
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', pixels),
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
