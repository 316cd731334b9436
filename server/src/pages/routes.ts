// Everything here that people see in a browser rather than programs over the API.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { mailboxRoutes } from './mailbox.ts'
import { type SendSite, siteRoutes } from './web.ts'

export function pageRoutes(deps: Deps, sendSite: SendSite | null): FastifyPluginAsyncTypebox {
  return async (app) => {
    if (sendSite && deps.webDirectory) await app.register(siteRoutes(sendSite, deps.webDirectory))
    await app.register(mailboxRoutes(deps))
  }
}
