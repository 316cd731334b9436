// Ends a key that somebody found in public: once, with two rows in the trail and a mail to those who look after the workspace.
import type { Deps } from '../../deps.ts'
import { lockKey, updateKey } from '../api-keys/queries.ts'
import { type AuditEvent, recordEvent } from '../audit/record-event.ts'
import { selectManagers } from '../tenants/manager-queries.ts'
import type { FoundKey } from './queries.ts'

export interface Finding {
  /** Who says so: `report`, or a partner's name. */
  readonly reportedBy: string
  /** What kind of place it was, and where; a stranger's words. */
  readonly source: string | null
  readonly url: string | null
  readonly ip: string | null
}

export type RevokeDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'jobs'>

/** Does nothing to a key that is revoked already: a report that comes twice revokes once. */
export async function revokeLeakedKey(
  { db, clock, audit, changes, jobs }: RevokeDeps,
  found: Pick<FoundKey, 'id' | 'tenant_id'>,
  finding: Finding,
): Promise<void> {
  const now = clock.now()
  const at = new Date(now)
  const done = await db.transaction().execute(async (trx) => {
    const key = await lockKey(trx, found.tenant_id, found.id)
    if (!key || key.revoked_at) return false
    await updateKey(trx, key.id, { revoked_at: at, revocation_reason: 'leaked', updated_at: at })
    for (const userId of await selectManagers(trx, key.tenant_id))
      await jobs.add(trx, 'mail-leaked-key', { key_id: key.id, tenant_id: key.tenant_id, user_id: userId })
    await changes.publish(trx, { kind: 'key', id: key.id })
    const event: Omit<AuditEvent, 'eventType' | 'action'> = {
      tenantId: key.tenant_id,
      result: 'success',
      severity: 'critical',
      apiKeyId: key.id,
      ip: finding.ip,
      resourceType: 'api_key',
      resourceId: key.id,
      metadata: {
        name: key.name,
        key_prefix: key.key_prefix,
        reason: 'leaked',
        reported_by: finding.reportedBy,
        source: finding.source,
        url: finding.url,
      },
      at: now,
    }
    await recordEvent(trx, audit, { ...event, eventType: 'security.suspicious_activity', action: 'api_key.leak' })
    await recordEvent(trx, audit, { ...event, eventType: 'api_key.deleted', action: 'api_key.revoke' })
    return true
  })
  if (done) changes.apply({ kind: 'key', id: found.id })
}
