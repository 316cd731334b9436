// What can be uploaded, made one thing: a name, a type, a size, and bytes that can be read, again where they can.
import { AionvisionError } from './errors.ts'

type Bytes = Uint8Array<ArrayBufferLike>
/** A path is for Node, Deno and Bun only. */
export type UploadSource = string | Blob | Bytes | ReadableStream<Bytes> | AsyncIterable<Bytes>

export interface Named {
  readonly filename?: string | undefined
  readonly contentType?: string | undefined
}

export interface Source {
  readonly filename: string
  readonly contentType: string
  readonly size: number
  /** Whether `open` may be called again. */
  readonly replayable: boolean
  open(): AsyncIterable<Bytes> | Promise<AsyncIterable<Bytes>>
  /** Where the bytes are one object that fetch takes as it is. */
  readonly whole: Blob | Bytes | null
}

/** The types that the API takes, by the ending of a name. */
const types: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  txt: 'text/plain',
  md: 'text/markdown',
}

// In variables, so that bundlers for browsers leave them alone.
const nodeFs = 'node:fs'
const nodeFsPromises = 'node:fs/promises'

export async function toSource(source: UploadSource, { filename, contentType }: Named): Promise<Source> {
  if (typeof source === 'string') return fromPath(source, filename ?? source.split(/[\\/]/).at(-1) ?? source, contentType)
  const name = filename ?? (typeof File !== 'undefined' && source instanceof File ? source.name : undefined)
  if (!name) throw invalid('Name the file: pass `filename`.')
  const named = { filename: name, contentType: contentType ?? typeOf(source) ?? typeByName(name) }
  if (source instanceof Uint8Array)
    return { ...named, size: source.byteLength, replayable: true, whole: source, open: () => once(source) }
  if (source instanceof Blob)
    return { ...named, size: source.size, replayable: true, whole: source, open: () => read(source.stream()) }
  // The API asks for the size first, and a stream tells it last.
  const bytes = await collect('getReader' in source ? read(source) : source)
  return { ...named, size: bytes.byteLength, replayable: true, whole: bytes, open: () => once(bytes) }
}

async function fromPath(path: string, filename: string, contentType: string | undefined): Promise<Source> {
  const { stat } = (await import(/* @vite-ignore */ nodeFsPromises)) as typeof import('node:fs/promises')
  const { size } = await stat(path)
  const open = async () => {
    const { createReadStream } = (await import(/* @vite-ignore */ nodeFs)) as typeof import('node:fs')
    return createReadStream(path) as AsyncIterable<Bytes>
  }
  return { filename, contentType: contentType ?? typeByName(filename), size, replayable: true, whole: null, open }
}

/** Regular files below a directory, in the order of their names. */
export async function* filesBelow(directory: string): AsyncGenerator<string> {
  const { readdir } = (await import(/* @vite-ignore */ nodeFsPromises)) as typeof import('node:fs/promises')
  const entries = await readdir(directory, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${directory.replace(/[\\/]$/, '')}/${entry.name}`
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

export async function isDirectory(path: string): Promise<boolean> {
  const { stat } = (await import(/* @vite-ignore */ nodeFsPromises)) as typeof import('node:fs/promises')
  return (await stat(path)).isDirectory()
}

function typeOf(source: UploadSource): string | undefined {
  return source instanceof Blob && source.type ? source.type : undefined
}

function typeByName(name: string): string {
  return types[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream'
}

async function* once(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes
}

/** Safari's streams have no async iterator. */
export async function* read(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

async function collect(source: AsyncIterable<Bytes>): Promise<Bytes> {
  const parts: Bytes[] = []
  for await (const part of source) parts.push(part)
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

export function invalid(message: string): AionvisionError {
  return new AionvisionError(message, { code: 'VALIDATION_ERROR' })
}
