// The composition root: every feature is registered here, with what it depends on, in the order a request meets them.
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Deps } from './deps.ts'
import { accountRoutes } from './features/accounts/routes.ts'
import type { KeyAuthenticator } from './features/api-keys/authenticate-key.ts'
import { apiKeyRoutes } from './features/api-keys/routes.ts'
import { auditRoutes } from './features/audit/routes.ts'
import type { RefusalSampler } from './features/audit/sample-refusals.ts'
import { billingRoutes } from './features/billing/routes.ts'
import { cliLoginRoutes } from './features/cli-login/routes.ts'
import { documentRoutes } from './features/documents/routes.ts'
import { fileRoutes } from './features/files/routes.ts'
import { identityRoutes } from './features/identities/routes.ts'
import { leakRoutes } from './features/leaks/routes.ts'
import { operatorRoutes } from './features/operator/routes.ts'
import { ownBucketRoutes } from './features/own-bucket/routes.ts'
import { planRoutes } from './features/plans/routes.ts'
import { profileRoutes } from './features/profile/routes.ts'
import { setLimitHeaders } from './features/rate-limits/limit-headers.ts'
import { secondFactorRoutes } from './features/second-factor/routes.ts'
import type { SessionAuthenticator } from './features/sessions/authenticate-session.ts'
import { sessionRoutes } from './features/sessions/routes.ts'
import { readSessionCookie, setSessionCookie } from './features/sessions/session-cookie.ts'
import { tenantRoutes } from './features/tenants/routes.ts'
import { objectRoutes } from './features/uploads/object-routes.ts'
import { uploadRoutes } from './features/uploads/routes.ts'
import type { UsageRecorder } from './features/usage/recorder.ts'
import { usageRoutes } from './features/usage/routes.ts'
import { webhookRoutes } from './features/webhooks/routes.ts'
import { type AccessDeps, identifyForNotFound, installAccess } from './http/access.ts'
import { canonicalAddress } from './http/client-bucket.ts'
import { exposeToOrigin, installCrossOrigin } from './http/cross-origin.ts'
import { endConnection } from './http/drain.ts'
import { ApiError, installErrorHandler, sendError } from './http/errors.ts'
import { installJsonBody } from './http/json-body.ts'
import { installOpenapi } from './http/openapi.ts'
import { installOverload } from './http/overload.ts'
import { createRequestMetrics } from './http/request-metrics.ts'
import { installSchemaCompilers } from './http/schema-compilers.ts'
import { installTracing } from './http/trace-requests.ts'
import { pageRoutes } from './pages/routes.ts'
import { createSite, type SendSite } from './pages/web.ts'

export const version = '0.1.0'

export interface Parts {
  readonly keys: KeyAuthenticator
  readonly sessions: SessionAuthenticator
  readonly usage: UsageRecorder
  readonly refusals: RefusalSampler
  /** True from SIGTERM on: /readyz says so, and each answer ends its connection. */
  readonly draining: () => boolean
}

/** Larger than any JSON this API takes; files go to upload URLs instead. */
const bodyBytesMax = 1024 * 1024
/** Above Node's 16 KiB, so that an absurd Authorization header is answered (401) rather than cut off. */
const headerBytesMax = 128 * 1024

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export async function buildApp(deps: Deps, { keys, sessions, usage, refusals, draining }: Parts): Promise<FastifyInstance> {
  const { config } = deps
  const app = Fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    trustProxy: config.trustedProxies.length ? [...config.trustedProxies] : false,
    // Two Authorization headers arrive as one that no scheme accepts, instead of one silently winning.
    http: { maxHeaderSize: headerBytesMax, joinDuplicateHeaders: true },
    return503OnClosing: false,
    requestTimeout: 0,
    routerOptions: { ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, caseSensitive: true, maxParamLength: 2048 },
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && uuid.test(given) ? given : randomUUID()
    },
    // A path that is no URL meets no hook.
    frameworkErrors: (_error, request, reply) => {
      reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
      if (draining()) reply.header('connection', 'close')
      sendError(
        reply,
        new ApiError(
          'BAD_REQUEST',
          'The path of the request is not a valid URL: check its percent signs, and that no part of it is longer than 2,048 characters.',
        ),
      )
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy()
      const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
      const body = JSON.stringify({
        error: { code: 'BAD_REQUEST', message: 'The request could not be read as HTTP.', details: {} },
        request_id: randomUUID(),
      })
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      )
    },
  })

  const secure = () => deps.publicUrl().startsWith('https:')
  const access: AccessDeps = {
    authenticateKey: keys.authenticate,
    touchKey: (keyId, ip) => keys.touch(keyId, ip, deps.clock.now()),
    authenticateSession: sessions.authenticate,
    readSessionCookie,
    renewCookie: (reply, token, sessionId) =>
      setSessionCookie(reply, token, { rememberMe: sessions.isRemembered(sessionId), secure: secure() }),
    limiter: deps.limiter,
    noteRefusal: refusals.note,
    setLimitHeaders: (reply, policy, decision) => setLimitHeaders(reply, policy, decision, deps.clock.now()),
    unauthenticatedLimit: config.limits.unauthenticated,
    plans: deps.plans,
    clock: deps.clock,
    publicUrl: deps.publicUrl,
  }

  app.decorateRequest('startedAt', 0)
  app.decorateRequest('errorCode', null)
  app.addHook('onRequest', (request, reply, done) => {
    request.startedAt = performance.now()
    reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    reply.header('cache-control', 'no-store')
    if (request.headers.origin !== undefined) exposeToOrigin(reply)
    // The socket's own address is canonical but for mapped IPv4.
    const address = request.ip
    if (address?.includes(':')) Object.defineProperty(request, 'ip', { value: canonicalAddress(address) })
    done()
  })
  if (deps.tracing) installTracing(app, deps.tracing, deps.publicUrl)
  installOverload(app, { requestsMax: config.requestsMax, log: deps.log })
  const requests = createRequestMetrics()
  // When the answer is decided: listening for its end would cost more than deciding it.
  app.addHook('onSend', (request, reply, _payload, done) => {
    const milliseconds = performance.now() - request.startedAt
    requests.observe(request.route, reply.statusCode, milliseconds)
    if (request.principal?.kind === 'key') usage.record(request, reply, milliseconds)
    // No worker may decide by the old state once a change has been answered.
    const unheard = deps.changes.unheard()
    const awaited = draining() ? Promise.all([unheard, endConnection(request, reply)]) : unheard
    if (awaited) awaited.then(() => done(), done)
    else done()
  })
  const sendSite = deps.webDirectory ? createSite(deps, deps.webDirectory) : null
  installErrors(app, deps, access, sendSite)
  installJsonBody(app)
  installSchemaCompilers(app)
  installAccess(app, access)
  installCrossOrigin(app)
  await installOpenapi(app, version)

  await app.register(
    async (api) => {
      await api.register(accountRoutes(deps))
      await api.register(sessionRoutes(deps))
      await api.register(secondFactorRoutes(deps))
      await api.register(identityRoutes(deps))
      await api.register(cliLoginRoutes(deps))
      await api.register(profileRoutes(deps))
      await api.register(tenantRoutes(deps))
      await api.register(ownBucketRoutes(deps))
      await api.register(auditRoutes(deps))
      await api.register(webhookRoutes(deps))
      await api.register(usageRoutes({ ...deps, usage }))
      await api.register(planRoutes(deps))
      await api.register(billingRoutes(deps))
      await api.register(apiKeyRoutes(deps))
      await api.register(leakRoutes(deps))
      await api.register(uploadRoutes(deps))
      await api.register(fileRoutes(deps))
      await api.register(documentRoutes(deps))
    },
    { prefix: '/api/v2' },
  )
  await app.register(objectRoutes(deps))
  await app.register(operatorRoutes({ ...deps, keys, requests, version, draining }))
  await app.register(pageRoutes(deps, sendSite))
  app.get('/openapi.json', { config: { access: { credential: 'public' } }, schema: { hide: true } }, () => app.swagger())
  return app
}

/** A person who mistyped an address; a program that asks the API for something gets the API's answer. */
function asksForPage({ method, url, headers }: FastifyRequest): boolean {
  return method === 'GET' && !/^\/(api|objects|assets|dev)(\/|$)/.test(url) && Boolean(headers.accept?.includes('text/html'))
}

function installErrors(app: FastifyInstance, deps: Deps, access: AccessDeps, sendSite: SendSite | null): void {
  const handler = installErrorHandler(deps.log)
  app.setErrorHandler(handler)
  const identify = identifyForNotFound(access)
  app.setNotFoundHandler({ preValidation: identify }, (request, reply) =>
    sendSite && asksForPage(request)
      ? sendSite(request, reply, 404)
      : sendError(reply, new ApiError('NOT_FOUND', 'There is no such resource. See /openapi.json for what there is.')),
  )
  // Only when asked for: listening to every response costs more than deciding it.
  if (deps.log.isLevelEnabled('debug'))
    app.addHook('onResponse', (request, reply, done) => {
      deps.log.debug({
        request_id: request.id,
        method: request.method,
        // Without its query: a signature or a token must not reach a log.
        path: request.url.split('?')[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      })
      done()
    })
}
