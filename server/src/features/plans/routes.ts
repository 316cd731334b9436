// The plans of this server, for anybody: pricing pages and clients read the same table that the limits are taken from.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { type Plan, planNames } from './plan-table.ts'
import { plansResponse } from './schemas.ts'

export function planRoutes({ plans }: Pick<Deps, 'plans'>): FastifyPluginAsyncTypebox {
  const answer = { currency: 'USD' as const, plans: planNames.map((name) => toWire(plans[name])) }
  return async (app) => {
    app.get(
      '/plans',
      {
        config: { access: { credential: 'public' } },
        schema: { tags: ['plans'], summary: 'List the plans and their limits', response: { 200: plansResponse } },
      },
      async () => answer,
    )
  }
}

function toWire(plan: Plan) {
  return {
    name: plan.name,
    title: plan.title,
    price_usd: plan.priceUsd,
    requests_per_minute: plan.requestsPerMinute,
    image_size_bytes_max: plan.imageSizeBytesMax,
    document_size_bytes_max: plan.documentSizeBytesMax,
    storage_bytes_max: plan.storageBytesMax,
    concurrent_uploads: plan.concurrentUploads,
    batch_files_max: plan.batchFilesMax,
    monthly_uploads: plan.monthlyUploads,
    active_keys: plan.activeKeys,
    api_access: plan.apiAccess,
    audit_retention_days: plan.auditRetentionDays,
  }
}
