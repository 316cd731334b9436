// Whether a password is known from breaches elsewhere, asked so that nobody learns it: five hexadecimal digits of its SHA-1 leave this server.
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'

/** Setting a password must not hang on somebody else's server. */
const timeoutMs = 2_000
const prefixLength = 5

/**
 * Have I Been Pwned's range API (k-anonymity), or a copy of it, at `url`; null asks nobody. Fails open: a service that does not
 * answer says no, and the log says so.
 */
export function createBreachedPasswords(url: string | null, log: Pick<Logger, 'warn'>): (password: string) => Promise<boolean> {
  if (url === null) return async () => false
  const base = url.endsWith('/') ? url : `${url}/`
  return async (password) => {
    const hash = createHash('sha1').update(password).digest('hex').toUpperCase()
    try {
      const answer = await fetch(base + hash.slice(0, prefixLength), {
        // Padded, so that its length does not tell the range to whoever sees it pass.
        headers: { 'Add-Padding': 'true', 'User-Agent': 'aionvision' },
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
      if (!answer.ok) throw new Error(`it answered ${answer.status}`)
      return listed(await answer.text(), hash.slice(prefixLength))
    } catch (error) {
      log.warn(
        { err: error instanceof Error ? error.message : String(error) },
        'breached passwords could not be asked for: not checked',
      )
      return false
    }
  }
}

/** One `SUFFIX:COUNT` a line; what is padding has been seen 0 times. */
function listed(range: string, suffix: string): boolean {
  return range.split('\n').some((line) => {
    const [candidate = '', count = ''] = line.trim().split(':')
    return candidate.toUpperCase() === suffix && Number(count) > 0
  })
}
