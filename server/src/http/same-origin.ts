// Against cross-site request forgery and login CSRF: browsers say where a request comes from, and cannot be made to lie.
import type { IncomingHttpHeaders } from 'node:http'

/**
 * Sec-Fetch-Site decides where it is sent; else Origin must be ours. Neither is sent only by programs that are no browser
 * (every browser since 2020 sends one of them on a cross-site POST), and those hold no cookie of another person.
 */
export function isCrossSite(headers: IncomingHttpHeaders, publicUrl: string): boolean {
  const site = headers['sec-fetch-site']
  const origin = headers.origin
  if (origin !== undefined && origin === publicUrl) return false
  if (site !== undefined) return site !== 'same-origin' && !(site === 'none' && origin === undefined)
  if (origin === undefined) return false
  return origin.replace(/^https?:\/\//, '') !== headers.host
}
