// The shapes of /tenant and of invitations: the contract's fields, and ours beside them.
import { type TSchema, Type } from '@sinclair/typebox'

const nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description ? { description } : {})
const instant = () => Type.String({ format: 'date-time' })
const oneOf = <const T extends string>(values: readonly T[], options: object = {}) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...options })

const roles = ['owner', 'admin', 'editor', 'viewer'] as const
/** What can be given; there is one owner, and ownership is transferred. */
const assignable = ['viewer', 'editor', 'admin'] as const
const plans = ['free', 'starter', 'professional', 'enterprise'] as const
const providers = ['openai', 'anthropic', 'google', 'azure', 'aws'] as const

export const settingsBody = Type.Object({
  name: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 255 }), 'Null: as it is')),
  webhook_url: Type.Optional(
    nullable(Type.String({ format: 'uri', minLength: 1, maxLength: 2083 }), 'Where events are sent, over https; null: nowhere'),
  ),
  allowed_vlm_providers: Type.Optional(nullable(Type.Array(oneOf(providers), { maxItems: 100 }), 'Null: as it is')),
  allowed_domains: Type.Optional(
    nullable(
      Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: 100 }),
      'Host names or origins whose pages may use keys; empty: any. Null: as it is',
    ),
  ),
  custom_config: Type.Optional(
    nullable(Type.Record(Type.String(), Type.Unknown()), 'Data of your own, at most 16 KiB as JSON. Null: as it is'),
  ),
})

export const settingsResponse = Type.Object({
  id: Type.String(),
  name: Type.String(),
  owner_user_id: nullable(Type.String()),
  created_at: instant(),
  updated_at: instant(),
  is_active: Type.Boolean(),
  webhook_url: nullable(Type.String()),
  allowed_vlm_providers: Type.Array(Type.String()),
  allowed_domains: Type.Array(Type.String()),
  max_monthly_credits: Type.Integer({ description: '0: nothing here is paid with credits' }),
  max_requests_per_minute: Type.Integer({ description: 'Of the plan, for each key' }),
  custom_config: Type.Object({}, { additionalProperties: true }),
  subscription_tier: oneOf(plans),
  subscription_expires_at: nullable(instant()),
  current_month_credits: Type.Integer(),
  current_month_cost: Type.Number(),
  total_credits: Type.Integer(),
  total_cost: Type.Number(),
  supports_overage: Type.Boolean({ default: false }),
  included_credits: Type.Integer({ default: 0 }),
  overage_credits_used: Type.Integer({ default: 0 }),
  max_overage_credits: Type.Integer({ default: 0 }),
  overage_cost: Type.Number({ default: 0 }),
})

const figures = (description: string) =>
  Type.Object(
    {
      monthly_uploads: Type.Integer(),
      api_calls_per_minute: Type.Integer(),
      storage_bytes: Type.Integer(),
      active_keys: Type.Integer(),
    },
    { additionalProperties: Type.Integer(), description },
  )
export const limitsResponse = Type.Object({
  limits: figures('Of the plan; -1: unlimited'),
  usage: figures('Now; api_calls_per_minute is that of the busiest key, because each key has the limit for itself'),
  remaining: figures('-1: unlimited'),
  subscription_tier: oneOf(plans, { default: 'free' }),
})

const days = (description: string) => nullable(Type.Integer({ minimum: 1, maximum: 3650 }), description)
const policyFields = {
  max_key_life_days: days('The longest a new key may live; null: for ever'),
  default_key_life_days: days('How long a new key lives when nobody says; null: as long as it may'),
  factor_required: Type.Boolean({ description: 'Whether every member needs a second factor' }),
}
const cidrs = Type.Array(Type.String({ maxLength: 64 }), {
  maxItems: 100,
  description: 'Addresses or CIDRs that every key may be used from, besides its own list; empty: anywhere',
})
export const policyBody = Type.Partial(Type.Object({ ...policyFields, allowed_ips: nullable(cidrs) }))
export const policyResponse = Type.Object({
  ...policyFields,
  allowed_ips: cidrs,
  keys_beyond_max_life: Type.Integer({ description: 'Active keys that live longer than the policy allows to new ones' }),
})

export const memberParams = Type.Object({ user_id: Type.String() })
export const memberResponse = Type.Object({
  id: Type.String({ description: 'The user’s id, or the invitation’s while they have not joined' }),
  email: Type.String(),
  name: Type.String({ description: 'The address while they have not joined' }),
  role: oneOf(roles),
  joined_at: nullable(instant(), 'Null while they have not joined'),
  last_active_at: nullable(instant()),
  status: oneOf(['member', 'invited']),
  expires_at: nullable(instant(), 'When an open invitation ends'),
})
export const membersResponse = Type.Array(memberResponse)
export const inviteBody = Type.Object({
  email: Type.String({ minLength: 3, maxLength: 320 }),
  role: Type.Optional(oneOf(assignable, { default: 'viewer' })),
})
export const roleBody = Type.Object({ role: oneOf(assignable) })
export const detailResponse = Type.Object({ detail: Type.String() })
export const transferBody = Type.Object({ user_id: Type.String({ description: 'A member; open invitations cannot own' }) })
export const takeOverBody = Type.Object({
  inherited_scope: Type.Optional(
    oneOf(['read', 'write', 'admin'], {
      default: 'read',
      description: 'For keys without scopes whose creator has left: what they may do from now on',
    }),
  ),
})
export const takeOverResponse = Type.Object({ taken_over: Type.Integer(), api_key_ids: Type.Array(Type.String()) })

export const tenantsResponse = Type.Object({
  tenants: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      role: oneOf(roles),
      plan: oneOf(plans),
      is_owner: Type.Boolean(),
      joined_at: instant(),
      member_count: Type.Integer(),
    }),
    { description: 'The first is the one that a request without X-Tenant-ID acts in' },
  ),
})

export const invitationQuery = Type.Object({ token: Type.String({ maxLength: 512 }) })
export const invitationResponse = Type.Object({
  tenant_name: Type.String(),
  email: Type.String({ description: 'Masked' }),
  role: oneOf(assignable),
  expires_at: instant(),
  account_exists: Type.Boolean({ description: 'Whether to sign in; otherwise accepting takes a name and a password' }),
})
export const acceptBody = Type.Object({
  token: Type.String({ maxLength: 512 }),
  name: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 100 }))),
  password: Type.Optional(nullable(Type.String({ maxLength: 1024 }))),
})
export const acceptResponse = Type.Object({
  user_id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  tenant_id: Type.String(),
  tenant_name: Type.String(),
  role: oneOf(assignable),
  session_id: Type.String(),
  session_token: nullable(Type.String(), 'Null when your own session goes on'),
  message: Type.String(),
})
