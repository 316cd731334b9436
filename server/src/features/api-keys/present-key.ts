// A key as its owner sees it; the key itself is not among what is kept.
import type { KeyRow } from './queries.ts'

export function presentKey(row: KeyRow, now: number) {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    key_prefix: row.key_prefix,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
    last_used_ip: row.last_used_ip,
    usage_count: row.usage_count,
    expires_at: row.expires_at?.toISOString() ?? null,
    is_active: row.revoked_at === null && (row.expires_at === null || row.expires_at.getTime() > now),
    scopes: row.scopes,
    metadata: {
      ...row.metadata,
      ...(row.revoked_at && { deactivated_at: row.revoked_at.toISOString(), deactivation_reason: row.revocation_reason }),
    },
    environment: row.environment,
    created_by: row.created_by,
    rate_limit_per_minute: row.rate_limit_per_minute,
    allowed_ips: row.allowed_ips,
    rotated_from: row.rotated_from,
    rotated_to: row.rotated_to,
  }
}
