// /tenant/webhook and /tenant/webhook-deliveries: the secret, and what was sent to the workspace's own address.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Static } from '@sinclair/typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { ApiError } from '../../http/errors.ts'
import { tenantOf } from '../../http/principal.ts'
import { sentGroups, unsentTypes } from './event-types.ts'
import { type DeliveryRow, findWebhook, listDeliveries, renewDelivery } from './queries.ts'
import { rotateSecret } from './rotate-secret.ts'
import { deliveriesQuery, deliveriesResponse, deliveryParams, deliveryResponse, webhookResponse } from './schemas.ts'
import { webhookSecret } from './signature.ts'
import { overlapMs } from './webhook-sender.ts'

const admin = { credential: 'session', permission: 'ADMIN' } as const satisfies Access
const tags = ['tenant']
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function webhookRoutes(deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'secrets'>): FastifyPluginAsyncTypebox {
  const { db, clock, secrets } = deps

  async function presentWebhook(tenantId: string): Promise<Static<typeof webhookResponse>> {
    const webhook = await findWebhook(db, tenantId)
    if (!webhook) throw new ApiError('NOT_FOUND', 'There is no such resource.')
    const until = webhook.rotatedAt === null ? null : webhook.rotatedAt.getTime() + overlapMs
    return {
      url: webhook.url,
      secret: webhookSecret(secrets, tenantId, webhook.version),
      previous_secret_until: until !== null && until > clock.now() ? new Date(until).toISOString() : null,
      events: [...sentGroups],
      events_not_sent: [...unsentTypes],
    }
  }

  return async (app) => {
    app.get(
      '/tenant/webhook',
      {
        config: { access: { ...admin, fresh: true } },
        schema: { tags, summary: 'Where events go, and the secret that signs them', response: { 200: webhookResponse } },
      },
      (request) => presentWebhook(tenantOf(request).tenantId),
    )

    app.post(
      '/tenant/webhook/rotate-secret',
      {
        config: { access: { ...admin, fresh: true } },
        schema: {
          tags,
          summary: 'Replace the secret; the one before signs beside it for 24 hours',
          response: { 200: webhookResponse },
        },
      },
      async (request) => {
        const { tenantId, userId } = tenantOf(request)
        await rotateSecret(deps, { tenantId, userId, ip: request.ip })
        return presentWebhook(tenantId)
      },
    )

    app.get(
      '/tenant/webhook-deliveries',
      {
        config: { access: admin },
        schema: {
          tags,
          summary: 'What was sent, newest first; kept for 30 days',
          querystring: deliveriesQuery,
          response: { 200: deliveriesResponse },
        },
      },
      async (request) => {
        const { status, limit = 50, offset = 0 } = request.query
        const { tenantId } = tenantOf(request)
        const { deliveries, total } = await listDeliveries(db, { tenantId, status: status ?? null, limit, offset })
        return {
          deliveries: deliveries.map(presentDelivery),
          total_count: total,
          has_more: offset + deliveries.length < total,
        }
      },
    )

    app.post(
      '/tenant/webhook-deliveries/:delivery_id/resend',
      {
        config: { access: { ...admin, limit: { count: 60, seconds: 60 } } },
        schema: { tags, summary: 'Send it again', params: deliveryParams, response: { 202: deliveryResponse } },
      },
      async (request, reply) => {
        const { delivery_id } = request.params
        const { tenantId } = tenantOf(request)
        const row = uuid.test(delivery_id) && (await renewDelivery(db, tenantId, delivery_id, new Date(clock.now())))
        if (!row) throw new ApiError('NOT_FOUND', 'There is no such delivery.')
        return reply.code(202).send(presentDelivery(row))
      },
    )
  }
}

function presentDelivery(row: DeliveryRow): Static<typeof deliveryResponse> {
  return {
    ...row,
    created_at: row.created_at.toISOString(),
    last_attempt_at: row.last_attempt_at?.toISOString() ?? null,
    next_attempt_at: row.status === 'pending' ? row.next_attempt_at.toISOString() : null,
    delivered_at: row.delivered_at?.toISOString() ?? null,
  }
}
