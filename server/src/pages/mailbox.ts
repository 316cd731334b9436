// The development outbox as a page and as JSON: for people and programs on this very machine only, and never in production.
import { join } from 'node:path'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import { ApiError } from '../http/errors.ts'
import { isCrossSite } from '../http/same-origin.ts'
import { readOutbox } from '../platform/mailer.ts'
import { type Html, html } from './html.ts'
import { sendPage, stylesheet } from './page.ts'

const config = { access: { credential: 'public' } } as const
const shownMax = 100
const query = Type.Object({ to: Type.Optional(Type.String({ description: 'Only mail to this address' })) })

/** Whether this request may be told of it: mail is kept here instead of sent, and the request is one that may read it. */
export function showsMailbox({ config, publicUrl }: Pick<Deps, 'config' | 'publicUrl'>, request: FastifyRequest): boolean {
  return !config.production && !config.smtpUrl && isFromThisMachine(request, publicUrl())
}

export function mailboxRoutes(deps: Pick<Deps, 'config' | 'publicUrl'>): FastifyPluginAsyncTypebox {
  const outbox = join(deps.config.dataDir, 'outbox')
  return async (app) => {
    if (deps.config.production) return
    app.addHook('onRequest', (request, reply, done) => {
      // Mail holds tokens: no page of another site may read it through the developer's browser.
      reply.removeHeader('access-control-allow-origin')
      done(isFromThisMachine(request, deps.publicUrl()) ? undefined : new ApiError('NOT_FOUND', 'There is no such resource.'))
    })
    app.get('/dev/pages.css', { config, schema: { hide: true } }, (_request, reply) =>
      reply.header('content-type', 'text/css; charset=utf-8').send(stylesheet),
    )
    app.get('/dev/mailbox.json', { config, schema: { hide: true, querystring: query } }, (request) =>
      readOutbox(outbox, { to: request.query.to, count: shownMax }),
    )
    app.get('/dev/mailbox', { config, schema: { hide: true, querystring: query } }, async (request, reply) => {
      const mails = await readOutbox(outbox, { to: request.query.to, count: shownMax })
      const shown = mails.map(
        (mail) =>
          html`<article><h2>${mail.subject}</h2><p>To ${mail.to}, <time datetime="${mail.sent_at}">${mail.sent_at}</time></p><pre>${linked(mail.text, deps.publicUrl())}</pre></article>`,
      )
      // Mail is written a moment after the answer that promised it.
      if (mails.length === 0) reply.header('refresh', '2')
      const body = html`<p>Mail that this server would have sent, newest first. Also as <a href="/dev/mailbox.json">JSON</a>.</p>${shown.length ? shown : html`<p>Nothing yet.</p>`}`
      return sendPage(reply, deps.publicUrl(), { title: 'Mailbox', body })
    })
  }
}

/** Addresses of ours become links, so that a mail can be followed here as it would be where it was going. */
function linked(text: string, publicUrl: string): readonly Html[] {
  return text
    .split(/(https?:\/\/\S+)/)
    .map((part) => (part.startsWith(`${publicUrl}/`) ? html`<a href="${part}">${part}</a>` : html`${part}`))
}

/** By the socket, which no header can forge; not through a proxy on this machine, and not by a name that was made to point here. */
function isFromThisMachine(request: FastifyRequest, publicUrl: string): boolean {
  const address = request.raw.socket.remoteAddress ?? ''
  const { headers } = request
  if (!/^(::ffff:)?127\.|^::1$/.test(address)) return false
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined || isCrossSite(headers, publicUrl)) return false
  const host = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host) || host === hostOf(publicUrl)
}

function hostOf(url: string): string {
  return url
    .replace(/^https?:\/\//, '')
    .replace(/:\d+$/, '')
    .toLowerCase()
}
