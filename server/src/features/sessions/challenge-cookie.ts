// After a provider a browser holds the challenge in a cookie that only the second step is sent: an address reaches logs, and scripts need not know it.
import { parseCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply } from 'fastify'

const name = 'aionvision_challenge'
/** As long as the challenge itself. */
const maxAgeSeconds = 300

export function keepChallenge(reply: FastifyReply, token: string, secure: boolean): void {
  write(reply, token, maxAgeSeconds, secure)
}

export function clearChallenge(reply: FastifyReply, secure: boolean): void {
  write(reply, '', 0, secure)
}

export function readChallenge(header: string | undefined): string | null {
  return (header && parseCookie(header)[name]) || null
}

function write(reply: FastifyReply, value: string, maxAge: number, secure: boolean): void {
  reply.header(
    'set-cookie',
    stringifySetCookie({ name, value, maxAge, path: '/api/v2/auth/session/mfa', httpOnly: true, sameSite: 'lax', secure }),
  )
}
