// A person's first workspace: on the free plan, its creator the owner, its trail begun.
import { randomUUID } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import type { Trx } from '../../platform/database/database.ts'
import { recordEvent } from '../audit/record-event.ts'
import { insertMembership, insertTenant } from './queries.ts'

export async function createTenant(
  trx: Trx,
  { audit }: Pick<Deps, 'audit'>,
  input: { name: string; ownerUserId: string; at: number; ip?: string | null },
): Promise<{ tenantId: string }> {
  const tenantId = randomUUID()
  const at = new Date(input.at)
  await insertTenant(trx, { id: tenantId, name: input.name, ownerUserId: input.ownerUserId, at })
  await insertMembership(trx, { tenantId, userId: input.ownerUserId, role: 'owner', at })
  await recordEvent(trx, audit, {
    tenantId,
    eventType: 'tenant.created',
    action: 'tenant.create',
    result: 'success',
    userId: input.ownerUserId,
    ip: input.ip ?? null,
    resourceType: 'tenant',
    resourceId: tenantId,
    metadata: { plan: 'free' },
    at: input.at,
  })
  return { tenantId }
}
