// Ends a key for good. Asking twice is no error: the key is as dead as it was.

import { type ChangeDeps, changeApiKey } from './change-api-key.ts'
import type { Actor } from './create-api-key.ts'
import { checkText } from './key-input.ts'
import { updateKey } from './queries.ts'

export async function revokeApiKey(deps: ChangeDeps, actor: Actor, id: string, reason: string | null): Promise<void> {
  checkText('reason', reason)
  await changeApiKey(deps, actor, id, async (trx, key, now) => {
    if (key.revoked_at) return null
    const at = new Date(now)
    await updateKey(trx, key.id, { revoked_at: at, revocation_reason: reason, updated_at: at })
    return { eventType: 'api_key.deleted', action: 'api_key.revoke', metadata: { reason }, result: true }
  })
}
