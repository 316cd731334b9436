// Who may read /metrics: never the public, since it tells what an installation is used for and how close it is to its limits.
import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import { ApiError } from '../../http/errors.ts'

/** What a proxy adds, or a browser that was led here by a name that resolves to this machine. */
const forwarded = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'origin']
const loopback = /^(127(\.\d+){3}|::1|::ffff:127(\.\d+){3})$/
const loopbackName = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i

/** Throws unless they may. Without a token only this machine, and in production nobody: a proxy beside the server is this machine, too. */
export function admitScrape(
  request: FastifyRequest,
  { metricsToken, production }: Pick<Config, 'metricsToken' | 'production'>,
): void {
  const { authorization, host = '' } = request.headers
  if (metricsToken === null) {
    const local = loopback.test(request.socket.remoteAddress ?? '') && loopbackName.test(host)
    if (local && !production && forwarded.every((name) => request.headers[name] === undefined)) return
    throw new ApiError('NOT_FOUND', 'There is no such resource.')
  }
  if (authorization === undefined)
    throw new ApiError('MISSING_CREDENTIALS', 'Send the token of AION_METRICS_TOKEN as `Authorization: Bearer`.')
  // Hashed first, so that neither length nor content shows in the time it takes.
  const digest = (text: string) => hash('sha256', text, 'buffer')
  if (!timingSafeEqual(digest(authorization), digest(`Bearer ${metricsToken}`)))
    throw new ApiError('INVALID_CREDENTIALS', 'This is not the token of AION_METRICS_TOKEN.')
}
