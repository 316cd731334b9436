// Changes one key under its row lock, writes the trail beside it, and tells every server before the answer goes out.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import { type EventType, recordEvent } from '../audit/record-event.ts'
import { lockTenantPlan, type TenantPlan } from '../tenants/queries.ts'
import type { Actor } from './create-api-key.ts'
import { type KeyRow, lockKey } from './queries.ts'

export type ChangeDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'plans'>

export interface Deed<Result> {
  readonly eventType: EventType
  readonly action: string
  readonly metadata?: Record<string, unknown>
  readonly result: Result
}

export const noSuchKey = () => new ApiError('NOT_FOUND', 'There is no such API key.')
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** An id that is no UUID, is unknown, or is another tenant's: the same answer (S05, S06). */
export function keyId(text: string): string {
  if (!uuid.test(text)) throw noSuchKey()
  return text
}

/** `work` returns null when there is nothing to do, as for a key that is revoked already. */
export async function changeApiKey<Result>(
  { db, clock, audit, changes }: ChangeDeps,
  actor: Actor,
  id: string,
  work: (trx: Trx, key: KeyRow, now: number, tenant: TenantPlan) => Promise<Deed<Result> | null>,
): Promise<Result | null> {
  const now = clock.now()
  const deed = await db.transaction().execute(async (trx) => {
    // The tenant before its keys, as everywhere: who takes both in another order would wait for ever.
    const tenant = await lockTenantPlan(trx, actor.tenantId)
    const key = tenant && (await lockKey(trx, actor.tenantId, keyId(id)))
    if (!key) throw noSuchKey()
    const done = await work(trx, key, now, tenant)
    if (!done) return null
    await changes.publish(trx, { kind: 'key', id: key.id })
    await recordEvent(trx, audit, {
      tenantId: actor.tenantId,
      eventType: done.eventType,
      action: done.action,
      result: 'success',
      userId: actor.userId,
      apiKeyId: key.id,
      ip: actor.ip,
      resourceType: 'api_key',
      resourceId: key.id,
      metadata: { name: key.name, key_prefix: key.key_prefix, ...done.metadata },
      at: now,
    })
    return { ...done, keyId: key.id }
  })
  if (!deed) return null
  changes.apply({ kind: 'key', id: deed.keyId })
  return deed.result
}
