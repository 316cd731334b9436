// Bytes on this machine's disk: complete and durable under their name, or not there at all.
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { BodyLengthError } from './object-store.ts'

const shardDigits = 2
const fileName = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function createDiskFiles(dir: string) {
  const incoming = join(dir, 'incoming')
  const shardOf = (name: string) => join(dir, name.slice(0, shardDigits))
  const pathOf = (name: string) => join(shardOf(name), name)
  const ready = new Set<string>()

  /** Directories come into being when first needed; their own entries must survive a power cut too. */
  async function ensure(path: string): Promise<void> {
    if (ready.has(path)) return
    await mkdir(path, { recursive: true, mode: 0o700 })
    await syncDirectory(dir)
    ready.add(path)
  }

  /** Streams to a temporary name, syncs, renames, syncs the directory. Never more than one chunk is held. */
  async function write(body: Readable, sizeBytes: number): Promise<{ name: string; sha256: Buffer }> {
    const name = randomUUID()
    const draft = join(incoming, name)
    await ensure(incoming)
    await ensure(shardOf(name))
    try {
      const sha256 = await receive(body, draft, sizeBytes)
      await rename(draft, pathOf(name))
      await syncDirectory(shardOf(name))
      return { name, sha256 }
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }

  /** Names under a shard or in `incoming` whose bytes have not changed for `ageMs`. */
  async function* idle(ageMs: number, now: number): AsyncGenerator<{ draft: boolean; names: string[] }> {
    for (const folder of await list(dir)) {
      const draft = folder === 'incoming'
      if (!draft && !/^[0-9a-f]{2}$/.test(folder)) continue
      const names: string[] = []
      for (const name of await list(join(dir, folder))) {
        if (!fileName.test(name)) continue
        const found = await stat(join(dir, folder, name)).catch(() => null)
        if (found && now - found.mtimeMs > ageMs) names.push(name)
      }
      if (names.length) yield { draft, names }
    }
  }

  return {
    write,
    idle,
    pathOf,
    remove: (name: string) => rm(pathOf(name), { force: true }),
    removeDraft: (name: string) => rm(join(incoming, name), { force: true }),
  }
}

async function receive(body: Readable, path: string, sizeBytes: number): Promise<Buffer> {
  const hash = createHash('sha256')
  const file = await open(path, 'wx', 0o600)
  let received = 0
  try {
    // The connection stays open after a refusal, so that the client can read it.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      received += chunk.length
      if (received > sizeBytes) throw new BodyLengthError('long')
      hash.update(chunk)
      await writeAll(file, chunk)
      release(chunk)
    }
    if (received < sizeBytes) throw new BodyLengthError('short')
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest()
}

/**
 * Frees a chunk that fills its whole ArrayBuffer, so that no other chunk can be in it, at once: the collector of Node 22 and newer lets
 * 64 MB of them pile up before it runs. Node 20 has no transfer() and collects sooner.
 */
function release({ buffer, byteLength }: Buffer & { buffer: { transfer?: (length: number) => unknown } }): void {
  if (byteLength === buffer.byteLength) buffer.transfer?.(0)
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) offset += (await file.write(chunk, offset)).bytesWritten
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  await directory.sync().finally(() => directory.close())
}

async function list(path: string): Promise<string[]> {
  return readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}
