// Hides files. Their bytes stay, and stay counted, until the purge makes the deletion final.
import type { Deps } from '../../deps.ts'
import { type Actor, recordDeed } from './actor.ts'
import { type MediaType, mediaTypes } from './content-types.ts'
import { hideFiles } from './queries.ts'

export interface Deletion {
  readonly deleted: ReadonlySet<string>
  readonly at: Date
}

/** Answers which of these were deleted; the others are unknown here, which is all that anybody is told. */
export async function deleteFiles(
  deps: Pick<Deps, 'db' | 'clock' | 'audit'>,
  actor: Actor,
  ids: readonly string[],
  among: readonly MediaType[] = mediaTypes,
): Promise<Deletion> {
  const at = new Date(deps.clock.now())
  const deleted = await deps.db.transaction().execute(async (trx) => {
    const hidden = (await hideFiles(trx, actor.tenantId, ids, at, among)).sort()
    for (const id of hidden)
      await recordDeed(trx, deps, actor, {
        eventType: 'file.deleted',
        action: 'file.delete',
        resourceType: 'file',
        resourceId: id,
      })
    return new Set(hidden)
  })
  return { deleted, at }
}

/** What came of each, as the batch routes say it. */
export function batchReport(ids: readonly string[], { deleted, at }: Deletion) {
  const failed = ids.filter((id) => !deleted.has(id))
  return {
    deleted: [...deleted].map((id) => ({ id, status: 'deleted', message: null, deleted_at: at.toISOString() })),
    skipped: [],
    failed: failed.map((id) => ({ id, status: 'failed', message: 'There is no such file.', deleted_at: null })),
    summary: { total: ids.length, deleted: deleted.size, skipped: 0, failed: failed.length },
  }
}
