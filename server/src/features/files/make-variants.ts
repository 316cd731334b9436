// Makes an image's variants, as a job: whatever is wrong with the image ends in its status, whatever is wrong here is tried again.
import { Readable } from 'node:stream'
import type { Deps } from '../../deps.ts'
import type { Trx } from '../../platform/database/database.ts'
import { ImageFault, shrinkImage } from '../../platform/images.ts'
import { BucketMissingError, BucketRefusedError } from '../../platform/object-store/object-store.ts'
import {
  beginVariants,
  failVariants,
  finishVariants,
  holdFile,
  lockWithoutVariants,
  markVariantsPending,
} from './variant-queries.ts'
import { variantKey, variantSides } from './variants.ts'

type Needs = Pick<Deps, 'db' | 'clock' | 'store' | 'jobs' | 'log'>

/** Behind mails and whatever else a person waits for, which have 0. */
const priority = 10
const queuedAtOnce = 1_000

/** Answers the job's id. In one of two queues, so that two images at most are in memory, whoever uploads how many. */
export async function queueVariants(trx: Trx, { jobs }: Pick<Deps, 'jobs'>, fileId: string): Promise<string> {
  const queue = `variants-${Number.parseInt(fileId.slice(-1), 16) % 2}`
  return jobs.add(trx, 'make-variants', { file_id: fileId }, { queue, priority, key: `variants:${fileId}` })
}

export async function makeVariants(deps: Needs, fileId: string): Promise<void> {
  const { db, clock, store, log } = deps
  const now = () => new Date(clock.now())
  const file = await beginVariants(db, fileId, now())
  if (!file) return
  try {
    const object = await store.head(file.object_key)
    const copies = object && (await store.withFile(object, (path) => shrinkImage(path, variantSides)))
    if (!copies) throw new ImageFault('The bytes of this image are not there.')
    for (const { name, webp } of copies) {
      const target = {
        key: variantKey(file, name),
        contentType: 'image/webp',
        sizeBytes: webp.length,
        place: object?.place ?? null,
      }
      await store.write(target, Readable.from([webp]), async (trx) => {
        if (!(await holdFile(trx, fileId))) throw new FileGone()
      })
    }
    await finishVariants(db, fileId, copies.length, now())
  } catch (error) {
    if (error instanceof FileGone) return
    if (!(error instanceof ImageFault) && !isTheirBucket(error)) throw error
    log.info({ file_id: fileId, err: error.message, cause: String(error.cause ?? '') }, 'no variants of this image')
    await failVariants(db, fileId, error.message, now())
  }
}

/** Only its owner can mend it, and then asks again. */
function isTheirBucket(error: unknown): error is Error {
  return error instanceof BucketRefusedError || error instanceof BucketMissingError
}

/** Purged while its variants were made. */
class FileGone extends Error {}

/** Images that were uploaded before there were variants get theirs. */
export async function queueMissingVariants({ db, clock, jobs }: Needs): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const id of await lockWithoutVariants(trx, queuedAtOnce)) {
      await markVariantsPending(trx, id, new Date(clock.now()))
      await queueVariants(trx, { jobs }, id)
    }
  })
}
