// The site, the dashboard and the docs: one page for every address of theirs, and the files it loads, as `web/` built them.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import { readSessionCookie } from '../features/sessions/session-cookie.ts'
import { StartupError } from '../platform/startup-error.ts'
import { showsMailbox } from './mailbox.ts'

const config = { access: { credential: 'public' } } as const
const authPages = [
  'register',
  'login',
  'verify-email',
  'forgot-password',
  'reset-password',
  'accept-invitation',
  'confirm-email-change',
  'cli',
]
const addresses = ['/', '/pricing', ...authPages.map((name) => `/auth/${name}`), '/dashboard', '/dashboard/*', '/docs']
const nonceBytes = 16

/** No inline script, no inline style but by nonce, nothing from another host but the bytes of files, and nobody frames it (S42). */
const policy = (nonce: string, objectOrigin: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data: blob:${objectOrigin}`,
    "font-src 'self'",
    `connect-src 'self'${objectOrigin}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

/** Sends the page, which finds out from its address what to show. */
export type SendSite = (request: FastifyRequest, reply: FastifyReply, status?: number) => FastifyReply

export function createSite(deps: Pick<Deps, 'publicUrl' | 'config' | 'store'>, webDirectory: string): SendSite {
  const index = join(webDirectory, 'index.html')
  if (!existsSync(index)) throw new StartupError(`The pages are not built: ${index} is missing. Run npm run build.`)
  const template = readFileSync(index, 'utf8')
  // Where the bytes of files go to and come from, when that is not here.
  const objectOrigin = deps.store.origin === null ? '' : ` ${deps.store.origin}`
  const yesOrNo = (value: boolean) => (value ? 'yes' : 'no')

  return (request, reply, status = 200) => {
    const nonce = randomBytes(nonceBytes).toString('base64')
    if (deps.publicUrl().startsWith('https:')) reply.header('strict-transport-security', 'max-age=31536000')
    return (
      reply
        .code(status)
        .header('content-type', 'text/html; charset=utf-8')
        .header('content-security-policy', policy(nonce, objectOrigin))
        .header('x-frame-options', 'DENY')
        // The token in a link must not travel to another site; no-referrer would turn a form's Origin into `null`.
        .header('referrer-policy', 'same-origin')
        .send(
          template
            .replaceAll('__CSP_NONCE__', nonce)
            // Whether a cookie came along and no more: what it is worth, the API says.
            .replace('__SIGNED_IN__', yesOrNo(readSessionCookie(request.headers.cookie) !== null))
            .replace('__MAILBOX__', yesOrNo(showsMailbox(deps, request))),
        )
    )
  }
}

export function siteRoutes(sendSite: SendSite, webDirectory: string): FastifyPluginAsyncTypebox {
  return async (app) => {
    for (const address of addresses)
      app.get(address, { config, schema: { hide: true } }, (request, reply) => sendSite(request, reply))

    app.get<{ Params: { '*': string } }>('/docs/*', { config, schema: { hide: true } }, (request, reply) => {
      const page = request.params['*']
      // Each page is there as the Markdown it is made from as well.
      return page.endsWith('.md') ? sendDocument(reply, `docs/${page}`, 'markdown') : sendSite(request, reply)
    })
    app.get('/llms.txt', { config, schema: { hide: true } }, (_request, reply) => sendDocument(reply, 'llms.txt', 'plain'))

    await app.register(fastifyStatic, { root: webDirectory, serve: false, preCompressed: true })
    app.get<{ Params: { '*': string } }>('/assets/*', { config, schema: { hide: true } }, (request, reply) =>
      // Their names change with their content.
      reply.sendFile(`assets/${request.params['*']}`, { maxAge: '1y', immutable: true }),
    )
    app.get('/favicon.svg', { config, schema: { hide: true } }, (_request, reply) =>
      reply.sendFile('favicon.svg', { maxAge: '1d' }),
    )
  }
}

function sendDocument(reply: FastifyReply, path: string, kind: 'markdown' | 'plain'): FastifyReply {
  return reply.type(`text/${kind}; charset=utf-8`).sendFile(path, { maxAge: '1h' })
}
