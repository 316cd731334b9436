// Many files in one: a tar, so that any tar can look into it, written and read in one pass, with a seal over all that it holds at its end.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StartupError } from './startup-error.ts'

/** Everything in a tar is a multiple of this: POSIX.1-1988, "ustar". */
const blockBytes = 512
const readBytes = 256 * 1024
/** Eleven octal digits; GNU's binary form, which tar and bsdtar read, holds what is longer. */
const octalMax = 8 ** 11
const sealName = 'seal'

export type Content = Iterable<Buffer> | AsyncIterable<Buffer>

export interface ArchiveWriter {
  add(name: string, content: Content): Promise<void>
  /** Has it on disk under its name. Answers its length. */
  finish(key: Buffer): Promise<number>
  abandon(): Promise<void>
}

/** Under another name until it is whole, and for its owner's eyes from the first byte on. */
export async function createArchive(path: string): Promise<ArchiveWriter> {
  const draft = `${path}.partial`
  await rm(draft, { force: true })
  const file = await open(draft, 'wx', 0o600)
  const digest = createHash('sha256')
  let end = 0

  async function write(bytes: Buffer): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, offset, bytes.length - offset, end)
      offset += bytesWritten
      end += bytesWritten
    }
  }

  async function add(name: string, content: Content): Promise<void> {
    const start = end
    const hash = createHash('sha256')
    // How long it is shows only at its end, and then the header is written in front of it.
    end += blockBytes
    for await (const chunk of content) {
      hash.update(chunk)
      await write(chunk)
    }
    const size = end - start - blockBytes
    const header = headerOf(name, size)
    await file.write(header, 0, blockBytes, start)
    await write(Buffer.alloc(paddingOf(size)))
    digest.update(lineOf(hash.digest(), name))
  }

  return {
    add,
    async finish(key) {
      await add(sealName, [createHmac('sha256', key).update(digest.copy().digest()).digest()])
      await write(Buffer.alloc(2 * blockBytes))
      await file.sync()
      await file.close()
      await rename(draft, path)
      const directory = await open(dirname(path), 'r')
      await directory.sync().finally(() => directory.close())
      return end
    },
    async abandon() {
      await file.close().catch(() => {})
      await rm(draft, { force: true })
    },
  }
}

export interface Entry {
  readonly name: string
  readonly content: AsyncIterable<Buffer>
}

export interface ArchiveReader {
  /** In order, each to be read before the next. */
  entries(): AsyncGenerator<Entry>
  /** After the last entry: throws unless every byte is as it was when the holder of `key` wrote it. */
  verify(key: Buffer): void
  close(): Promise<void>
}

export async function openArchive(path: string): Promise<ArchiveReader> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new StartupError(`The archive ${path} cannot be read (${error.code}).`)
  })
  const digest = createHash('sha256')
  let position = 0
  let seal: Buffer = Buffer.alloc(0)
  const damaged = (how: string) => new StartupError(`The archive ${path} ${how}.`)

  async function* content(name: string, size: number): AsyncGenerator<Buffer> {
    const hash = createHash('sha256')
    const end = position + size
    while (position < end) {
      const chunk = await read(file, position, Math.min(readBytes, end - position))
      if (chunk.length === 0) throw damaged('is cut off')
      position += chunk.length
      hash.update(chunk)
      yield chunk
    }
    position += paddingOf(size)
    if (name !== sealName) digest.update(lineOf(hash.digest(), name))
  }

  return {
    async *entries() {
      for (;;) {
        const header = await read(file, position, blockBytes)
        if (header.length < blockBytes) throw damaged(position === 0 ? 'is no backup' : 'is cut off')
        if (header.every((byte) => byte === 0)) return
        if (!isHeader(header)) throw damaged(position === 0 ? 'is no backup' : 'is damaged')
        position += blockBytes
        const name = header.toString('utf8', 0, header.indexOf(0))
        const body = content(name, sizeIn(header))
        if (name === sealName) seal = await whole(body)
        else yield { name, content: body }
      }
    },
    verify(key) {
      const expected = createHmac('sha256', key).update(digest.copy().digest()).digest()
      if (seal.length !== expected.length || !timingSafeEqual(seal, expected)) throw damaged('was changed after it was made')
    },
    close: () => file.close(),
  }
}

export async function whole(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function lineOf(sha256: Buffer, name: string): string {
  return `${sha256.toString('hex')}  ${name}\n`
}

function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes
}

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(blockBytes)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  header.write(name, 0, 99)
  header.write(octal(0o600, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  if (size < octalMax) header.write(octal(size, 11), 124)
  else {
    header[124] = 0x80
    header.writeBigUInt64BE(BigInt(size), 128)
  }
  header.write(octal(Math.floor(Date.now() / 1000), 11), 136)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  header.write(`${octal(checksumOf(header), 6)}\u0000 `, 148)
  return header
}

function isHeader(header: Buffer): boolean {
  return (
    header.toString('latin1', 257, 262) === 'ustar' &&
    Number.parseInt(header.toString('latin1', 148, 154), 8) === checksumOf(header)
  )
}

/** Of a header whose own checksum is blank. */
function checksumOf(header: Buffer): number {
  let sum = 0
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 32 : byte
  return sum
}

function sizeIn(header: Buffer): number {
  return header[124] === 0x80 ? Number(header.readBigUInt64BE(128)) : Number.parseInt(header.toString('latin1', 124, 135), 8)
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
