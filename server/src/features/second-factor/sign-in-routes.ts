// The public half of /auth/session/mfa: finishing a sign-in with a second factor, and signing in with a passkey alone.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Access } from '../../http/access.ts'
import { validationError } from '../../http/errors.ts'
import { refusal } from '../../http/refusal.ts'
import { answerLogin } from '../accounts/answer-login.ts'
import { spend } from '../accounts/limits.ts'
import { loginResponse } from '../accounts/schemas.ts'
import { clearChallenge, readChallenge } from '../sessions/challenge-cookie.ts'
import { clientOf } from '../sessions/start-session.ts'
import type { RouteDeps } from './caller.ts'
import { offerAssertion } from './passkeys.ts'
import { assertionOf, factorProofOf } from './proof.ts'
import { ceremonyResponse, challengeBody, challengeTokenBody, gone, limited, passkeySignInBody, wrong } from './schemas.ts'
import { completeChallenge, offerChallenge, signInWithPasskey } from './sign-in.ts'

const config: { access: Access } = { access: { credential: 'public' } }
const tags = ['auth']
const mfa = '/auth/session/mfa'

/** The body's, else the cookie's: routes that set the session cookie take nothing from another site, so neither can be forced on anybody. */
function challengeTokenOf(request: FastifyRequest & { body: { challenge_token?: string } }): string {
  const token = request.body.challenge_token ?? readChallenge(request.headers.cookie)
  if (token !== null) return token
  throw validationError([{ loc: ['body', 'challenge_token'], msg: 'Field required', type: 'missing' }])
}

export function signInRoutes(deps: RouteDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      `${mfa}/challenge`,
      {
        config,
        schema: {
          tags,
          summary: 'Finish signing in with a second factor',
          body: challengeBody,
          response: { 200: loginResponse, 401: wrong, 410: gone, 429: limited },
        },
      },
      async (request, reply) => {
        const proof = factorProofOf(request.body)
        const done = await completeChallenge(deps, challengeTokenOf(request), proof, clientOf(request))
        const answer = answerLogin(deps, reply, done)
        if (readChallenge(request.headers.cookie)) clearChallenge(reply, deps.publicUrl().startsWith('https:'))
        return answer
      },
    )

    app.post(
      `${mfa}/challenge/options`,
      {
        config,
        schema: {
          tags,
          summary: 'What a passkey must sign to finish signing in',
          body: challengeTokenBody,
          response: { 200: ceremonyResponse, 409: refusal('No passkey yet'), 410: gone },
        },
      },
      async (request) => {
        const { challengeId, options } = await offerChallenge(deps, challengeTokenOf(request))
        return { challenge_id: challengeId, options }
      },
    )

    app.post(
      `${mfa}/passkeys/sign-in/options`,
      {
        config,
        schema: { tags, summary: 'What a passkey must sign to sign in by itself', response: { 200: ceremonyResponse } },
      },
      async (request) => {
        // Each leaves a row behind until it is purged.
        await spend(deps, 'login', request.ip, null)
        const { challengeId, options } = await offerAssertion(deps, 'sign_in', null)
        return { challenge_id: challengeId, options }
      },
    )

    app.post(
      `${mfa}/passkeys/sign-in`,
      {
        config,
        schema: {
          tags,
          summary: 'Sign in with a passkey',
          body: passkeySignInBody,
          response: { 200: loginResponse, 401: wrong },
        },
      },
      async (request, reply) => {
        const rememberMe = request.body.remember_me ?? false
        return answerLogin(deps, reply, await signInWithPasskey(deps, assertionOf(request.body), rememberMe, clientOf(request)))
      },
    )
  }
}
