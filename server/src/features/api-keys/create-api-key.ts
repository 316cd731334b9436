// Makes a key: plan, number and input are checked, key and trail are written in one transaction, the key is returned once.
import { hash, randomUUID } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { insufficientTier } from '../../http/access.ts'
import { ApiError } from '../../http/errors.ts'
import type { Role } from '../../http/principal.ts'
import { recordEvent } from '../audit/record-event.ts'
import { lockTenantPlan } from '../tenants/queries.ts'
import { type Environment, generateKey, shownPrefix } from './key-format.ts'
import { checkAllowedIps, checkExpiry, checkMetadata, checkRateLimit, checkScopes, checkText } from './key-input.ts'
import { countActiveKeys, findKey, insertKey, type KeyRow } from './queries.ts'

export interface KeyInput {
  readonly name: string
  readonly description?: string | null
  readonly scopes?: string[]
  readonly metadata?: Record<string, unknown> | null
  readonly expires_at?: string | null
  readonly environment?: Environment
  readonly rate_limit_per_minute?: number | null
  readonly allowed_ips?: string[] | null
}

export interface Actor {
  readonly tenantId: string
  readonly userId: string
  readonly role: Role
  readonly ip: string
}

export async function createApiKey(
  { db, plans, clock, audit, publicUrl }: Pick<Deps, 'db' | 'plans' | 'clock' | 'audit' | 'publicUrl'>,
  actor: Actor,
  input: KeyInput,
): Promise<{ row: KeyRow; key: string }> {
  const now = clock.now()
  return db.transaction().execute(async (trx) => {
    // The lock makes counting and writing one step: two parallel requests never share the last place.
    const tenant = await lockTenantPlan(trx, actor.tenantId)
    if (!tenant) throw new ApiError('NOT_FOUND', 'There is no such resource.')
    const plan = plans[tenant.plan]
    if (!plan.apiAccess) throw insufficientTier(plan, publicUrl())
    checkText('name', input.name)
    checkText('description', input.description)
    const scopes = [...new Set(input.scopes ?? [])]
    checkScopes(scopes, actor.role)
    checkMetadata(input.metadata)
    checkAllowedIps(input.allowed_ips)
    checkRateLimit(input.rate_limit_per_minute, plan)
    const expiresAt = checkExpiry(input.expires_at, tenant, now)
    const held = await countActiveKeys(trx, actor.tenantId, new Date(now))
    if (held >= plan.activeKeys)
      throw new ApiError(
        'KEY_LIMIT_REACHED',
        `The ${plan.title} plan holds ${plan.activeKeys} active keys. Revoke one, or change the plan.`,
        {
          limit: plan.activeKeys,
          active: held,
        },
      )
    const environment = input.environment ?? 'live'
    const key = generateKey(environment)
    const id = randomUUID()
    const at = new Date(now)
    await insertKey(trx, {
      id,
      tenant_id: actor.tenantId,
      created_by: actor.userId,
      name: input.name,
      description: input.description ?? null,
      key_prefix: shownPrefix(key),
      key_hash: hash('sha256', key, 'buffer'),
      environment,
      scopes,
      metadata: input.metadata ?? {},
      rate_limit_per_minute: input.rate_limit_per_minute ?? null,
      allowed_ips: input.allowed_ips ?? [],
      created_at: at,
      updated_at: at,
      expires_at: expiresAt,
      revoked_at: null,
      revocation_reason: null,
      rotated_from: null,
      rotated_to: null,
    })
    const row = await findKey(trx, actor.tenantId, id)
    if (!row) throw new Error('the key just written is not there')
    await recordEvent(trx, audit, {
      tenantId: actor.tenantId,
      eventType: 'api_key.created',
      action: 'api_key.create',
      result: 'success',
      userId: actor.userId,
      apiKeyId: id,
      ip: actor.ip,
      resourceType: 'api_key',
      resourceId: id,
      metadata: { name: input.name, key_prefix: row.key_prefix, scopes, expires_at: expiresAt?.toISOString() ?? null },
      at: now,
    })
    return { row, key }
  })
}
