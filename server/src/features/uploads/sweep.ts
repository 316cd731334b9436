// What nobody asks for and must happen all the same: uploads given up, bytes that belong to nothing, deletions that became final.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { recordEvent } from '../audit/record-event.ts'
import { deleteFileRow, lockHiddenBefore } from '../files/queries.ts'
import { restorableMs } from '../files/restore-file.ts'
import { variantKey, variantNames } from '../files/variants.ts'
import { deleteExpiredRows, deleteUploadRow, lockAbandoned, markExpired, selectOwnerlessKeys } from './queries.ts'
import { giveBack } from './quota.ts'

type Needs = Pick<Deps, 'db' | 'clock' | 'store' | 'audit' | 'log'>

const hourMs = 3_600_000
/** Longer than a URL lives and a batch can be recovered. */
const abandonedMs = 3 * hourMs
/** How long an upload that came to nothing can still be asked about. */
const rememberedMs = 30 * 24 * hourMs

export function uploadTasks(deps: Needs): Tasks {
  return {
    tasks: {
      'sweep-uploads': async () => {
        const orphans = await repeat(() => sweepOne(deps))
        const ownerless = await sweepOwnerless(deps)
        await deleteExpiredRows(deps.db, new Date(deps.clock.now() - rememberedMs))
        if (orphans + ownerless > 0) deps.log.info({ orphans, ownerless }, 'swept uploads that were never confirmed')
      },
      'sweep-objects': async () => {
        const removed = await deps.store.sweep()
        if (removed > 0) deps.log.info({ removed }, 'swept bytes that belong to no object')
      },
      'purge-files': async () => {
        const purged = await repeat(() => purgeOne(deps))
        if (purged > 0) deps.log.info({ purged }, 'purged files that were deleted 30 days ago')
      },
    },
    cron: [
      { task: 'sweep-uploads', pattern: '*/10 * * * *' },
      { task: 'purge-files', pattern: '7 * * * *' },
      { task: 'sweep-objects', pattern: '23 3 * * *' },
    ],
  }
}

/** One short transaction each, until there is nothing left. */
async function repeat(step: () => Promise<boolean>): Promise<number> {
  let times = 0
  while (await step()) times++
  return times
}

async function sweepOne({ db, clock, store }: Needs): Promise<boolean> {
  const now = clock.now()
  const free = await db.transaction().execute(async (trx) => {
    const upload = await lockAbandoned(trx, new Date(now - abandonedMs), new Date(now))
    if (!upload) return null
    await markExpired(trx, upload.id, new Date(now))
    return store.remove(trx, upload.object_key)
  })
  await free?.()
  return free !== null
}

async function sweepOwnerless({ db, clock, store }: Needs): Promise<number> {
  const keys = await selectOwnerlessKeys(db, new Date(clock.now() - hourMs))
  for (const key of keys) await (await db.transaction().execute((trx) => store.remove(trx, key)))()
  return keys.length
}

/** The file, its upload, its object and its variants go together with the bytes they held; then the disk is freed. */
async function purgeOne({ db, clock, store, audit }: Needs): Promise<boolean> {
  const now = clock.now()
  const free = await db.transaction().execute(async (trx) => {
    const file = await lockHiddenBefore(trx, new Date(now - restorableMs))
    if (!file) return null
    await deleteFileRow(trx, file.id)
    await deleteUploadRow(trx, file.id)
    const keys = [file.object_key, ...variantNames.map((name) => variantKey(file, name))]
    const removals: (() => Promise<void>)[] = []
    for (const key of keys) removals.push(await store.remove(trx, key))
    await giveBack(trx, file.tenant_id, file.size_bytes)
    await recordEvent(trx, audit, {
      tenantId: file.tenant_id,
      eventType: 'file.purged',
      action: 'file.purge',
      result: 'success',
      resourceType: 'file',
      resourceId: file.id,
      metadata: { filename: file.filename, size_bytes: file.size_bytes },
      at: now,
    })
    return removals
  })
  for (const remove of free ?? []) await remove()
  return free !== null
}
