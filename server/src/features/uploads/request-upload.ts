// Begins one upload: checks what can be checked before the bytes come, and says where to send them.
import type { Deps } from '../../deps.ts'
import type { Actor } from '../files/actor.ts'
import type { MediaType } from '../files/content-types.ts'
import { bucketFor } from './bucket-for.ts'
import { checkFiles, sizeMaxOf, type WantedFile } from './check-file.ts'
import { fingerprintOf, recall, revive } from './idempotency.ts'
import { insertUploads, type UploadRow } from './queries.ts'
import { readUse, refusalFor } from './quota.ts'
import { newUpload } from './upload-url.ts'

export async function requestUpload(
  deps: Pick<Deps, 'db' | 'clock' | 'plans'>,
  actor: Actor,
  wanted: WantedFile & { readonly mediaType: MediaType; readonly purpose: string | null },
): Promise<{ upload: UploadRow; maxSizeBytes: number }> {
  const plan = deps.plans[actor.plan]
  const maxSizeBytes = sizeMaxOf(plan, wanted.mediaType)
  const [file] = checkFiles(plan, [wanted], [wanted.mediaType], false)
  if (!file) throw new Error('one file was checked, none came back')
  const now = deps.clock.now()
  const fingerprint = fingerprintOf([
    'one',
    file.mediaType,
    file.filename,
    file.contentType,
    file.sizeBytes,
    wanted.purpose,
    file.storageTarget,
  ])
  const bucketName = await bucketFor(deps.db, actor.tenantId, [file])

  const begin = async (conn: Parameters<typeof readUse>[0]): Promise<UploadRow> => {
    const refusal = refusalFor(plan, await readUse(conn, actor.tenantId, now), { bytes: file.sizeBytes, uploads: 1 }, now)
    if (refusal) throw refusal
    const upload = newUpload(actor, file, now, { fingerprint, bucketName: bucketName(file) })
    await insertUploads(conn, [upload])
    return upload
  }
  // Nothing is spent here, so without a key to hold there is nothing to hold together.
  if (file.idempotencyKey === null) return { upload: await begin(deps.db), maxSizeBytes }
  const key = file.idempotencyKey
  const upload = await deps.db.transaction().execute(async (trx) => {
    const known = await recall(trx, actor.tenantId, [{ key, fingerprint }], now)
    return known ? (await revive(trx, known, now))[0] : await begin(trx)
  })
  if (!upload) throw new Error('a known key led to no upload')
  return { upload, maxSizeBytes }
}
