// Takes in what a client sent past this server, while its upload is still open; then says what arrived.
import type { Deps } from '../../deps.ts'
import type { Arrival, Place } from '../../platform/object-store/object-store.ts'
import { lockStatus, type UploadRow } from './queries.ts'

export function placeOf(upload: Pick<UploadRow, 'tenant_id' | 'bucket_name'>): Place | null {
  return upload.bucket_name === null ? null : { tenantId: upload.tenant_id, bucket: upload.bucket_name }
}

export async function collectObject({ store }: Pick<Deps, 'store'>, upload: UploadRow): Promise<Arrival> {
  const object = {
    key: upload.object_key,
    contentType: upload.content_type,
    sizeBytes: upload.size_bytes,
    place: placeOf(upload),
  }
  try {
    return await store.collect(object, async (trx) => {
      // Locked until the bytes are visible: a confirmation comes before or after, never between.
      const status = await lockStatus(trx, upload.id)
      if (status !== 'pending' && status !== 'failed') throw new Closed()
    })
  } catch (error) {
    if (error instanceof Closed) return 'collected'
    throw error
  }
}

/** Confirmed or given up meanwhile: what arrived since is nobody's. */
class Closed extends Error {}
