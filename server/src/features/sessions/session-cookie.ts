// The session in a browser: out of reach of scripts, not sent along by other sites, over https only where there is https.
import { stringifySetCookie } from 'cookie'
import type { FastifyReply } from 'fastify'
import { rememberedSlidingMs, slidingMs } from './session-life.ts'

const name = 'aionvision_session'
const prefix = `${name}=`

export function setSessionCookie(
  reply: FastifyReply,
  token: string,
  { rememberMe, secure }: { rememberMe: boolean; secure: boolean },
): void {
  write(reply, token, (rememberMe ? rememberedSlidingMs : slidingMs) / 1000, secure)
}

export function clearSessionCookie(reply: FastifyReply, secure: boolean): void {
  write(reply, '', 0, secure)
}

function write(reply: FastifyReply, value: string, maxAge: number, secure: boolean): void {
  // Replaces what the access check may have set: one answer, one session cookie.
  reply.removeHeader('set-cookie')
  reply.header('set-cookie', stringifySetCookie({ name, value, maxAge, path: '/', httpOnly: true, sameSite: 'lax', secure }))
}

/** The first of that name, as every browser sends the most specific one first. On the hot path: no parsing of the other cookies. */
export function readSessionCookie(header: string | undefined): string | null {
  if (header === undefined) return null
  for (let at = header.indexOf(prefix); at >= 0; at = header.indexOf(prefix, at + 1)) {
    if (at > 0 && header[at - 1] !== ' ' && header[at - 1] !== ';') continue
    const end = header.indexOf(';', at)
    const value = header.slice(at + prefix.length, end < 0 ? undefined : end).trim()
    return value === '' ? null : value
  }
  return null
}
