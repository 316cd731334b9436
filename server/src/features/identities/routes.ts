// /auth/session/google and its kind, /user/identities: signing in with an account held elsewhere.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { parseCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { ApiError, validationError } from '../../http/errors.ts'
import { localPath } from '../../http/local-path.ts'
import { sessionOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { answerLogin } from '../accounts/answer-login.ts'
import { spend } from '../accounts/limits.ts'
import { findUserById } from '../accounts/queries.ts'
import { loginResponse } from '../accounts/schemas.ts'
import { verifyPassword } from '../accounts/verify-password.ts'
import { keepChallenge } from '../sessions/challenge-cookie.ts'
import { clientOf } from '../sessions/start-session.ts'
import { beginSignIn, finishSignIn, stateLifeMs } from './begin-sign-in.ts'
import { linkIdentity, unlinkIdentity } from './link-identity.ts'
import { type Claims, createOidcClient, type OidcClient } from './oidc-client.ts'
import { listIdentities } from './queries.ts'
import {
  callbackQuery,
  identityResponse,
  idTokenBody,
  initiateQuery,
  initiateResponse,
  linkBody,
  linkedResponse,
  providerParams,
  providersResponse,
} from './schemas.ts'
import { provedEmail, type SignInDeps, signInElsewhere } from './sign-in-elsewhere.ts'

const open: { access: Access } = { access: { credential: 'public' } }
const own = (extra: object = {}): { access: Access } => ({ access: { credential: 'session', permission: 'SELF', ...extra } })
const tags = ['auth']
const base = '/auth/session'
/** Where a browser is sent back with what went wrong. */
const loginPage = '/auth/login'
const dashboardPage = '/dashboard'
const settingsPage = '/dashboard/settings'
const browserCookie = 'aionvision_sign_in'
/** Where the person was going; it may hold an invitation's token, so the provider is not told. */
const nextCookie = 'aionvision_next'
type InitiateRequest = FastifyRequest & { readonly query: Static<typeof initiateQuery> }

const taken = refusal('The identity opens another account')
const notConfigured = refusal('This provider is not set up on this server')

export function identityRoutes(deps: SignInDeps & Pick<Deps, 'publicUrl' | 'log'>): FastifyPluginAsyncTypebox {
  const clients = new Map(deps.config.oidcProviders.map((provider) => [provider.name, createOidcClient(provider, deps)]))
  const secure = () => deps.publicUrl().startsWith('https:')

  function clientFor(name: string): OidcClient {
    const client = clients.get(name)
    if (client) return client
    const provider = /^[a-z0-9]{1,31}$/.test(name) ? name : ''
    throw new ApiError(
      'PROVIDER_NOT_CONFIGURED',
      `Signing in with ${provider || 'this provider'} is not set up on this server.`,
      {
        provider,
      },
    )
  }

  /** Replaces nothing: it stands beside the session's cookie. */
  function setBrowserCookie(reply: FastifyReply, value: string, name = browserCookie): void {
    const maxAge = value === '' ? 0 : stateLifeMs / 1000
    const attributes = { maxAge, path: `/api/v2${base}`, httpOnly: true, sameSite: 'lax', secure: secure() } as const
    reply.header('set-cookie', stringifySetCookie({ name, value, ...attributes }))
  }

  async function initiate(request: InitiateRequest, reply: FastifyReply, name: string) {
    const { action = 'login' } = request.query
    const client = clientFor(name)
    await spend(deps, 'login', request.ip, null)
    const session = request.principal?.kind === 'session' ? request.principal : null
    const redirectUri = `${deps.publicUrl()}/api/v2${callbackPath(name)}`
    const begun = await beginSignIn(deps, client, { action, redirectUri, session })
    setBrowserCookie(reply, begun.browser)
    setBrowserCookie(reply, request.query.next ?? '', nextCookie)
    return { authorization_url: begun.authorizationUrl, state: begun.state }
  }

  async function signedIn(
    request: FastifyRequest,
    reply: FastifyReply,
    arrival: { claims: Claims; provider: string; rememberMe: boolean; password: string | null },
  ) {
    const { user, session } = await signInElsewhere(deps, arrival, clientOf(request))
    return answerLogin(deps, reply, { user, session, rememberMe: arrival.rememberMe })
  }

  async function link(userId: string, claims: Claims, provider: string, ip: string) {
    const email = provedEmail(claims)
    await linkIdentity(deps, { userId, claims, provider, email }, ip)
    return { message: 'Linked', provider, email }
  }

  /** A browser goes on to a page, whatever happens; a program gets the answer itself. */
  async function callback(request: FastifyRequest, reply: FastifyReply, name: string) {
    const page = request.headers.accept?.includes('text/html') ?? false
    const cookies = parseCookie(request.headers.cookie ?? '')
    const next = localPath(cookies[nextCookie])
    try {
      const answer = new URL(request.url, deps.publicUrl())
      const browser = cookies[browserCookie]
      const { claims, begun } = await finishSignIn(deps, clientFor(name), { answer, browser })
      const done = begun.user_id
        ? await link(begun.user_id, claims, name, request.ip)
        : await signedIn(request, reply, { claims, provider: name, rememberMe: false, password: null })
      setBrowserCookie(reply, '')
      if (cookies[nextCookie]) setBrowserCookie(reply, '', nextCookie)
      return page ? reply.redirect(next ?? (begun.user_id ? settingsPage : dashboardPage), 303) : done
    } catch (error) {
      if (!page || !(error instanceof ApiError)) throw error
      // What a second factor needs goes into a cookie: an address reaches logs.
      const { challenge_token: token, methods } = error.details
      if (typeof token === 'string') keepChallenge(reply, token, secure())
      const query = new URLSearchParams({ error: error.code })
      if (Array.isArray(methods)) query.set('methods', methods.join(','))
      if (next) query.set('next', next)
      if (cookies[nextCookie]) setBrowserCookie(reply, '', nextCookie)
      return reply.redirect(`${loginPage}?${query}`, 303)
    }
  }

  const byIdToken = async (
    request: FastifyRequest,
    reply: FastifyReply,
    provider: string,
    body: { id_token: string; remember_me?: boolean; password?: string | null },
  ) => {
    const client = clientFor(provider)
    await spend(deps, 'login', request.ip, null)
    const claims = await client.verify(body.id_token)
    return signedIn(request, reply, {
      claims,
      provider,
      rememberMe: body.remember_me ?? false,
      password: body.password ?? null,
    })
  }

  const initiateSchema = {
    tags,
    summary: 'Where to send the browser to sign in, and the state it comes back with',
    querystring: initiateQuery,
    response: { 200: initiateResponse, 401: refusal('To link an identity, sign in first'), 501: notConfigured },
  }
  const callbackSchema = {
    tags,
    summary: 'Where the provider sends the browser back to',
    querystring: callbackQuery,
    response: {
      200: Type.Union([loginResponse, linkedResponse]),
      303: Type.Null({ description: 'For browsers: on to the start page, or to /auth/login with what went wrong' }),
      400: refusal('Not begun in this browser, completed already, given up, or too late'),
      401: refusal('What the provider says is not valid here, or the session has ended'),
      403: refusal('The provider does not vouch for the address, or a second factor is owed'),
      409: taken,
      429: refusal('Too many sign-ins; Retry-After says how long to wait'),
      501: notConfigured,
    },
  }
  const idTokenSchema = {
    tags,
    summary: 'Sign in with an ID token that the page or app got from the provider',
    body: idTokenBody,
    response: {
      200: loginResponse,
      401: refusal('The token is not valid here, or the password is not right'),
      403: refusal('The provider does not vouch for the address, or a second factor is owed'),
      409: taken,
      501: notConfigured,
    },
  }
  const identified: { access: Access } = { access: { credential: 'public', identify: true } }

  return async (app) => {
    app.get(
      `${base}/providers`,
      { config: open, schema: { tags, summary: 'Where people can sign in from', response: { 200: providersResponse } } },
      () => [...clients.values()].map(({ name, label }) => ({ name, label })),
    )

    app.post(`${base}/google/initiate`, { config: identified, schema: initiateSchema }, (request, reply) =>
      initiate(request, reply, 'google'),
    )
    app.get(`${base}/google/callback`, { config: open, schema: callbackSchema }, (request, reply) =>
      callback(request, reply, 'google'),
    )
    app.post(`${base}/google`, { config: open, schema: idTokenSchema }, (request, reply) =>
      byIdToken(request, reply, 'google', request.body),
    )

    app.post(
      `${base}/oidc/:provider/initiate`,
      { config: identified, schema: { ...initiateSchema, params: providerParams } },
      (request, reply) => initiate(request, reply, request.params.provider),
    )
    app.get(
      `${base}/oidc/:provider/callback`,
      { config: open, schema: { ...callbackSchema, params: providerParams } },
      (request, reply) => callback(request, reply, request.params.provider),
    )
    app.post(`${base}/oidc/:provider`, { config: open, schema: { ...idTokenSchema, params: providerParams } }, (request, reply) =>
      byIdToken(request, reply, request.params.provider, request.body),
    )

    app.post(
      `${base}/link-provider`,
      {
        config: own({ unverified: true, fresh: true }),
        schema: {
          tags,
          summary: 'Let an identity held elsewhere open my account as well',
          body: linkBody,
          response: { 200: linkedResponse, 409: taken, 501: notConfigured },
        },
      },
      async (request) => {
        const { id_token, password } = request.body
        const { userId } = sessionOf(request)
        if (id_token === undefined) throw validationError([{ loc: ['body', 'id_token'], msg: 'Field required', type: 'missing' }])
        const client = clientFor(request.body.provider ?? 'google')
        const user = await findUserById(deps.db, userId)
        if (!user) throw new ApiError('INVALID_SESSION', 'This session is not valid or has ended. Sign in again.')
        if (typeof password === 'string') await verifyPassword(deps, user, password, clientOf(request))
        return link(userId, await client.verify(id_token), client.name, request.ip)
      },
    )

    app.get(
      '/user/identities',
      { config: own(), schema: { tags, summary: 'What else opens my account', response: { 200: Type.Array(identityResponse) } } },
      async (request) =>
        (await listIdentities(deps.db, sessionOf(request).userId)).map((row) => ({
          provider: row.provider,
          email: row.email,
          created_at: row.created_at.toISOString(),
          last_used_at: row.last_used_at.toISOString(),
        })),
    )

    app.delete(
      '/user/identities/:provider',
      {
        config: own({ fresh: true }),
        schema: {
          tags,
          summary: 'Let an identity open my account no more',
          params: providerParams,
          response: { 204: Type.Null(), 409: refusal('It is the only way in') },
        },
      },
      async (request, reply) => {
        await unlinkIdentity(deps, sessionOf(request).userId, request.params.provider, request.ip)
        return reply.code(204).send(null)
      },
    )
  }
}

/** Google's is the contract's; it is what the operator registers with the provider. */
function callbackPath(name: string): string {
  return name === 'google' ? `${base}/google/callback` : `${base}/oidc/${name}/callback`
}
