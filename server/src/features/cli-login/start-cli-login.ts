// A command line asks to be signed in: it gets a secret to come back with, and a code for the person to compare.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { clientBucket } from '../../http/client-bucket.ts'
import { rateLimited, validationError } from '../../http/errors.ts'
import { insertCliLogin } from './queries.ts'
import { newUserCode } from './user-code.ts'

/** RFC 8628 leaves it to the server; ten minutes are enough to sign in on the way. */
export const lifeMs = 600_000
/** RFC 8628 §3.2: how long to wait between two exchanges. */
export const pollSeconds = 2
const startsAnHour = 60
const hourMs = 3_600_000

export interface StartInput {
  readonly client_name: string
  readonly code_challenge: string
  readonly redirect_uri?: string
}

export interface Started {
  readonly deviceCode: string
  readonly userCode: string
}

export async function startCliLogin(
  { db, clock, limiter }: Pick<Deps, 'db' | 'clock' | 'limiter'>,
  input: StartInput,
  ip: string,
): Promise<Started> {
  const decision = await limiter.decide(`cli-start:${clientBucket(ip)}`, startsAnHour, hourMs)
  if (!decision.allowed) throw rateLimited('Too many sign-ins begun. Wait as long as Retry-After says.', decision.retryAfterMs)
  if (input.redirect_uri !== undefined && !isLoopback(input.redirect_uri))
    throw validationError([
      { loc: ['body', 'redirect_uri'], msg: 'Should be http:// on 127.0.0.1 or [::1], with a port', type: 'value_error' },
    ])
  const deviceCode = `cli_${randomBytes(32).toString('base64url')}`
  const userCode = newUserCode()
  const now = clock.now()
  await insertCliLogin(db, {
    id: randomUUID(),
    device_hash: digest(deviceCode),
    user_code: userCode,
    code_challenge: input.code_challenge,
    client_name: input.client_name,
    ip_address: ip,
    redirect_uri: input.redirect_uri ?? null,
    redirect_code_hash: null,
    approved_by: null,
    approving_session: null,
    created_at: new Date(now),
    expires_at: new Date(now + lifeMs),
    denied_at: null,
  })
  return { deviceCode, userCode }
}

/** RFC 8252 §7.3: any port on a loopback literal; a name could be made to lead elsewhere. */
function isLoopback(uri: string): boolean {
  const url = URL.canParse(uri) ? new URL(uri) : null
  return (
    url?.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(url.hostname) && url.port !== '' && !url.username && !url.hash
  )
}

export function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
