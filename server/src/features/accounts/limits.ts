// How often an address on the network, and an account, may try: the same for accounts that do not exist.
import { createHash } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { clientBucket } from '../../http/client-bucket.ts'
import { rateLimited } from '../../http/errors.ts'

type LimitDeps = Pick<Deps, 'limiter' | 'config'>

/** Spends one try of the client and one of the account, or neither. Without an account, as signing in has its own delays, the client alone. */
export async function spend(
  { limiter, config }: LimitDeps,
  kind: 'login' | 'register' | 'reset' | 'resend',
  ip: string,
  email: string | null,
): Promise<void> {
  const rate = config.limits[kind]
  if (!rate) return
  const windowMs = rate.seconds * 1000
  const client = { name: `${kind}:${clientBucket(ip)}`, group: kind, limit: rate.count, windowMs }
  const account = email === null ? null : { name: `${kind}:${digest(email)}`, group: kind, limit: rate.count, windowMs }
  const decision = await limiter.decideAll(client, account)
  if (!decision.allowed) throw rateLimited('Too many attempts. Wait as long as Retry-After says.', decision.retryAfterMs)
}

/** Names in the limiter reach a file at shutdown; addresses do not. */
export function digest(email: string): string {
  return createHash('sha256').update(email).digest('hex').slice(0, 32)
}
