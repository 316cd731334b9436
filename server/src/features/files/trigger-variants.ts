// Makes an image's variants again: after a failure, or when they seem stuck.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { type Actor, recordDeed } from './actor.ts'
import { noSuchFile } from './find-file.ts'
import { queueVariants } from './make-variants.ts'
import { lockFile } from './queries.ts'
import { markVariantsPending } from './variant-queries.ts'

/** A job that was begun this long ago may have been lost with its server; before, it is under way. */
const underWayMs = 10 * 60_000

export interface Triggered {
  /** null: they are being made already. */
  readonly taskId: string | null
  readonly status: 'pending' | 'processing'
}

export async function triggerVariants(
  deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'jobs'>,
  actor: Actor,
  id: string,
): Promise<Triggered> {
  const now = deps.clock.now()
  return deps.db.transaction().execute(async (trx) => {
    const file = await lockFile(trx, actor.tenantId, id)
    if (!file) throw noSuchFile()
    if (file.media_type !== 'image') throw new ApiError('CONFLICT', 'Only images have variants.')
    const status = file.variant_status
    const since = now - (file.variant_status_at?.getTime() ?? 0)
    if ((status === 'pending' || status === 'processing') && since < underWayMs) return { taskId: null, status }
    await markVariantsPending(trx, id, new Date(now))
    const taskId = await queueVariants(trx, deps, id)
    await recordDeed(trx, deps, actor, {
      eventType: 'file.updated',
      action: 'file.trigger_variants',
      resourceType: 'file',
      resourceId: id,
    })
    return { taskId, status: 'pending' }
  })
}
