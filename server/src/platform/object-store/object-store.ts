// Where the bytes of files are: what any store of objects must do here, be it this machine's disk or a bucket elsewhere.
import type { Readable } from 'node:stream'
import type { Connection, Trx } from '../database/database.ts'

/** A bucket that a tenant brought itself. */
export interface Place {
  readonly tenantId: string
  readonly bucket: string
}

export interface NewObject {
  readonly key: string
  readonly contentType: string
  readonly sizeBytes: number
  /** null: the store of this installation. */
  readonly place: Place | null
}

export interface PutGrant extends NewObject {
  readonly expiresAt: Date
}

export interface StoredObject extends NewObject {
  /** What the bytes are called where they lie. */
  readonly name: string
  /** Lower-case hex. */
  readonly sha256: string
  /** What the store calls this version of the bytes, where somebody else could replace them. */
  readonly etag: string | null
}

/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** Runs in the transaction that makes the bytes visible, and refuses by throwing. */
export type Admit = (trx: Trx) => Promise<void>

/** `collected`: `head` tells what there is. `long`: more arrived than the grant says, and is thrown away. */
export type Arrival = 'collected' | 'long'

/** How a presigned URL is to answer. */
export interface Served {
  readonly method: 'GET' | 'HEAD'
  readonly contentType: string
  readonly contentDisposition: string
}

/** One place for bytes, which knows them by name. */
export interface ByteStore {
  /** The same grant gives the same URL, byte by byte. */
  presignPut(grant: PutGrant): Promise<{ url: string; headers: Record<string, string> }>
  /** Takes in what came past this server. A store that sees the bytes come has done so already. */
  collect(object: NewObject, admit: Admit): Promise<Arrival>
  /** A URL of the store's own, good for a minute; null where this server hands out the bytes itself. */
  presignGet(object: StoredObject, served: Served): Promise<string | null>
  /** null: the bytes are not there, whatever `head` said a moment ago. */
  open(object: StoredObject, range?: ByteRange): Promise<Readable | null>
  /** For what reads back and forth: a file with the object's bytes, there until `use` is done. null as for `open`. */
  withFile<T>(object: StoredObject, use: (path: string) => Promise<T>): Promise<T | null>
  /** Durable once it resolves. */
  write(object: NewObject, body: Readable, admit: Admit): Promise<StoredObject>
  free(name: string): Promise<void>
  /** Frees bytes that no object refers to and that are too old to be on their way; answers how many went. */
  sweep(): Promise<number>
}

export interface ObjectStore extends Omit<ByteStore, 'presignGet' | 'free'> {
  /** At this server, which looks whether the object may still be read. Good for one hour. */
  urlOf(key: string): string
  /** Seconds that such a URL is still good for; null: not signed by us for this, or no longer valid. */
  readUrl(key: string, query: SignedQuery): number | null
  presignGet: ByteStore['presignGet']
  head(key: string, conn?: Connection): Promise<StoredObject | null>
  /** The object is gone when the transaction commits; call what is returned afterwards, to free its bytes. */
  remove(trx: Trx, key: string): Promise<() => Promise<void>>
  /** Set where this server itself takes the bytes, under /objects/. null: not signed by us for this, or no longer valid. */
  readonly readPutGrant: ((key: string, query: SignedQuery) => PutGrant | null) | null
  /** The store did not answer lately, and is asked again after a while. */
  readonly gone: () => boolean
  /** Nobody looks whether it is there any more. */
  readonly stop: () => void
  /** The origin that browsers send bytes to and get them from, where it is not ours. */
  readonly origin: string | null
}

export type SignedQuery = Readonly<Record<string, unknown>>

/** The body was not as long as the grant says. */
export class BodyLengthError extends Error {
  override readonly name = 'BodyLengthError'
  constructor(readonly kind: 'long' | 'short') {
    super(`the body is too ${kind}`)
  }
}

/** The store does not answer, or not in time: later it may. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
}

/** The tenant's bucket answers, and says no; `message` is for its owner to read. */
export class BucketRefusedError extends Error {
  override readonly name = 'BucketRefusedError'
}

/** The tenant has no bucket of this name (any more). */
export class BucketMissingError extends Error {
  override readonly name = 'BucketMissingError'
}
