// The shapes of /api-keys: the contract's fields, and ours beside them.
import { Type } from '@sinclair/typebox'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const instant = (description: string) => Type.String({ format: 'date-time', description })
const metadata = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Your own data. created_by_user_id, deactivation_reason and deactivated_at are reserved.',
})
const allowedIps = Type.Array(Type.String({ maxLength: 64 }), {
  maxItems: 100,
  description: 'Addresses or CIDRs (IPv4, IPv6) the key may be used from; empty = anywhere.',
})
const rateLimit = Type.Integer({
  minimum: 1,
  maximum: 1_000_000,
  description: 'Requests in any rolling minute; at most the plan’s number, which is the default.',
})

export const createBody = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255 }),
  description: Type.Optional(nullable(Type.String({ maxLength: 500 }))),
  scopes: Type.Optional(
    Type.Array(Type.String({ maxLength: 64 }), {
      maxItems: 100,
      default: [],
      description: 'read, write, admin, or resource:permission; empty = your own rights, at most admin.',
    }),
  ),
  metadata: Type.Optional(nullable(metadata)),
  expires_at: Type.Optional(nullable(instant('In the future; without a zone it is UTC; null = never.'))),
  environment: Type.Optional(
    Type.Union([Type.Literal('live'), Type.Literal('test')], {
      default: 'live',
      description: 'A label, shown in the prefix; the rights are the same.',
    }),
  ),
  rate_limit_per_minute: Type.Optional(nullable(rateLimit)),
  allowed_ips: Type.Optional(nullable(allowedIps)),
})

export const updateBody = Type.Object({
  name: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 255 }))),
  description: Type.Optional(nullable(Type.String({ maxLength: 500 }))),
  metadata: Type.Optional(nullable(metadata)),
  rate_limit_per_minute: Type.Optional(nullable(rateLimit)),
  allowed_ips: Type.Optional(nullable(allowedIps)),
})

export const rotateBody = Type.Object({
  overlap_seconds: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 604_800,
      default: 86_400,
      description: 'How long the old key stays alive, never past its own expiry.',
    }),
  ),
})

const shared = {
  id: Type.String({ format: 'uuid' }),
  name: Type.String(),
  description: nullable(Type.String()),
  key_prefix: Type.String({ description: 'The first 14 characters.' }),
  created_at: instant('When it was made.'),
  expires_at: nullable(instant('When it ends; null = never.')),
  is_active: Type.Boolean(),
  scopes: Type.Array(Type.String()),
  metadata,
  environment: Type.Union([Type.Literal('live'), Type.Literal('test')]),
  created_by: Type.String({ format: 'uuid' }),
  rate_limit_per_minute: nullable(Type.Integer()),
  allowed_ips: Type.Array(Type.String()),
  rotated_from: nullable(Type.String({ format: 'uuid' })),
  rotated_to: nullable(Type.String({ format: 'uuid' })),
}

export const keyResponse = Type.Object({
  ...shared,
  last_used_at: nullable(instant('At most 5 seconds behind.')),
  last_used_ip: nullable(Type.String()),
  usage_count: Type.Integer({ default: 0 }),
})
export const createdResponse = Type.Object({
  ...shared,
  api_key: Type.String({ description: 'The key itself: shown here and never again.' }),
})
export const listResponse = Type.Object({ api_keys: Type.Array(keyResponse), total: Type.Integer() })

export const keyParams = Type.Object({ api_key_id: Type.String() })
export const listQuery = Type.Object({
  include_inactive: Type.Optional(Type.Boolean({ default: false })),
  limit: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 1000 }))),
  offset: Type.Optional(nullable(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }))),
})
export const revokeQuery = Type.Object({ reason: Type.Optional(nullable(Type.String({ maxLength: 500 }))) })
