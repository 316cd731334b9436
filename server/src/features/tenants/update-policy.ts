// The rules a tenant sets for its own people: how long keys live, where they may be used from, and whether everybody needs a factor.
import { ApiError, validationError } from '../../http/errors.ts'
import type { Connection } from '../../platform/database/database.ts'
import { checkAllowedIps } from '../api-keys/key-input.ts'
import { countKeysBeyond } from '../api-keys/queries.ts'
import { type Actor, type ChangeDeps, changeTenant } from './change-tenant.ts'
import { findTenant, type TenantChange, updateTenant } from './queries.ts'

export interface PolicyInput {
  readonly max_key_life_days?: number | null
  readonly default_key_life_days?: number | null
  readonly allowed_ips?: string[] | null
  readonly factor_required?: boolean
}

export async function readPolicy(conn: Connection, tenantId: string, now: number) {
  const tenant = await findTenant(conn, tenantId)
  if (!tenant) throw new Error('a policy was read of a tenant that is not there')
  const { max_key_life_days } = tenant
  return {
    max_key_life_days,
    default_key_life_days: tenant.default_key_life_days,
    allowed_ips: tenant.key_allowed_ips,
    factor_required: tenant.factor_required,
    keys_beyond_max_life:
      max_key_life_days === null ? 0 : await countKeysBeyond(conn, tenantId, max_key_life_days, new Date(now)),
  }
}

/** Keys that live longer than a new bound stay as they are; the answer counts them. */
export async function updatePolicy(deps: ChangeDeps, actor: Actor, input: PolicyInput) {
  checkAllowedIps(input.allowed_ips)
  const { tenantId } = actor
  const set: TenantChange = {
    ...(input.max_key_life_days !== undefined && { max_key_life_days: input.max_key_life_days }),
    ...(input.default_key_life_days !== undefined && { default_key_life_days: input.default_key_life_days }),
    ...(input.allowed_ips !== undefined && { key_allowed_ips: [...new Set(input.allowed_ips ?? [])] }),
    ...(input.factor_required !== undefined && { factor_required: input.factor_required }),
  }
  return changeTenant(deps, actor, 'ADMIN', async (trx, { role, now }) => {
    const asked = (await readPolicy(trx, tenantId, now)).factor_required
    if ((input.factor_required ?? asked) !== asked && role !== 'owner')
      throw new ApiError('INSUFFICIENT_PERMISSIONS', 'Only the owner may ask a second factor of everybody, or stop asking.', {
        required: ['owner'],
        held: [role],
      })
    const fields = Object.keys(set)
    if (fields.length > 0) await updateTenant(trx, tenantId, set, new Date(now))
    const result = await readPolicy(trx, tenantId, now)
    if (result.max_key_life_days !== null && (result.default_key_life_days ?? 0) > result.max_key_life_days)
      throw validationError([
        {
          loc: ['body', 'default_key_life_days'],
          msg: `Must not exceed max_key_life_days, ${result.max_key_life_days}`,
          type: 'less_than_equal',
        },
      ])
    if (fields.length === 0) return { result, changed: [], event: null }
    return {
      result,
      changed: [{ kind: 'tenant', id: tenantId }],
      event: {
        eventType: 'tenant.updated',
        action: 'tenant.policy_update',
        resourceType: 'tenant',
        resourceId: tenantId,
        metadata: { fields },
      },
    }
  })
}
