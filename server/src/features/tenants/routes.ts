// /tenant: settings, limits and policy; and /user/tenants, the workspaces a person can act in.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { ApiError } from '../../http/errors.ts'
import { sessionOf, tenantOf } from '../../http/principal.ts'
import type { Plans } from '../plans/plan-table.ts'
import { actorOf } from './change-tenant.ts'
import { invitationRoutes } from './invitation-routes.ts'
import { listTenantsOf } from './member-queries.ts'
import { memberRoutes } from './member-routes.ts'
import { findTenant, type TenantRow } from './queries.ts'
import { readLimits } from './read-limits.ts'
import { limitsResponse, policyBody, policyResponse, settingsBody, settingsResponse, tenantsResponse } from './schemas.ts'
import { readPolicy, updatePolicy } from './update-policy.ts'
import { updateSettings } from './update-settings.ts'

const view: { access: Access } = { access: { credential: 'session', permission: 'VIEW' } }
const tags = ['tenant']

export function tenantRoutes(
  deps: Pick<
    Deps,
    'db' | 'plans' | 'clock' | 'audit' | 'changes' | 'config' | 'limiter' | 'secrets' | 'jobs' | 'passwords' | 'publicUrl'
  >,
): FastifyPluginAsyncTypebox {
  const { db, clock, plans } = deps
  return async (app) => {
    await app.register(memberRoutes(deps))
    await app.register(invitationRoutes(deps))

    app.get(
      '/tenant/settings',
      { config: view, schema: { tags, summary: 'The workspace', response: { 200: settingsResponse } } },
      async (request) => {
        const tenant = await findTenant(db, tenantOf(request).tenantId)
        if (!tenant) throw new ApiError('NOT_FOUND', 'There is no such resource.')
        return presentSettings(tenant, plans)
      },
    )

    app.patch(
      '/tenant/settings',
      {
        config: { access: { credential: 'session', permission: 'ADMIN', limit: { count: 10, seconds: 60 } } },
        schema: {
          tags,
          summary: 'Change name, webhook, domains, providers or own data',
          body: settingsBody,
          response: { 200: settingsResponse },
        },
      },
      async (request) => presentSettings(await updateSettings(deps, actorOf(request), request.body), plans),
    )

    app.get(
      '/tenant/limits',
      { config: view, schema: { tags, summary: 'What the plan allows, and what is used', response: { 200: limitsResponse } } },
      async (request) => readLimits(deps, tenantOf(request).tenantId),
    )

    app.get(
      '/tenant/policy',
      { config: view, schema: { tags, summary: 'The rules for keys and factors', response: { 200: policyResponse } } },
      async (request) => readPolicy(db, tenantOf(request).tenantId, clock.now()),
    )

    app.patch(
      '/tenant/policy',
      {
        config: { access: { credential: 'session', permission: 'ADMIN', fresh: true } },
        schema: { tags, summary: 'Change the rules for keys and factors', body: policyBody, response: { 200: policyResponse } },
      },
      async (request) => updatePolicy(deps, actorOf(request), request.body),
    )

    app.get(
      '/user/tenants',
      {
        config: { access: { credential: 'session', permission: 'SELF' } },
        schema: { tags: ['user'], summary: 'The workspaces I am in', response: { 200: tenantsResponse } },
      },
      async (request) => {
        const rows = await listTenantsOf(db, sessionOf(request).userId)
        return {
          tenants: rows.map((row) => ({
            ...row,
            is_owner: row.role === 'owner',
            joined_at: row.joined_at.toISOString(),
          })),
        }
      },
    )
  }
}

function presentSettings(tenant: TenantRow, plans: Plans) {
  return {
    id: tenant.id,
    name: tenant.name,
    owner_user_id: tenant.owner_user_id,
    created_at: tenant.created_at.toISOString(),
    updated_at: tenant.updated_at.toISOString(),
    is_active: tenant.is_active,
    webhook_url: tenant.webhook_url,
    allowed_vlm_providers: tenant.allowed_vlm_providers,
    allowed_domains: tenant.allowed_domains,
    max_requests_per_minute: plans[tenant.plan].requestsPerMinute,
    custom_config: tenant.custom_config,
    subscription_tier: tenant.plan,
    subscription_expires_at: null,
    // Nothing sells or spends credits here, and the answer says so.
    max_monthly_credits: 0,
    current_month_credits: 0,
    current_month_cost: 0,
    total_credits: 0,
    total_cost: 0,
    supports_overage: false,
    included_credits: 0,
    overage_credits_used: 0,
    max_overage_credits: 0,
    overage_cost: 0,
  }
}
