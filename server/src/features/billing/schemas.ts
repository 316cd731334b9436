// The wire shapes of /payment, as the public contract gives them.
import { Type } from '@sinclair/typebox'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description })
const text = () => Type.String()
const uuid = () => Type.String({ format: 'uuid' })
const planned = () =>
  Type.Unsafe<'starter' | 'professional' | 'enterprise'>({ type: 'string', enum: ['starter', 'professional', 'enterprise'] })

export const updateBody = Type.Object({
  action: Type.Unsafe<'upgrade' | 'downgrade' | 'cancel' | 'resume'>({
    type: 'string',
    enum: ['upgrade', 'downgrade', 'cancel', 'resume'],
    description: 'What to do with the subscription',
  }),
  new_plan: Type.Optional(nullable(planned(), 'The plan to change to, for upgrade and downgrade')),
  tenant_id: Type.Optional(nullable(uuid(), 'The workspace; without it, the one the session acts in')),
})

export const updateResponse = Type.Object({
  success: Type.Boolean(),
  message: Type.String({ description: 'What happened, in a sentence' }),
  subscription_id: nullable(text(), 'Null while no payment provider is configured'),
  tenant_id: nullable(text(), 'The workspace that changed'),
})

export const statusQuery = Type.Object({ tenant_id: Type.Optional(Type.String({ format: 'uuid' })) })

export const statusResponse = Type.Object({
  status: Type.String({ description: 'active, or none on the free plan' }),
  current_period_start: nullable(text(), 'ISO 8601; null while unpaid'),
  current_period_end: nullable(text(), 'ISO 8601; null while unpaid'),
  cancel_at_period_end: Type.Boolean(),
  trial_end: nullable(text(), 'ISO 8601'),
  plan_name: nullable(text(), 'Free, Starter, Professional or Enterprise'),
  tenant_id: Type.String(),
  deprecation_warning: nullable(text(), 'Set when tenant_id was left out'),
  has_billing_history: Type.Boolean(),
})

export const creditQuery = Type.Object({ tenant_id: uuid() })

export const creditResponse = Type.Object({
  prepaid_balance: Type.Integer(),
  included_remaining: Type.Integer({ description: '-1: unlimited' }),
  total_available: Type.Integer({ description: '-1: unlimited' }),
  recent_purchases: Type.Array(Type.Unknown()),
})

export const checkoutBody = Type.Object({ plan: planned(), tenant_id: uuid() })
export const checkoutResponse = Type.Object({ checkout_url: Type.String() })
export const portalResponse = Type.Object({ portal_url: Type.String() })
export const packBody = Type.Object({
  pack_type: Type.Unsafe<'pack_250' | 'pack_2500' | 'pack_10000'>({
    type: 'string',
    enum: ['pack_250', 'pack_2500', 'pack_10000'],
  }),
  tenant_id: uuid(),
})
