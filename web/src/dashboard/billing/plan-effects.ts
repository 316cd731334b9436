// What a change of plan does to what is there, said before it happens: docs/guide/plans.md.
import type { Answer, Plan } from '@aionvision/sdk'
import { billing } from '../../strings/billing.ts'
import { formatBytes } from '../../ui/bytes.ts'

const text = billing.effects
type Held = Answer<'/api/v2/tenant/limits', 'get'>['usage']

export function effectsOf(from: Plan, to: Plan, held: Held): readonly string[] {
  return [
    ...(from.api_access && !to.api_access ? [text.noApi(held.active_keys)] : []),
    ...(to.api_access && held.active_keys > to.active_keys ? [text.keys(held.active_keys, to.active_keys)] : []),
    ...(to.api_access && to.requests_per_minute < from.requests_per_minute
      ? [text.slower(from.requests_per_minute, to.requests_per_minute)]
      : []),
    ...(to.storage_bytes_max !== null && held.storage_bytes > to.storage_bytes_max
      ? [text.storage(formatBytes(held.storage_bytes), formatBytes(to.storage_bytes_max))]
      : []),
    ...(to.monthly_uploads !== null && held.monthly_uploads >= to.monthly_uploads
      ? [text.uploads(held.monthly_uploads, to.monthly_uploads)]
      : []),
    ...(to.image_size_bytes_max < from.image_size_bytes_max ? [text.sizes(formatBytes(to.image_size_bytes_max))] : []),
    ...(to.audit_retention_days < from.audit_retention_days ? [text.audit(billing.features.audit(to.audit_retention_days))] : []),
    text.files,
  ]
}
