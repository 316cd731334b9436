// From what a provider proved to a session: which account an identity opens, and what must be true before it opens one.
import { randomUUID } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { claimAccount } from '../accounts/claim-account.ts'
import { normaliseEmail } from '../accounts/email-address.ts'
import { spend } from '../accounts/limits.ts'
import { findUserByEmail, findUserById, type UserRow, updateUser } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { verifyPassword } from '../accounts/verify-password.ts'
import { challengeIfEnrolled } from '../second-factor/challenge.ts'
import { lockPerson } from '../sessions/queries.ts'
import { type Client, type StartedSession, startSession } from '../sessions/start-session.ts'
import { createTenant } from '../tenants/create-tenant.ts'
import { addIdentity } from './link-identity.ts'
import type { Claims } from './oidc-client.ts'
import { findIdentity, stampIdentity } from './queries.ts'

export type SignInDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'passwords' | 'delays' | 'limiter' | 'config'>

export interface Arrival {
  readonly claims: Claims
  readonly provider: string
  readonly rememberMe: boolean
  /** Of the account with this address, where the caller gave one. */
  readonly password: string | null
}

const nameLengthMax = 100
/** Somebody else may create, verify or link the same account meanwhile: then what holds is looked up anew. */
const attemptsMax = 3

export async function signInElsewhere(
  deps: SignInDeps,
  arrival: Arrival,
  client: Client,
): Promise<{ user: UserRow; session: StartedSession }> {
  const user = await accountOf(deps, arrival, client)
  await challengeIfEnrolled(deps, user, { method: `oidc:${arrival.provider}`, rememberMe: arrival.rememberMe })
  return begin(deps, user.id, arrival, client)
}

/** The address that the provider vouches for; 403 EMAIL_NOT_VERIFIED where it does not. */
export function provedEmail({ email, emailVerified }: Claims): string {
  const address = email === null ? null : normaliseEmail(email)
  // Ours are one in all widths and forms of a letter; a provider may know two mailboxes there, and vouches for one of them only.
  const mailbox = email?.slice(0, email.lastIndexOf('@'))
  if (!address || !emailVerified || mailbox !== mailbox?.normalize('NFKC'))
    throw new ApiError(
      'EMAIL_NOT_VERIFIED',
      'The provider does not say that your address is verified. Verify it there, or sign up with a password here.',
    )
  return address
}

async function accountOf(deps: SignInDeps, arrival: Arrival, client: Client): Promise<UserRow> {
  for (let attempt = 1; ; attempt++) {
    const user = await resolve(deps, arrival, client)
    if (user) return user
    if (attempt === attemptsMax) throw new ApiError('CONFLICT', 'This account is being changed at this very moment. Try again.')
  }
}

/** By issuer and subject, whatever the address; only a new identity is judged by its address. Null: it changed under our hands. */
async function resolve(deps: SignInDeps, arrival: Arrival, client: Client): Promise<UserRow | null> {
  const { db } = deps
  const { claims } = arrival
  const identity = await findIdentity(db, claims.issuer, claims.subject)
  if (identity) return requireActive(await findUserById(db, identity.user_id))
  const email = provedEmail(claims)
  const holder = await findUserByEmail(db, email)
  if (!holder?.email_verified_at) return enter(deps, arrival, email, holder, client)
  requireActive(holder)
  if (arrival.password !== null) await verifyPassword(deps, holder, arrival.password, client)
  return db.transaction().execute(async (trx) => {
    await lockPerson(trx, holder.id, 'update')
    const user = await findUserById(trx, holder.id)
    if (!user?.email_verified_at || user.email !== email) return null
    if (await findIdentity(trx, claims.issuer, claims.subject)) return null
    await addIdentity(trx, deps, { userId: user.id, email, ...arrival }, client.ip)
    return user
  })
}

/** A new person with a workspace; or the account that somebody began with this address, emptied of all they put in (S25). */
async function enter(
  deps: SignInDeps,
  arrival: Arrival,
  email: string,
  holder: UserRow | null,
  client: Client,
): Promise<UserRow | null> {
  const { db, clock, changes } = deps
  if (holder) requireActive(holder)
  else await spend(deps, 'register', client.ip, email)
  const now = clock.now()
  const name = oneLine(arrival.claims.name ?? '').slice(0, nameLengthMax) || email.slice(0, email.lastIndexOf('@'))
  const user = await db.transaction().execute(async (trx) => {
    const id = randomUUID()
    const user = await claimAccount(trx, { id, email, name, passwordHash: null, at: new Date(now) })
    if (!user) return null
    if (user.id === id) await createTenant(trx, deps, { name: `${name}'s workspace`, ownerUserId: id, at: now, ip: client.ip })
    else await changes.publish(trx, { kind: 'user', id: user.id })
    await addIdentity(trx, deps, { userId: user.id, email, ...arrival }, client.ip)
    return user
  })
  if (user) changes.apply({ kind: 'user', id: user.id })
  return user
}

async function begin(
  deps: SignInDeps,
  userId: string,
  { claims, provider, rememberMe }: Arrival,
  client: Client,
): Promise<{ user: UserRow; session: StartedSession }> {
  const { db, clock } = deps
  const now = clock.now()
  const at = new Date(now)
  const email = claims.email === null ? null : normaliseEmail(claims.email)
  return db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId, 'update')
    const user = requireActive(await findUserById(trx, userId))
    // One that was unlinked meanwhile opens nothing any more.
    const linked = await stampIdentity(trx, userId, claims, { last_used_at: at, ...(email && { email }) })
    if (!linked) throw closed()
    await updateUser(trx, userId, { last_login_at: at })
    const session = await startSession(trx, { userId, rememberMe, client, now })
    await recordOwnDeed(trx, deps, {
      eventType: 'auth.oauth_login',
      action: 'session.start',
      userId,
      ip: client.ip,
      sessionId: session.id,
      metadata: { provider },
    })
    return { user, session }
  })
}

function requireActive(user: UserRow | null): UserRow {
  if (!user?.is_active) throw closed()
  return user
}

const closed = () => new ApiError('INVALID_CREDENTIALS', 'This identity opens no account here.')

/** Names are shown in lists, mails and logs: no control character forges a line there (S41). */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Surrogate}]+/gu, ' ').trim()
}
