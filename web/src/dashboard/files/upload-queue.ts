// Uploads under way, whatever page is shown: a few at once, each with its progress, its end, and the reason where it failed.
import { type Aionvision, AionvisionError } from '@aionvision/sdk'

export type UploadState = 'waiting' | 'sending' | 'stored' | 'failed' | 'cancelled'

export interface Upload {
  readonly id: number
  readonly file: File
  readonly workspaceId: string
  readonly state: UploadState
  readonly sent: number
  readonly error: AionvisionError | null
}

interface Entry {
  upload: Upload
  readonly api: Aionvision
  idempotencyKey: string
  objectKey: string | undefined
  stop: AbortController | null
}

/** Browsers open six connections to a server; the pages need some of them. */
const atOnceMax = 4
/** Above it, reading the whole file into memory to sum it costs more than it proves. */
const checksumBytesMax = 64 * 1024 * 1024
const timeoutMs = 60 * 60_000
/** Progress comes many times a second; eyes need it a few times. */
const tellEveryMs = 120

export class UploadQueue {
  readonly #entries = new Map<number, Entry>()
  readonly #listeners = new Set<() => void>()
  readonly #allowed = new Map<Aionvision, Promise<number>>()
  readonly #onStored: (workspaceId: string) => void
  #snapshot: readonly Upload[] = []
  #next = 1
  #sending = 0
  #most = 0
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(onStored: (workspaceId: string) => void) {
    this.#onStored = onStored
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly uploads = (): readonly Upload[] => this.#snapshot

  add(api: Aionvision, workspaceId: string, files: readonly File[]): void {
    for (const file of files) {
      const id = this.#next++
      const upload: Upload = { id, file, workspaceId, state: 'waiting', sent: 0, error: null }
      this.#entries.set(id, { upload, api, idempotencyKey: crypto.randomUUID(), objectKey: undefined, stop: null })
    }
    this.#tell()
    void this.#allowedBy(api).then((most) => {
      this.#most = most
      this.#advance()
    })
  }

  cancel(id: number): void {
    const entry = this.#entries.get(id)
    if (!entry || (entry.upload.state !== 'waiting' && entry.upload.state !== 'sending')) return
    this.#change(entry, { state: 'cancelled' })
    entry.stop?.abort()
    this.#tell()
  }

  retry(id: number): void {
    const entry = this.#entries.get(id)
    if (!entry || (entry.upload.state !== 'failed' && entry.upload.state !== 'cancelled')) return
    // After a connection that broke nobody knows what arrived: the same upload goes on. Anything else begins anew.
    if (entry.upload.error?.code !== 'NETWORK_ERROR' && entry.upload.error?.code !== 'TIMEOUT') {
      entry.idempotencyKey = crypto.randomUUID()
      entry.objectKey = undefined
    }
    this.#change(entry, { state: 'waiting', sent: 0, error: null })
    this.#tell()
    this.#advance()
  }

  /** What has ended leaves the list. */
  clear(workspaceId: string): void {
    for (const [id, { upload }] of this.#entries)
      if (upload.workspaceId === workspaceId && upload.state !== 'waiting' && upload.state !== 'sending') this.#entries.delete(id)
    this.#tell()
  }

  #advance(): void {
    for (const entry of this.#entries.values()) {
      if (this.#sending >= this.#most) return
      if (entry.upload.state !== 'waiting' || entry.stop) continue
      entry.stop = new AbortController()
      this.#sending++
      void this.#send(entry, entry.stop.signal).finally(() => {
        entry.stop = null
        this.#sending--
        this.#tell()
        this.#advance()
      })
    }
  }

  async #send(entry: Entry, signal: AbortSignal): Promise<void> {
    const { file, workspaceId } = entry.upload
    try {
      if (file.size === 0) throw new AionvisionError('', { code: 'VALIDATION_ERROR', details: { empty: true } })
      this.#change(entry, { state: 'sending' })
      this.#tellSoon()
      await entry.api.uploads.upload(file, {
        signal,
        timeout: timeoutMs,
        checksum: file.size <= checksumBytesMax,
        idempotencyKey: entry.idempotencyKey,
        objectKey: entry.objectKey,
        onBegun: (objectKey) => {
          entry.objectKey = objectKey
        },
        onProgress: (sent) => {
          if (signal.aborted) return
          this.#change(entry, { sent })
          this.#tellSoon()
        },
      })
      this.#change(entry, { state: 'stored', sent: file.size })
      this.#onStored(workspaceId)
    } catch (error) {
      // Cancelled by hand is no failure, and may wait for its next turn already.
      if (signal.aborted) return
      this.#change(entry, { state: 'failed', error: known(error) })
    }
  }

  #allowedBy(api: Aionvision): Promise<number> {
    let allowed = this.#allowed.get(api)
    if (!allowed) {
      allowed = api.uploads.quota().then(
        ({ max_concurrent_uploads }) => Math.min(atOnceMax, max_concurrent_uploads),
        () => atOnceMax,
      )
      this.#allowed.set(api, allowed)
    }
    return allowed
  }

  #change(entry: Entry, change: Partial<Upload>): void {
    entry.upload = { ...entry.upload, ...change }
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => this.#tell(), tellEveryMs)
  }

  #tell(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#snapshot = Array.from(this.#entries.values(), ({ upload }) => upload)
    for (const listener of this.#listeners) listener()
  }
}

/** A file that was moved or changed meanwhile fails in the browser, not at the server. */
function known(error: unknown): AionvisionError {
  if (error instanceof AionvisionError) return error
  return new AionvisionError(error instanceof Error ? error.message : String(error), {
    code: 'VALIDATION_ERROR',
    details: { unreadable: true },
    cause: error,
  })
}
