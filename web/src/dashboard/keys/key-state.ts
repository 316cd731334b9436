// What a key is at this moment, and what might be better about it.
import type { ApiKey } from '@aionvision/sdk'

export type KeyState = 'active' | 'rotating' | 'expired' | 'revoked'
export type Ailment = 'neverExpires' | 'idle' | 'neverRotated' | 'tooManyRights'

const dayMs = 86_400_000
/** As the weekly mail counts: docs/guide/api-keys.md. */
const neverUsedMs = 30 * dayMs
const idleMs = 90 * dayMs
const oldMs = 180 * dayMs

export function stateOf(key: ApiKey, now: number): KeyState {
  const ended = key.expires_at !== null && Date.parse(key.expires_at) <= now
  if (!key.is_active) return ended && !key.metadata.deactivated_at ? 'expired' : 'revoked'
  if (ended) return 'expired'
  return key.rotated_to ? 'rotating' : 'active'
}

export function ailmentsOf(key: ApiKey, now: number): readonly Ailment[] {
  if (stateOf(key, now) !== 'active') return []
  const age = now - Date.parse(key.created_at)
  const silence = key.last_used_at ? now - Date.parse(key.last_used_at) : null
  return [
    ...((silence === null ? age > neverUsedMs : silence > idleMs) ? (['idle'] as const) : []),
    ...(key.expires_at === null ? (['neverExpires'] as const) : []),
    ...(age > oldMs && key.rotated_from === null ? (['neverRotated'] as const) : []),
    ...(key.scopes.length === 0 || key.scopes.includes('admin') ? (['tooManyRights'] as const) : []),
  ]
}
