// Bytes in a bucket that a tenant brought: under their own key, so that the tenant finds them there, and with no right to delete needed.
import { BucketRefusedError, type ByteStore, type Place } from '../object-store.ts'
import { NotAdmitted, placeObject } from '../stored-objects.ts'
import { hashOf, readers, type S3StoreDeps, shiftOf, uploadHeaders } from './s3-byte-store.ts'
import { S3Refusal } from './s3-client.ts'

const putSeconds = 600

export function tenantByteStore({ client, db, clock, scratch }: S3StoreDeps, place: Place): ByteStore {
  const reading = readers(client, scratch)

  /** Speaks of the bucket to its owner, who alone can mend it. */
  async function asked<T>(work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      throw error instanceof S3Refusal ? new BucketRefusedError(`The bucket "${place.bucket}" refuses: ${error.message}.`) : error
    })
  }

  return {
    async presignPut({ key, contentType, sizeBytes, expiresAt }) {
      const url = await client.presign('PUT', key, {
        headers: uploadHeaders(client, contentType, sizeBytes),
        at: expiresAt.getTime() - putSeconds * 1000 - shiftOf(clock),
        seconds: putSeconds,
      })
      return { url, headers: { 'Content-Type': contentType } }
    },
    /** In place. The store's word for this version is kept: what the tenant puts there later is not what was confirmed. */
    collect: (object, admit) =>
      asked(
        (async () => {
          const { key: name } = object
          const arrived = await client.head(name)
          if (!arrived) return 'collected'
          // Deleting may not be allowed to us: then it stays, in the tenant's bucket, unconfirmed.
          if (arrived.sizeBytes > object.sizeBytes) {
            await client.remove(name).catch(() => undefined)
            return 'long'
          }
          const sha256 = await hashOf(client, name, arrived.etag)
          if (!sha256) return 'collected'
          const at = new Date(clock.now())
          const placed = { ...object, name, sha256, sizeBytes: arrived.sizeBytes, etag: arrived.etag, at }
          await placeObject(db, placed, admit).catch((error: unknown) => {
            throw error instanceof NotAdmitted ? error.reason : error
          })
          return 'collected'
        })(),
      ),
    // Pages may connect to hosts that the operator named, and no tenant's: these bytes pass through us.
    presignGet: async () => null,
    open: (object, range) => asked(reading.open(object, range)),
    withFile: (object, use) => asked(reading.withFile(object, use)),
    async write(object, body, admit) {
      const sha256 = await asked(client.put(object.key, body, object))
      const arrived = await asked(client.head(object.key))
      const at = new Date(clock.now())
      const placed = { ...object, name: object.key, sha256, etag: arrived?.etag ?? null, at }
      return placeObject(db, placed, admit).then(
        (result) => result.object,
        (error: unknown) => {
          throw error instanceof NotAdmitted ? error.reason : error
        },
      )
    },
    free: (name) => asked(client.remove(name)),
    sweep: async () => 0,
  }
}
