// The store that features see: this installation's own, and beside it the buckets that tenants brought.
import type { Db } from '../database/database.ts'
import { BucketMissingError, type ByteStore, type ObjectStore, type Place } from './object-store.ts'
import type { UrlSigner } from './signed-url.ts'
import { dropObject, findObject } from './stored-objects.ts'

/** The tenant's bucket, opened with its credentials of this moment; null when it has none of that name. */
export type FindBucket = (place: Place) => Promise<ByteStore | null>

export function composeObjectStore({
  db,
  signer,
  primary,
  findBucket,
  takesPuts,
  origin,
  gone = () => false,
  stop = () => {},
  onLeftBehind,
}: {
  readonly db: Db
  readonly signer: UrlSigner
  readonly primary: ByteStore
  readonly findBucket: FindBucket
  /** Whether upload URLs of `primary` lead to this server. */
  readonly takesPuts: boolean
  readonly origin: string | null
  readonly gone?: () => boolean
  readonly stop?: () => void
  /** Bytes could not be freed where they lie; nothing refers to them any more. */
  readonly onLeftBehind: (name: string, error: Error) => void
}): ObjectStore {
  async function at(place: Place | null): Promise<ByteStore> {
    if (!place) return primary
    const bucket = await findBucket(place)
    if (!bucket) throw new BucketMissingError(`There is no bucket "${place.bucket}" configured in this workspace (any more).`)
    return bucket
  }

  return {
    presignPut: async (grant) => (await at(grant.place)).presignPut(grant),
    collect: async (object, admit) => (await at(object.place)).collect(object, admit),
    presignGet: async (object, served) => (await at(object.place)).presignGet(object, served),
    urlOf: signer.get,
    readUrl: signer.readGet,
    head: (key, conn = db) => findObject(conn, key),
    open: async (object, range) => (await at(object.place)).open(object, range),
    withFile: async (object, use) => (await at(object.place)).withFile(object, use),
    write: async (object, body, admit) => (await at(object.place)).write(object, body, admit),
    async remove(trx, key) {
      const object = await dropObject(trx, key)
      return async () => {
        if (!object) return
        // The commit has happened: what stays is swept, or in a tenant's bucket is the tenant's.
        const freed = at(object.place).then((store) => store.free(object.name))
        await freed.catch((error: Error) => onLeftBehind(object.name, error))
      }
    },
    sweep: () => primary.sweep(),
    readPutGrant: takesPuts ? signer.readPut : null,
    origin,
    gone,
    stop,
  }
}
