// What may be asked of a key, checked before anything is written: scopes, metadata, expiry, addresses, its own limit.
import { isIP } from 'node:net'
import { ApiError, type Issue, validationError } from '../../http/errors.ts'
import { readMoment } from '../../http/moment.ts'
import type { Role } from '../../http/principal.ts'
import { levelOfRole } from '../../http/principal.ts'
import { faultOfJson } from '../../http/storable.ts'
import type { Plan } from '../plans/plan-table.ts'
import type { TenantPlan } from '../tenants/queries.ts'
import { knownScopes, levelNeeded, unknownScopes } from './scopes.ts'

const reserved = ['created_by_user_id', 'deactivation_reason', 'deactivated_at']
/** As JSON; generous for labels, too small to be a store. */
const metadataBytesMax = 16 * 1024
const dayMs = 86_400_000

export function checkScopes(scopes: readonly string[], role: Role): void {
  const unknown = unknownScopes(scopes)
  if (unknown.length)
    throw new ApiError('UNKNOWN_SCOPE', `There is no scope ${unknown.map((scope) => `"${scope}"`).join(', ')}.`, {
      unknown,
      known: knownScopes,
    })
  const above = scopes.filter((scope) => levelNeeded(scope) > levelOfRole[role])
  if (above.length)
    throw new ApiError('INSUFFICIENT_PERMISSIONS', 'A key never exceeds who creates it.', { required: above, held: [role] })
}

export function checkMetadata(metadata: Record<string, unknown> | null | undefined): void {
  const taken = Object.keys(metadata ?? {}).filter((key) => reserved.includes(key))
  if (taken.length)
    throw new ApiError('RESERVED_METADATA', `These metadata keys are ours: ${taken.join(', ')}.`, { reserved: taken })
  const json = JSON.stringify(metadata ?? {})
  if (Buffer.byteLength(json) > metadataBytesMax)
    fail('metadata', `Metadata is larger than ${metadataBytesMax} bytes`, 'too_long')
  const fault = faultOfJson(json)
  if (fault) fail('metadata', fault, 'value_error')
}

export function checkText(field: string, text: string | null | undefined): void {
  if (text?.includes('\0')) fail(field, 'Text must not contain NUL', 'value_error')
  if (field === 'name' && text !== undefined && text !== null && text.trim() === '')
    fail(field, 'The name must not be blank', 'string_too_short')
}

type KeyLife = Pick<TenantPlan, 'maxKeyLifeDays' | 'defaultKeyLifeDays'>

/** Within the tenant's policy; without a word the policy's default, or its longest life. */
export function checkExpiry(expiresAt: string | null | undefined, policy: KeyLife, now: number): Date | null {
  if (expiresAt === null || expiresAt === undefined) return endOfLife(policy.defaultKeyLifeDays ?? policy.maxKeyLifeDays, now)
  const at = readMoment(expiresAt)
  if (!(at instanceof Date) || at.getTime() <= now) return fail('expires_at', 'The expiry must lie in the future', 'value_error')
  const last = endOfLife(policy.maxKeyLifeDays, now)
  if (last && at > last)
    fail(
      'expires_at',
      `The policy of this workspace (max_key_life_days) lets a key live ${policy.maxKeyLifeDays} days at most`,
      'less_than_equal',
    )
  return at
}

/** A successor lives as long as its predecessor would, and never past the policy: rotating extends nothing (S04). */
export function successorExpiry(old: Date | null, policy: KeyLife, now: number): Date | null {
  if (old === null) return checkExpiry(null, policy, now)
  const last = endOfLife(policy.maxKeyLifeDays, now)
  return last && last < old ? last : old
}

function endOfLife(days: number | null, now: number): Date | null {
  return days === null ? null : new Date(now + days * dayMs)
}

export function checkRateLimit(limit: number | null | undefined, plan: Plan): void {
  if (limit && limit > plan.requestsPerMinute)
    fail(
      'rate_limit_per_minute',
      `Your plan allows ${plan.requestsPerMinute} requests a minute; a key may have less, not more`,
      'less_than_equal',
    )
}

export function checkAllowedIps(cidrs: readonly string[] | null | undefined): void {
  for (const [index, cidr] of (cidrs ?? []).entries()) {
    const [address = '', bits, ...rest] = cidr.split('/')
    const family = isIP(address)
    const good =
      family !== 0 &&
      !address.includes('%') &&
      rest.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
    if (!good) fail('allowed_ips', `"${cidr}" is neither an address nor a CIDR`, 'value_error', index)
  }
}

function fail(field: string, msg: string, type: string, index?: number): never {
  const issue: Issue = { loc: index === undefined ? ['body', field] : ['body', field, index], msg, type }
  throw validationError([issue])
}
