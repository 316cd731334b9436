// Makes a successor with the same name, rights and remaining life; the predecessor lives through the overlap and no longer.
import { hash, randomUUID } from 'node:crypto'
import { ApiError } from '../../http/errors.ts'
import { type ChangeDeps, changeApiKey, noSuchKey } from './change-api-key.ts'
import type { Actor } from './create-api-key.ts'
import { generateKey, shownPrefix } from './key-format.ts'
import { successorExpiry } from './key-input.ts'
import { countOverlaps, findKey, insertKey, type KeyRow, updateKey } from './queries.ts'

export async function rotateApiKey(
  deps: ChangeDeps,
  actor: Actor,
  id: string,
  overlapSeconds: number,
): Promise<{ row: KeyRow; key: string }> {
  const rotated = await changeApiKey(deps, actor, id, async (trx, old, now, tenant) => {
    if (old.rotated_to)
      throw new ApiError('CONFLICT', 'This key was rotated already: rotate its successor.', { rotated_to: old.rotated_to })
    if (old.revoked_at) throw new ApiError('CONFLICT', 'This key is revoked: create a new one instead.')
    if (old.expires_at && old.expires_at.getTime() <= now)
      throw new ApiError('CONFLICT', 'This key has expired: create a new one instead.')
    const at = new Date(now)
    if (overlapSeconds > 0) {
      // Against rotating one key over and over to hold more than the plan: as many overlaps at once as it has keys.
      const { activeKeys, title } = deps.plans[tenant.plan]
      const overlaps = await countOverlaps(trx, actor.tenantId, at)
      if (overlaps >= activeKeys)
        throw new ApiError(
          'KEY_LIMIT_REACHED',
          `The ${title} plan holds ${activeKeys} rotated keys in their overlap. Revoke one, or rotate with overlap_seconds 0.`,
          { limit: activeKeys, active: overlaps },
        )
    }
    const successor = randomUUID()
    const key = generateKey(old.environment)
    await insertKey(trx, {
      id: successor,
      tenant_id: old.tenant_id,
      // The lineage keeps its creator: rights are capped to theirs, so rotation never widens them (S04).
      created_by: old.created_by,
      name: old.name,
      description: old.description,
      key_prefix: shownPrefix(key),
      key_hash: hash('sha256', key, 'buffer'),
      environment: old.environment,
      scopes: old.scopes,
      metadata: old.metadata,
      rate_limit_per_minute: old.rate_limit_per_minute,
      allowed_ips: old.allowed_ips,
      created_at: at,
      updated_at: at,
      expires_at: successorExpiry(old.expires_at, tenant, now),
      revoked_at: null,
      revocation_reason: null,
      rotated_from: old.id,
      rotated_to: null,
    })
    const overlapEnd = new Date(now + overlapSeconds * 1000)
    await updateKey(trx, old.id, {
      rotated_to: successor,
      updated_at: at,
      expires_at: old.expires_at && old.expires_at < overlapEnd ? old.expires_at : overlapEnd,
    })
    const row = await findKey(trx, actor.tenantId, successor)
    if (!row) throw noSuchKey()
    return {
      eventType: 'api_key.rotated',
      action: 'api_key.rotate',
      metadata: { rotated_to: successor, overlap_seconds: overlapSeconds },
      result: { row, key },
    }
  })
  if (!rotated) throw noSuchKey()
  return rotated
}
