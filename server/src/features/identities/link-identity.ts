// Adds an identity to an account as a way in, and takes one away, never the last.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import { findUserById } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { lockPerson } from '../sessions/queries.ts'
import type { Claims } from './oidc-client.ts'
import { deleteIdentity, findIdentity, hasPasskey, insertIdentity, listIdentities } from './queries.ts'

type LinkDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'config'>

/** For who is signed in: the addresses need not be the same. Linking what is linked already changes nothing. */
export async function linkIdentity(
  deps: LinkDeps,
  link: { userId: string; claims: Claims; provider: string; email: string },
  ip: string,
): Promise<void> {
  const { userId, claims } = link
  await deps.db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId, 'update')
    const user = await findUserById(trx, userId)
    if (!user?.is_active) throw new ApiError('INVALID_SESSION', 'This session is not valid or has ended. Sign in again.')
    // Against whoever signed up with somebody else's address and keeps a way in for later (S25).
    if (!user.email_verified_at) throw new ApiError('EMAIL_NOT_VERIFIED', 'Verify your e-mail address first, then link.')
    const held = await findIdentity(trx, claims.issuer, claims.subject)
    if (held?.user_id === userId) return
    await addIdentity(trx, deps, link, ip)
  })
}

/** Writes the trail: the last statement of its transaction. */
export async function addIdentity(
  trx: Trx,
  deps: Pick<Deps, 'audit' | 'clock'>,
  { userId, claims, provider, email }: { userId: string; claims: Claims; provider: string; email: string },
  ip: string,
): Promise<void> {
  const { issuer, subject } = claims
  const at = new Date(deps.clock.now())
  const row = { issuer, subject, user_id: userId, provider, email, created_at: at, last_used_at: at }
  if (!(await insertIdentity(trx, row)))
    throw new ApiError('CONFLICT', `This identity opens another account, or this account has another identity at ${provider}.`)
  await recordOwnDeed(trx, deps, {
    eventType: 'user.provider_linked',
    action: 'identity.link',
    userId,
    ip,
    metadata: { provider },
  })
}

export async function unlinkIdentity(deps: LinkDeps, userId: string, provider: string, ip: string): Promise<void> {
  const usable = new Set(deps.config.oidcProviders.map(({ issuer }) => issuer))
  await deps.db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId, 'update')
    if (!(await deleteIdentity(trx, userId, provider))) throw new ApiError('NOT_FOUND', 'There is no such identity.')
    const user = await findUserById(trx, userId)
    const others = (await listIdentities(trx, userId)).filter(({ issuer }) => usable.has(issuer))
    if (!user?.password_hash && others.length === 0 && !(await hasPasskey(trx, userId)))
      throw new ApiError('CONFLICT', 'This is the only way into your account: set a password first.')
    await recordOwnDeed(trx, deps, {
      eventType: 'user.provider_unlinked',
      action: 'identity.unlink',
      userId,
      ip,
      metadata: { provider },
    })
  })
}
