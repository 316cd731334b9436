// Replaces the secret that signs a workspace's events; the one before signs beside it for a day.
import type { Deps } from '../../deps.ts'
import { recordEvent } from '../audit/record-event.ts'
import { raiseSecretVersion } from './queries.ts'

export async function rotateSecret(
  { db, audit, clock }: Pick<Deps, 'db' | 'audit' | 'clock'>,
  actor: { tenantId: string; userId: string; ip: string },
): Promise<void> {
  const at = clock.now()
  await db.transaction().execute(async (trx) => {
    await raiseSecretVersion(trx, actor.tenantId, new Date(at))
    await recordEvent(trx, audit, {
      tenantId: actor.tenantId,
      eventType: 'tenant.webhook_secret_rotated',
      action: 'webhook.rotate_secret',
      result: 'success',
      userId: actor.userId,
      ip: actor.ip,
      resourceType: 'tenant',
      resourceId: actor.tenantId,
      at,
    })
  })
}
