// /keys/report-leak and /webhooks/secret-scanning: a key that was found in public dies.

import { hash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { clientBucket } from '../../http/client-bucket.ts'
import { ApiError, rateLimited } from '../../http/errors.ts'
import { refusal } from '../../http/refusal.ts'
import { isWellFormed } from '../api-keys/key-format.ts'
import { createPartnerKeys } from './partner-keys.ts'
import type { RevokeDeps } from './revoke-leaked-key.ts'
import { reportBody, reportResponse, scanBody, scanHeaders, scanResponse } from './schemas.ts'
import { checkSignature, takeScan } from './take-scan.ts'
import type { Report } from './tasks.ts'

const config = { access: { credential: 'public' } } as const
const tags = ['leaks']
const reportsPerMinute = 10
const minuteMs = 60_000

export function leakRoutes(deps: RevokeDeps & Pick<Deps, 'config' | 'limiter' | 'log'>): FastifyPluginAsyncTypebox {
  const { db, jobs, limiter } = deps
  const url = deps.config.secretScanningKeysUrl
  const partnerKeys = url === null ? null : createPartnerKeys(deps, url)

  return async (app) => {
    app.post(
      '/keys/report-leak',
      {
        config,
        schema: {
          tags,
          summary: 'Report a key that was found in public; a key of ours is revoked',
          body: reportBody,
          response: { 202: reportResponse },
        },
      },
      async (request, reply) => {
        const { allowed, retryAfterMs } = await limiter.decide(
          `report-leak:${clientBucket(request.ip)}`,
          reportsPerMinute,
          minuteMs,
        )
        if (!allowed) throw rateLimited('Too many reports. Wait as long as Retry-After says.', retryAfterMs)
        const { source = null, url = null } = request.body
        const api_key = request.body.api_key.trim()
        // The look-up happens in a job, for every well-formed key alike: neither answer nor time tells whether it exists.
        if (isWellFormed(api_key)) {
          const report: Report = { digest: hash('sha256', api_key), source, url, ip: request.ip }
          await jobs.add(db, 'revoke-leaked-key', report)
        }
        return reply.code(202).send({ message: 'Thank you. If this is a key of ours, it is revoked within seconds.' })
      },
    )

    await app.register(async (partner) => {
      // The signature is over the bytes as they came.
      partner.removeContentTypeParser('application/json')
      partner.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
      partner.post(
        '/webhooks/secret-scanning',
        {
          config,
          schema: {
            tags,
            summary: "GitHub's secret-scanning partner programme: keys that were found, each revoked once",
            headers: scanHeaders,
            body: scanBody,
            response: { 200: scanResponse, 501: refusal('Not configured') },
          },
          // For the document only: the body is checked by its signature, then item by item.
          validatorCompiler: () => () => true,
        },
        async (request) => {
          if (!partnerKeys)
            throw new ApiError(
              'SECRET_SCANNING_NOT_CONFIGURED',
              'This server takes no reports of secret scanning: its operator has not set AION_SECRET_SCANNING_KEYS_URL.',
            )
          const { 'github-public-key-identifier': identifier, 'github-public-key-signature': signature } = request.headers
          const body = request.body as unknown
          const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
          const key = typeof identifier === 'string' && signature ? await partnerKeys.find(identifier) : null
          checkSignature(key, typeof signature === 'string' ? signature : undefined, bytes)
          return takeScan(deps, bytes, request.ip)
        },
      )
    })
  }
}
