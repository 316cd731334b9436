// A span for each request, named by its route's template: a path may hold a token or a signature, so none is in any span.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type OpenSpan, serverOf, type Tracing } from '../platform/tracing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    span: OpenSpan | null
  }
}

/** Asked every few seconds by machines. */
const untraced = new Set(['/healthz', '/readyz', '/metrics'])
/** Any other name is what the caller made up. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export function installTracing(app: FastifyInstance, tracing: Tracing, publicUrl: () => string): void {
  app.decorateRequest('span', null)
  app.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url
    if (route !== undefined && untraced.has(route)) return done()
    const method = methods.has(request.method) ? request.method : '_OTHER'
    const name = method === '_OTHER' ? 'HTTP' : method
    const span = tracing.begin(route === undefined ? name : `${name} ${route}`, 'server', { parent: request.headers })
    if (!span) return done()
    request.span = span
    span.set({
      'http.request.method': method,
      ...(route !== undefined && { 'http.route': route }),
      'url.scheme': publicUrl().split(':', 1)[0],
      // Ours, not what the caller put into Host. Whose address called is personal data, and in no span.
      ...serverOf(publicUrl()),
    })
    // When the last byte was sent, or the client had left.
    reply.raw.once('close', () => end(span, request, reply))
    span.within(done)
  })
  // The end of a body is an event of the connection, which knows nothing of the request that it belongs to.
  app.addHook('preValidation', (request, _reply, done) => (request.span ? request.span.within(done) : done()))
}

function end(span: OpenSpan, request: FastifyRequest, { raw, statusCode }: FastifyReply): void {
  span.set({
    // What the answer carries, and log lines and error envelopes tell.
    'http.response.header.x-request-id': [request.id],
    ...(raw.headersSent && { 'http.response.status_code': statusCode }),
    ...(request.errorCode && { 'aionvision.error_code': request.errorCode }),
  })
  if (!raw.writableFinished) span.fail('aborted')
  else if (statusCode >= 500) span.fail(request.errorCode ?? String(statusCode))
  span.end()
}
