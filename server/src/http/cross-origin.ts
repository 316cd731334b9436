// Browsers elsewhere may call the API with a key or a Bearer token, never with the cookie: any origin, no credentials mode.
import type { FastifyInstance, FastifyReply } from 'fastify'

const exposed =
  'X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID, ETag'

export function exposeToOrigin(reply: FastifyReply): void {
  reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', exposed)
}

export function installCrossOrigin(app: FastifyInstance): void {
  for (const url of ['/api/v2/*', '/objects/*'])
    app.options(url, { config: { access: { credential: 'public' } }, schema: { hide: true } }, (_request, reply) =>
      reply
        .code(204)
        .header('access-control-allow-origin', '*')
        .header('access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE')
        .header(
          'access-control-allow-headers',
          'Authorization, Content-Type, X-Request-ID, X-Correlation-ID, X-Tenant-ID, Idempotency-Key, Range, If-None-Match, traceparent, tracestate',
        )
        .header('access-control-max-age', '7200')
        .send(),
    )
}
