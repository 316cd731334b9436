// /payment: the plan a workspace is on, and changing it; what needs a payment provider says that there is none.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { ApiError } from '../../http/errors.ts'
import { sessionOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { findTenantPlan } from '../tenants/queries.ts'
import { ownedTenant } from './owned-tenant.ts'
import {
  checkoutBody,
  checkoutResponse,
  creditQuery,
  creditResponse,
  packBody,
  portalResponse,
  statusQuery,
  statusResponse,
  updateBody,
  updateResponse,
} from './schemas.ts'
import { updateSubscription } from './update-subscription.ts'

const access: Access = { credential: 'session', permission: 'OWNER' }
const noProvider = refusal('No payment provider is configured')
const tags = ['payment']

export function billingRoutes(
  deps: Pick<Deps, 'db' | 'audit' | 'changes' | 'clock' | 'config' | 'plans'>,
): FastifyPluginAsyncTypebox {
  const { db, plans } = deps
  return async (app) => {
    app.post(
      '/payment/subscription/update',
      {
        config: { access },
        schema: {
          tags,
          summary: 'Upgrade, downgrade, cancel or resume',
          body: updateBody,
          response: { 200: updateResponse, 409: refusal('Not a change that this plan allows'), 501: noProvider },
        },
      },
      async (request) => {
        const session = sessionOf(request)
        const { action, new_plan, tenant_id } = request.body
        const tenantId = await ownedTenant(db, session, tenant_id)
        const message = await updateSubscription(deps, {
          tenantId,
          action,
          newPlan: new_plan ?? null,
          actor: { userId: session.userId, ip: request.ip },
        })
        return { success: true, message, subscription_id: null, tenant_id: tenantId }
      },
    )

    app.get(
      '/payment/subscription/status',
      {
        config: { access },
        schema: { tags, summary: 'The plan a workspace is on', querystring: statusQuery, response: { 200: statusResponse } },
      },
      async (request) => {
        const tenantId = await ownedTenant(db, sessionOf(request), request.query.tenant_id)
        const tenant = await findTenantPlan(db, tenantId)
        if (!tenant) throw new ApiError('NOT_FOUND', 'There is no such workspace.')
        return {
          status: tenant.plan === 'free' ? 'none' : 'active',
          current_period_start: null,
          current_period_end: null,
          cancel_at_period_end: tenant.cancelAtPeriodEnd,
          trial_end: null,
          plan_name: titleCase(plans[tenant.plan].title),
          tenant_id: tenant.id,
          deprecation_warning: request.query.tenant_id ? null : 'Leaving out tenant_id is deprecated: name the workspace.',
          has_billing_history: false,
        }
      },
    )

    app.get(
      '/payment/credit-balance',
      {
        config: { access },
        schema: { tags, summary: 'Prepaid credits of a workspace', querystring: creditQuery, response: { 200: creditResponse } },
      },
      async (request) => {
        await ownedTenant(db, sessionOf(request), request.query.tenant_id)
        // Nothing sells or spends credits here, and the answer says so.
        return { prepaid_balance: 0, included_remaining: 0, total_available: 0, recent_purchases: [] }
      },
    )

    app.post(
      '/payment/checkout',
      {
        config: { access },
        schema: { tags, summary: 'Pay for a plan', body: checkoutBody, response: { 200: checkoutResponse, 501: noProvider } },
      },
      async (request) => {
        await ownedTenant(db, sessionOf(request), request.body.tenant_id)
        throw notConfigured()
      },
    )
    app.post(
      '/payment/billing-portal',
      {
        config: { access },
        schema: { tags, summary: 'Open the billing portal', response: { 200: portalResponse, 501: noProvider } },
      },
      async () => {
        throw notConfigured()
      },
    )
    app.post(
      '/payment/credit-packs/checkout',
      {
        config: { access },
        schema: { tags, summary: 'Buy a credit pack', body: packBody, response: { 200: checkoutResponse, 501: noProvider } },
      },
      async (request) => {
        await ownedTenant(db, sessionOf(request), request.body.tenant_id)
        throw notConfigured()
      },
    )
  }
}

function notConfigured(): ApiError {
  return new ApiError('PAYMENTS_NOT_CONFIGURED', 'No payment provider is configured on this server.')
}

function titleCase(title: string): string {
  return title.charAt(0) + title.slice(1).toLowerCase()
}
