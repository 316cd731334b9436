// Asks a signed-in person for their password again: wrong ones count against the account as failed sign-ins do.
import type { Deps } from '../../deps.ts'
import { ApiError, rateLimited } from '../../http/errors.ts'
import type { Client } from '../sessions/start-session.ts'
import { digest } from './limits.ts'
import type { UserRow } from './queries.ts'
import { recordFailure } from './record-own-deed.ts'

type VerifyDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'passwords' | 'delays' | 'config'>

/** Throws 401 INVALID_CREDENTIALS, or 429 with the wait after too many failures. A person without a password has none that is right. */
export async function verifyPassword(deps: VerifyDeps, user: UserRow, password: string, client: Client): Promise<void> {
  const { passwords, delays, config } = deps
  const account = digest(user.email)
  await delays.inTurn(account, async () => {
    const waitMs = config.limits.login ? delays.wait(account) : 0
    if (waitMs > 0) throw rateLimited('Too many wrong passwords for this account. Wait as long as Retry-After says.', waitMs)
    if (await passwords.verify(user.password_hash, password)) return delays.succeed(account)
    delays.fail(account)
    await recordFailure(deps, user.id, 'password.verify', client)
    throw wrongPassword()
  })
}

export const wrongPassword = () => new ApiError('INVALID_CREDENTIALS', 'The password is not right.')
