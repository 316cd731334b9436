// Undoes a deletion while it can be undone.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { type Actor, recordDeed } from './actor.ts'
import { noSuchFile } from './find-file.ts'
import { lockFileEvenHidden, unhideFile } from './queries.ts'

export const restorableMs = 30 * 24 * 3_600_000

export async function restoreFile(deps: Pick<Deps, 'db' | 'clock' | 'audit'>, actor: Actor, id: string): Promise<void> {
  const now = deps.clock.now()
  await deps.db.transaction().execute(async (trx) => {
    const file = await lockFileEvenHidden(trx, actor.tenantId, id)
    // Past its time a file is as good as purged, whenever the purge comes by.
    if (!file || (file.deleted_at && file.deleted_at.getTime() + restorableMs <= now)) throw noSuchFile()
    if (!file.deleted_at) throw new ApiError('CONFLICT', 'This file is not deleted.')
    await unhideFile(trx, actor.tenantId, id, new Date(now))
    await recordDeed(trx, deps, actor, {
      eventType: 'file.restored',
      action: 'file.restore',
      resourceType: 'file',
      resourceId: id,
    })
  })
}
