// The wire shapes of /tenant/webhook*, ours.
import { type TSchema, Type } from '@sinclair/typebox'

const nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })
const moment = () => Type.String({ format: 'date-time' })
const status = (description: string) =>
  Type.Unsafe<'pending' | 'delivered' | 'failed'>({ type: 'string', enum: ['pending', 'delivered', 'failed'], description })

export const webhookResponse = Type.Object({
  url: nullable(Type.String(), 'Where events go: webhook_url of the settings'),
  secret: Type.String({ description: 'What signatures are checked with: whsec_ and base64, as Standard Webhooks has it' }),
  previous_secret_until: nullable(moment(), 'After a rotation: how long the secret before signs as well'),
  events: Type.Array(Type.String(), { description: 'Groups of event types that are sent' }),
  events_not_sent: Type.Array(Type.String(), { description: 'Types of these groups that are not' }),
})

export const deliveryResponse = Type.Object({
  id: Type.String({ format: 'uuid' }),
  event_id: Type.String({ format: 'uuid', description: 'The entry of the trail, and the header webhook-id' }),
  event_type: Type.String(),
  url: Type.String({ description: 'Where the last attempt went' }),
  status: status('pending: it will be tried, or tried again'),
  attempts: Type.Integer(),
  response_status: nullable(Type.Integer(), 'What the receiver answered last'),
  error: nullable(Type.String(), 'Why the last attempt failed'),
  created_at: moment(),
  last_attempt_at: nullable(moment()),
  next_attempt_at: nullable(moment(), 'While it is pending'),
  delivered_at: nullable(moment()),
})

export const deliveriesQuery = Type.Object({
  status: Type.Optional(status('Only these')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 0 })),
})

export const deliveriesResponse = Type.Object({
  deliveries: Type.Array(deliveryResponse),
  total_count: Type.Integer(),
  has_more: Type.Boolean(),
})

export const deliveryParams = Type.Object({ delivery_id: Type.String() })
