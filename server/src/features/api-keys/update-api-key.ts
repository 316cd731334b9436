// Name, description, metadata (merged), limit and addresses may change; scopes, expiry and state may not.

import { type ChangeDeps, changeApiKey, noSuchKey } from './change-api-key.ts'
import type { Actor, KeyInput } from './create-api-key.ts'
import { checkAllowedIps, checkMetadata, checkRateLimit, checkText } from './key-input.ts'
import { findKey, type KeyRow, updateKey } from './queries.ts'

export type KeyUpdate = {
  [Field in 'name' | 'description' | 'metadata' | 'rate_limit_per_minute' | 'allowed_ips']?: KeyInput[Field] | null
}

export async function updateApiKey(deps: ChangeDeps, actor: Actor, id: string, input: KeyUpdate): Promise<KeyRow> {
  checkText('name', input.name)
  checkText('description', input.description)
  checkMetadata(input.metadata)
  checkAllowedIps(input.allowed_ips)
  const updated = await changeApiKey(deps, actor, id, async (trx, key, now, tenant) => {
    checkRateLimit(input.rate_limit_per_minute, deps.plans[tenant.plan])
    await updateKey(trx, key.id, {
      updated_at: new Date(now),
      // Names cannot be emptied; null there means "as it is".
      ...(input.name != null && { name: input.name }),
      ...(input.description !== undefined && { description: input.description }),
      ...(input.metadata != null && { metadata: JSON.stringify({ ...key.metadata, ...input.metadata }) }),
      ...(input.rate_limit_per_minute !== undefined && { rate_limit_per_minute: input.rate_limit_per_minute }),
      ...(input.allowed_ips !== undefined && { allowed_ips: input.allowed_ips ?? [] }),
    })
    const row = await findKey(trx, actor.tenantId, key.id)
    if (!row) throw noSuchKey()
    return { eventType: 'api_key.updated', action: 'api_key.update', metadata: { fields: Object.keys(input) }, result: row }
  })
  if (!updated) throw noSuchKey()
  return updated
}
