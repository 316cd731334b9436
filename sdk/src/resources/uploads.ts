// Files on their way in: request → PUT → confirm, each step repeated until it is known to have happened, and none twice.
import { AionvisionError } from '../errors.ts'
import { hasXhr, putByXhr } from '../put-by-xhr.ts'
import { filesBelow, isDirectory, type Named, type Source, toSource, type UploadSource } from '../source.ts'
import { deadlineOf, errorOf, isTransient, pause, type Transport } from '../transport.ts'
import type { Answer } from '../types.ts'

export interface UploadOptions extends Named {
  /** Bytes that the server's side has been handed, and all of them. */
  readonly onProgress?: ((sent: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for all three steps. */
  readonly timeout?: number | undefined
  /** `custom`: to the bucket that the workspace brought. */
  readonly storageTarget?: 'default' | 'custom' | undefined
  /** Sends the SHA-256 of what was read, so that the server compares. Default true. */
  readonly checksum?: boolean | undefined
  /** Uploads that were asked for under the same key within an hour are one. Drawn at random unless given. */
  readonly idempotencyKey?: string | undefined
  /** From an earlier run that was cut off: confirmed if its bytes arrived, else begun anew. */
  readonly objectKey?: string | undefined
  /** For a run that may be cut off: what to hand in as `objectKey` next time. */
  readonly onBegun?: ((objectKey: string) => void) | undefined
}

export interface Uploaded {
  /** Of the file or document. */
  readonly id: string
  readonly objectKey: string
  readonly filename: string
  readonly size: number
}

export interface UploadItem extends Omit<UploadOptions, 'signal'> {
  readonly source: UploadSource
}

export type UploadOutcome<Item> =
  | { readonly item: Item; readonly status: 'stored'; readonly upload: Uploaded }
  | { readonly item: Item; readonly status: 'failed'; readonly error: AionvisionError }

export interface UploadManyOptions {
  /** At most so many at once; what the plan allows, and no more than 8, unless given. */
  readonly concurrency?: number | undefined
  readonly signal?: AbortSignal | undefined
}

interface Presigned {
  readonly upload_url: string
  readonly upload_headers: Record<string, string> | null
  readonly object_key: string
}

const concurrencyMax = 8
/** Of the steps that start over: a URL that died meanwhile, bytes that did not arrive whole. */
const roundsMax = 3
/** 64 KiB a second: an attempt that is slower than that, and has used up its share of the time, has stalled. */
const slowestBytesPerMs = 65_536 / 1000
const startOver = new Set(['INVALID_SIGNATURE', 'OBJECT_NOT_FOUND', 'UPLOAD_MISMATCH', 'NOT_FOUND'])

export class Uploads {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async upload(given: UploadSource, options: UploadOptions = {}): Promise<Uploaded> {
    const deadline = deadlineOf(options.signal, options.timeout ?? this.#transport.options.timeout)
    try {
      const source = await toSource(given, options)
      const idempotencyKey = options.idempotencyKey ?? crypto.randomUUID()
      if (options.objectKey) {
        const id = await this.#confirm(source, options.objectKey, null, deadline.signal).catch((error: AionvisionError) => {
          if (startOver.has(error.code)) return null
          throw error
        })
        if (id) return { id, objectKey: options.objectKey, filename: source.filename, size: source.size }
      }
      for (let round = 1; ; round++)
        try {
          return await this.#send(source, `${idempotencyKey}${round > 1 ? `.${round}` : ''}`, options, deadline.signal)
        } catch (error) {
          if (round >= roundsMax || !(error instanceof AionvisionError) || !startOver.has(error.code)) throw error
        }
    } catch (error) {
      throw deadline.explain(error)
    } finally {
      deadline.clear()
    }
  }

  /**
   * Each outcome as it comes; one that fails stops nothing. `items` is a directory (Node, Deno, Bun), or anything that yields
   * sources or items.
   */
  async *uploadMany<Item extends UploadItem | UploadSource>(
    items: string | Iterable<Item> | AsyncIterable<Item>,
    { concurrency, signal }: UploadManyOptions = {},
  ): AsyncGenerator<UploadOutcome<Item | string>> {
    const each = typeof items === 'string' ? ((await isDirectory(items)) ? filesBelow(items) : [items]) : items
    const iterator: AsyncIterator<Item | string> | Iterator<Item | string> =
      Symbol.asyncIterator in each ? each[Symbol.asyncIterator]() : each[Symbol.iterator]()
    const most = Math.max(1, concurrency ?? (await this.#allowed(signal)))
    const underWay = new Map<number, Promise<{ place: number; outcome: UploadOutcome<Item | string> }>>()
    let place = 0
    let more = true
    while (more || underWay.size > 0) {
      while (more && underWay.size < most) {
        const next = await iterator.next()
        if (next.done) {
          more = false
          break
        }
        const mine = place++
        underWay.set(
          mine,
          this.#outcome(next.value, signal).then((outcome) => ({ place: mine, outcome })),
        )
      }
      if (underWay.size === 0) return
      const { place: done, outcome } = await Promise.race(underWay.values())
      underWay.delete(done)
      yield outcome
    }
  }

  quota(fileCount = 1, signal?: AbortSignal): Promise<Answer<'/api/v2/uploads/quota-check', 'get'>> {
    return this.#transport.json('GET', '/api/v2/uploads/quota-check', { query: { file_count: fileCount }, signal })
  }

  /** Which of these SHA-256 sums (hex) the workspace has already. */
  checkDuplicates(hashes: readonly string[]): Promise<Answer<'/api/v2/uploads/check-duplicates', 'post'>> {
    return this.#transport.json('POST', '/api/v2/uploads/check-duplicates', { body: { hashes }, idempotent: true })
  }

  status(fileId: string): Promise<Answer<'/api/v2/uploads/status/{image_id}', 'get'>> {
    return this.#transport.json('GET', `/api/v2/uploads/status/${encodeURIComponent(fileId)}`)
  }

  async #outcome<Item extends UploadItem | UploadSource>(item: Item, signal?: AbortSignal): Promise<UploadOutcome<Item>> {
    try {
      const given: UploadItem = isItem(item) ? item : { source: item as UploadSource }
      return { item, status: 'stored', upload: await this.upload(given.source, { ...given, signal }) }
    } catch (error) {
      const known =
        error instanceof AionvisionError
          ? error
          : new AionvisionError(error instanceof Error ? error.message : String(error), {
              code: 'VALIDATION_ERROR',
              cause: error,
            })
      return { item, status: 'failed', error: known }
    }
  }

  async #allowed(signal?: AbortSignal): Promise<number> {
    const { max_concurrent_uploads: allowed } = await this.quota(1, signal)
    return Math.min(concurrencyMax, allowed ?? concurrencyMax)
  }

  async #send(source: Source, key: string, options: UploadOptions, signal: AbortSignal): Promise<Uploaded> {
    const { filename, contentType, size } = source
    const { upload_url, upload_headers, object_key } = await this.#transport.json<Presigned>(
      'POST',
      `${prefixOf(contentType)}/request-presigned-url`,
      {
        body: {
          filename,
          content_type: contentType,
          size_bytes: size,
          idempotency_key: key,
          ...(options.storageTarget && { storage_target: options.storageTarget }),
        },
        signal,
        idempotent: true,
      },
    )
    options.onBegun?.(object_key)
    const checksum = await this.#put(source, { url: upload_url, headers: upload_headers ?? {} }, options, signal)
    const id = await this.#confirm(source, object_key, checksum, signal)
    return { id, objectKey: object_key, filename, size }
  }

  /** Repeated until the store has said that it has all of it; answers the SHA-256 of what was read. */
  async #put(
    source: Source,
    target: { url: string; headers: Record<string, string> },
    options: UploadOptions,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { maxRetries, retryDelay, timeout, fetch } = this.#transport.options
    const share = (options.timeout ?? timeout) / (maxRetries + 1) + source.size / slowestBytesPerMs
    for (let attempt = 0; ; attempt++) {
      const { onProgress } = options
      const byXhr = hasXhr && source.whole !== null && onProgress !== undefined
      const sent = await digesting(source, byXhr ? { ...options, onProgress: undefined } : options)
      let failure: AionvisionError
      const stalled = deadlineOf(signal, share)
      try {
        const init = {
          method: 'PUT',
          headers: { ...target.headers, ...sent.headers },
          body: sent.body,
          signal: stalled.signal,
          duplex: 'half',
        }
        const response = byXhr
          ? await putByXhr(target.url, { headers: target.headers, body: sent.body as Blob, signal: stalled.signal }, (bytes) =>
              onProgress(bytes, source.size),
            )
          : await fetch(target.url, init as RequestInit)
        if (response.ok) {
          await response.body?.cancel()
          options.onProgress?.(source.size, source.size)
          return sent.checksum()
        }
        failure = storeRefusal(response) ?? (await errorOf(response, null))
        // An earlier attempt, whose answer was lost, has been confirmed.
        if (failure.code === 'ALREADY_CONFIRMED') return sent.checksum()
      } catch (error) {
        if (signal.aborted || error instanceof AionvisionError) throw error
        failure = new AionvisionError('The connection broke during the upload.', { code: 'NETWORK_ERROR', cause: error })
      } finally {
        stalled.clear()
      }
      if (attempt >= maxRetries || !source.replayable || !isTransient(failure)) throw failure
      await pause(failure.retryAfter ?? Math.random() * retryDelay * 2 ** attempt, signal)
    }
  }

  async #confirm(source: Source, objectKey: string, checksum: string | null, signal: AbortSignal): Promise<string> {
    const body = {
      object_key: objectKey,
      size_bytes: source.size,
      content_type: source.contentType,
      ...(checksum && { checksum }),
    }
    const confirmed = await this.#transport.json<{ upload_id?: string; document_id?: string }>(
      'POST',
      `${prefixOf(source.contentType)}/confirm`,
      // Confirming twice is confirming once.
      { body, signal, idempotent: true },
    )
    return confirmed.upload_id ?? confirmed.document_id ?? ''
  }
}

/** A bucket answers in XML: what it refuses is a URL that died, or was not used as it was signed. */
function storeRefusal({ status, headers }: Response): AionvisionError | null {
  if (status !== 403 || headers.get('content-type')?.includes('json')) return null
  return new AionvisionError('The store refused the upload URL.', { code: 'INVALID_SIGNATURE', status })
}

function isItem(item: UploadItem | UploadSource): item is UploadItem {
  return typeof item === 'object' && 'source' in item
}

const prefixOf = (contentType: string) => (contentType.startsWith('image/') ? '/api/v2/uploads' : '/api/v2/document-uploads')

/** The body of one attempt, and the SHA-256 of what passed through it. */
async function digesting(source: Source, { checksum = true, onProgress }: UploadOptions) {
  const { whole, size } = source
  if (whole && !onProgress) {
    const sum = checksum ? await sha256(whole) : null
    return { body: whole as FetchBody, headers: {}, checksum: () => sum }
  }
  const hash = checksum ? await incremental() : null
  const sum = checksum && !hash && whole ? await sha256(whole) : null
  const iterator = (await source.open())[Symbol.asyncIterator]()
  let sent = 0
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done) return controller.close()
        hash?.update(value)
        sent += value.byteLength
        controller.enqueue(value)
        onProgress?.(sent, size)
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return { body: body as FetchBody, headers: { 'content-length': String(size) }, checksum: () => hash?.digest('hex') ?? sum }
}

type FetchBody = NonNullable<RequestInit['body']>

// In a variable, so that bundlers for browsers leave it alone.
const nodeCrypto = 'node:crypto'

async function incremental() {
  try {
    const { createHash } = (await import(/* @vite-ignore */ nodeCrypto)) as typeof import('node:crypto')
    return createHash('sha256')
  } catch {
    return null
  }
}

async function sha256(whole: Blob | Uint8Array): Promise<string> {
  const bytes = whole instanceof Blob ? await whole.arrayBuffer() : (whole as Uint8Array<ArrayBuffer>)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
