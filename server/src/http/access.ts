// Who may call what: each route declares it, this file decides it, and a route that declares nothing stops the start.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Rate } from '../config.ts'
import type { Plan, Plans } from '../features/plans/plan-table.ts'
import type { Decision, RateLimiter } from '../features/rate-limits/rate-limiter.ts'
import type { Clock } from '../platform/clock.ts'
import { clientBucket } from './client-bucket.ts'
import type { ErrorCode } from './error-table.ts'
import { ApiError, rateLimited, sendError } from './errors.ts'
import { type KeyPrincipal, levelOfPermission, type Principal, type SessionPrincipal } from './principal.ts'
import { isCrossSite } from './same-origin.ts'

export type Access =
  | {
      readonly credential: 'public'
      /** The route is told of a session that comes along; none, or one that has ended, is no fault. */
      readonly identify?: true
    }
  | {
      readonly credential: 'session' | 'key' | 'either'
      /** SELF: any signed-in person, whatever their tenant. */
      readonly permission: keyof typeof levelOfPermission
      /** With `action`, the scope `{resource}:{action}` opens the route to a key as well. */
      readonly resource?: 'files' | 'documents' | 'uploads' | 'usage'
      readonly action?: 'read' | 'write' | 'delete'
      /** Open to a session whose address is not verified yet. */
      readonly unverified?: true
      /** Asks for a password, factor or passkey proved within the last 15 minutes. */
      readonly fresh?: true
      /** How often one person, or one key, may call this route: facts §5. */
      readonly limit?: Rate
    }

export interface KeyRefusal {
  readonly refusal: 'INVALID_API_KEY' | 'EXPIRED_API_KEY' | 'REVOKED_API_KEY'
  /** Whose key it is, where that is known. */
  readonly subject?: KeySubject
}
export type KeySubject = Pick<KeyPrincipal, 'keyId' | 'tenantId' | 'userId'>
type MaybePromise<T> = T | Promise<T>

export interface AccessDeps {
  readonly authenticateKey: (token: string) => MaybePromise<KeyPrincipal | KeyRefusal>
  readonly touchKey: (keyId: string, ip: string) => void
  readonly authenticateSession: (
    token: string,
    tenantId: string | null,
  ) => MaybePromise<(SessionPrincipal & { renewCookie?: boolean }) | null>
  readonly readSessionCookie: (header: string | undefined) => string | null
  readonly renewCookie: (reply: FastifyReply, token: string, sessionId: string) => void
  readonly limiter: RateLimiter
  /** A request whose credential was known was refused: what the trail samples. */
  readonly noteRefusal: (request: FastifyRequest, code: ErrorCode, subject?: KeySubject) => void
  readonly setLimitHeaders: (reply: FastifyReply, policy: 'key' | 'tenant', decision: Decision) => void
  readonly unauthenticatedLimit: Rate | null
  readonly plans: Plans
  readonly clock: Clock
  readonly publicUrl: () => string
}

const minuteMs = 60_000
/** OWASP ASVS 5 §7.5: sensitive changes ask again; 15 minutes is the figure. */
export const freshMs = 15 * minuteMs
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const invalid: KeyRefusal = { refusal: 'INVALID_API_KEY' }

const refusals: Readonly<Record<KeyRefusal['refusal'] | 'INVALID_SESSION' | 'MISSING_CREDENTIALS', string>> = {
  MISSING_CREDENTIALS: 'Send an API key as `Authorization: Bearer aion_…`, or sign in. A key is never read from the URL.',
  INVALID_API_KEY: 'This API key is not valid. Check that it was copied whole, or create a new one in the dashboard.',
  EXPIRED_API_KEY: 'This API key has expired. Create a new one, or rotate keys before their expiry.',
  REVOKED_API_KEY: 'This API key was revoked. Create a new one in the dashboard.',
  INVALID_SESSION: 'This session is not valid or has ended. Sign in again.',
}

/** The key itself may be whole and good. */
const notBearer = 'Send the key as `Authorization: Bearer aion_…`: this header says something else.'

export function installAccess(app: FastifyInstance, deps: AccessDeps): void {
  app.decorateRequest('principal', null)
  app.decorateRequest('route', '')
  app.addHook('onRoute', (route) => {
    const access = route.config?.access
    if (!access) throw new Error(`${route.method} ${route.url} declares no access: add config.access`)
    const hook =
      access.credential === 'public'
        ? publicHook(deps, route, access.identify ?? false)
        : guardedHook(deps, access, `${route.method} ${route.url}`)
    route.onRequest = [hook, ...[route.onRequest ?? []].flat()]
  })
}

/** For paths that do not exist: a valid key still sees its limits, an invalid one still learns what is wrong with it. */
export function identifyForNotFound(deps: AccessDeps) {
  const hook = guardedHook(deps, { credential: 'either', permission: 'SELF', unverified: true })
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) =>
    request.headers.authorization === undefined ? done() : hook(request, reply, done)
}

/** Public routes need no credential, but those that set the session cookie must not be driven from another site. */
function publicHook(deps: AccessDeps, route: RouteOptions, identify: boolean) {
  const unsafe = ![route.method].flat().every((method) => safeMethods.has(method)) && !route.url.startsWith('/objects/')
  const isApi = route.url.startsWith('/api/v2/')
  const name = `${route.method} ${route.url}`
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    request.route = name
    if (unsafe && isCrossSite(request.headers, deps.publicUrl())) return void sendError(reply, crossSite())
    const { authorization, cookie } = request.headers
    if (isApi && !identify && authorization !== undefined)
      return void tellLimits(deps, reply, authorization).then(() => done(), done)
    if (!identify) return done()
    const token = authorization === undefined ? deps.readSessionCookie(cookie) : bearerToken(authorization)
    Promise.resolve(token?.startsWith('ses_') ? deps.authenticateSession(token, null) : null).then((session) => {
      request.principal = session
      done()
    }, done)
  }
}

/** A key sees its limits on a public route too, which spends none of them; one that is not valid is no fault there. */
async function tellLimits(deps: AccessDeps, reply: FastifyReply, authorization: string): Promise<void> {
  const token = bearerToken(authorization)
  const key = token?.startsWith('aion_') ? await deps.authenticateKey(token) : null
  if (!key || 'refusal' in key) return
  deps.setLimitHeaders(reply, 'key', await deps.limiter.peek(ownLimit(key)))
}

function ownLimit({ keyId, tenantId, limit }: KeyPrincipal) {
  return { name: keyId, group: tenantId, limit, windowMs: minuteMs }
}

function guardedHook(deps: AccessDeps, access: Exclude<Access, { credential: 'public' }>, route = '') {
  const level = levelOfPermission[access.permission]
  const grant = access.resource && access.action ? `${access.resource}:${access.action}` : null
  const required = [scopeOfLevel[level], grant].filter((scope): scope is string => Boolean(scope))

  function admitKey(request: FastifyRequest, reply: FastifyReply, key: KeyPrincipal): MaybePromise<ApiError | null> {
    const origin = request.headers.origin
    const address = request.ip
    if (!key.allowedIps.every((list) => list.includes(address)))
      return outsider(
        request,
        reply,
        key,
        new ApiError('IP_NOT_ALLOWED', `This key may not be used from ${address}.`, { ip_address: address }),
      )
    if (
      origin !== undefined &&
      key.allowedOrigins.length > 0 &&
      !key.allowedOrigins.includes(hostOf(origin)) &&
      !key.allowedOrigins.includes(origin)
    )
      return outsider(
        request,
        reply,
        key,
        new ApiError('ORIGIN_NOT_ALLOWED', 'This workspace does not allow calls from this origin.', { origin }),
      )
    const { tenantId } = key
    const ceiling = key.tenantLimit > 0 ? { name: tenantId, limit: key.tenantLimit, windowMs: minuteMs } : null
    const decision = deps.limiter.decideAll(ownLimit(key), ceiling)
    return decision instanceof Promise
      ? decision.then((decided) => admitWithin(request, reply, key, decided))
      : admitWithin(request, reply, key, decision)
  }

  function admitWithin(
    request: FastifyRequest,
    reply: FastifyReply,
    key: KeyPrincipal,
    decision: Decision,
  ): MaybePromise<ApiError | null> {
    deps.setLimitHeaders(reply, decision.limit > key.limit ? 'tenant' : 'key', decision)
    // Whatever is left of a limit: waiting would not help.
    const plan = deps.plans[key.plan]
    if (!plan.apiAccess) return insufficientTier(plan, deps.publicUrl())
    if (!decision.allowed)
      return rateLimited(
        `The limit of ${decision.limit} requests a minute is reached. Wait as long as Retry-After says.`,
        decision.retryAfterMs,
        { limit: decision.limit },
      )
    deps.touchKey(key.keyId, request.ip)
    if (access.credential === 'session')
      return new ApiError('SESSION_REQUIRED', 'This can only be done when signed in: use a session, not an API key.')
    const tenant = request.headers['x-tenant-id']
    if (tenant !== undefined && String(tenant).toLowerCase() !== key.tenantId)
      return new ApiError('NOT_FOUND', 'There is no such resource.')
    if (key.level < level && !(grant && key.grants.has(grant)))
      return new ApiError('INSUFFICIENT_PERMISSIONS', `This key lacks the scope needed: ${required.join(' or ')}.`, {
        required,
        held: key.scopes,
      })
    return spendRoute(key.keyId)
  }

  /** Refused before it counts: a stolen key used elsewhere must not spend its owner's limit. */
  async function outsider(request: FastifyRequest, reply: FastifyReply, key: KeyPrincipal, error: ApiError): Promise<ApiError> {
    deps.setLimitHeaders(reply, 'key', await deps.limiter.peek(ownLimit(key)))
    return (await spendAddress(deps, request)) ?? error
  }

  function admitSession(request: FastifyRequest, session: SessionPrincipal, byCookie: boolean): MaybePromise<ApiError | null> {
    if (byCookie && !safeMethods.has(request.method) && isCrossSite(request.headers, deps.publicUrl())) return crossSite()
    if (access.credential === 'key')
      return new ApiError('INSUFFICIENT_PERMISSIONS', 'This route takes an API key.', { required, held: [] })
    if (access.permission !== 'SELF' && !session.tenantId) return new ApiError('NOT_FOUND', 'There is no such resource.')
    if (session.level < level)
      return new ApiError('INSUFFICIENT_PERMISSIONS', `Your role lacks the permission needed: ${access.permission}.`, {
        required: [access.permission],
        held: session.role ? [session.role] : [],
      })
    if (!access.unverified && !session.emailVerified)
      return new ApiError(
        'EMAIL_NOT_VERIFIED',
        'Verify your e-mail address first: follow the link in the mail, or ask for a new one.',
        {
          resend: '/api/v2/auth/session/resend-verification',
        },
      )
    if (access.permission !== 'SELF' && session.factorRequired && session.factorAt === null)
      return new ApiError(
        'MFA_REQUIRED',
        session.hasFactor
          ? 'This workspace asks for a second factor: prove yours to go on.'
          : 'This workspace asks every member for a second factor: add one to your account to go on.',
        { enrolled: session.hasFactor, prove: '/api/v2/auth/session/reauthenticate', enrol: '/api/v2/auth/session/mfa/totp' },
      )
    if (access.fresh && !isFresh(session, deps.clock.now())) return reauthenticationRequired()
    return spendRoute(session.userId)
  }

  /** Last of all, so that what is refused for another reason spends nothing. */
  function spendRoute(caller: string): MaybePromise<ApiError | null> {
    return access.limit ? spendLimited(access.limit, caller) : null
  }

  async function spendLimited({ count, seconds }: Rate, caller: string): Promise<ApiError | null> {
    const decision = await deps.limiter.decide(`${route}:${caller}`, count, seconds * 1000)
    if (decision.allowed) return null
    return rateLimited(
      `This can be done ${count} times in ${seconds} seconds. Wait as long as Retry-After says.`,
      decision.retryAfterMs,
      { limit: count, window_seconds: seconds },
    )
  }

  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    request.route = route
    const header = request.headers.authorization
    let token: string | null
    if (header === undefined) token = access.credential === 'key' ? null : deps.readSessionCookie(request.headers.cookie)
    else token = bearerToken(header)
    if (keyInQuery(request.url))
      return void refuse(deps, request, reply, header === undefined ? 'MISSING_CREDENTIALS' : 'INVALID_API_KEY')
    if (token === null) {
      if (header === undefined) return void refuse(deps, request, reply, 'MISSING_CREDENTIALS')
      return void refuse(deps, request, reply, 'INVALID_API_KEY', /^bearer /i.test(header) ? undefined : notBearer)
    }
    const byCookie = header === undefined
    const conclude = (error: ApiError | null): void => {
      if (!error) return void done()
      deps.noteRefusal(request, error.code)
      sendError(reply, error)
    }
    if (!byCookie && !token.startsWith('ses_')) {
      const settle = (outcome: KeyPrincipal | KeyRefusal) => {
        if ('refusal' in outcome) {
          if (outcome.subject) deps.noteRefusal(request, outcome.refusal, outcome.subject)
          return refuse(deps, request, reply, outcome.refusal)
        }
        request.principal = outcome
        const admitted = admitKey(request, reply, outcome)
        if (admitted instanceof Promise) admitted.then(conclude).catch(done)
        else conclude(admitted)
      }
      const outcome = token.startsWith('aion_') ? deps.authenticateKey(token) : invalid
      if (outcome instanceof Promise) outcome.then(settle).catch(done)
      else settle(outcome)
      return
    }
    const tenant = request.headers['x-tenant-id']
    if (tenant !== undefined && (typeof tenant !== 'string' || !uuid.test(tenant)))
      return void sendError(reply, new ApiError('NOT_FOUND', 'There is no such resource.'))
    const settle = (session: (SessionPrincipal & { renewCookie?: boolean }) | null) => {
      if (!session) return refuse(deps, request, reply, 'INVALID_SESSION')
      request.principal = session
      const admit = (error: ApiError | null) => {
        if (!error && byCookie && session.renewCookie) deps.renewCookie(reply, token, session.sessionId)
        conclude(error)
      }
      const admitted = admitSession(request, session, byCookie)
      if (admitted instanceof Promise) admitted.then(admit).catch(done)
      else admit(admitted)
    }
    const outcome = deps.authenticateSession(token, tenant?.toLowerCase() ?? null)
    if (outcome instanceof Promise) outcome.then(settle).catch(done)
    else settle(outcome)
  }
}

export const scopeOfLevel = ['', 'read', 'write', 'admin', 'owner'] as const

/** RFC 6750 §2.1: one scheme, one token; the scheme's case does not matter. */
function bearerToken(header: string): string | null {
  // The common spelling costs no pattern: what follows it is compared by its hash and nothing else.
  if (header.startsWith('Bearer aion_')) return header.length < 512 ? header.slice(7) : null
  if (header.length < 8 || header.length > 512 || header.slice(0, 7).toLowerCase() !== 'bearer ') return null
  const token = header.slice(7).trim()
  return /^[\x21-\x7e]+$/.test(token) && !token.includes(',') ? token : null
}

/** Spelled out or percent-encoded: the `_` may be `%5F`. */
function keyInQuery(url: string): boolean {
  const query = url.indexOf('?')
  return query >= 0 && /aion(_|%5f)(live|test)(_|%5f)/i.test(url.slice(query))
}

/** A refusal for want of a credential counts against the address it came from; beyond its limit it is told to wait. */
function refuse(
  deps: AccessDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  code: keyof typeof refusals,
  message = refusals[code],
): void {
  const answer = (limited: ApiError | null) =>
    void sendError(
      reply,
      limited ?? new ApiError(code satisfies ErrorCode, message, {}, challenges[code === 'MISSING_CREDENTIALS' ? 0 : 1]),
    )
  const limited = spendAddress(deps, request)
  if (limited instanceof Promise) void limited.then(answer)
  else answer(limited)
}

/** For the routes whose access leaves it to their rule. */
export function isFresh(session: SessionPrincipal, now: number): boolean {
  return now - session.authenticatedAt <= freshMs
}

export function reauthenticationRequired(): ApiError {
  return new ApiError(
    'REAUTHENTICATION_REQUIRED',
    'This asks for a fresh proof that it is you: send your password, a code or a passkey, then repeat the request.',
    { reauthenticate: '/api/v2/auth/session/reauthenticate', max_age_seconds: freshMs / 1000 },
  )
}

/** RFC 6750 §3: no error code when no credential was sent. */
const challenges = [
  { 'WWW-Authenticate': 'Bearer realm="aionvision"' },
  { 'WWW-Authenticate': 'Bearer realm="aionvision", error="invalid_token"' },
] as const

function spendAddress(deps: AccessDeps, request: FastifyRequest): MaybePromise<ApiError | null> {
  const rate = deps.unauthenticatedLimit
  if (!rate) return null
  const judge = ({ allowed, retryAfterMs }: Decision) =>
    allowed
      ? null
      : rateLimited(
          'Too many requests without a valid credential from this address. Wait as long as Retry-After says.',
          retryAfterMs,
        )
  const decision = deps.limiter.decide(`ip:${clientBucket(request.ip)}`, rate.count, rate.seconds * 1000)
  return decision instanceof Promise ? decision.then(judge) : judge(decision)
}

/** The plan has no API access: what is held, what is needed, and where to get it. */
export function insufficientTier(held: Plan, publicUrl: string): ApiError {
  return new ApiError('INSUFFICIENT_SUBSCRIPTION_TIER', 'Insufficient subscription tier', {
    current_plan: held.title,
    required_plan: 'STARTER',
    pricing_url: `${publicUrl}/pricing`,
  })
}

function crossSite(): ApiError {
  return new ApiError(
    'CROSS_SITE_REQUEST',
    'This request came from another site. Send it from our own pages, or with a Bearer token instead of the cookie.',
  )
}

function hostOf(origin: string): string {
  return origin.replace(/^https?:\/\//, '')
}

export type { Principal }
