// Turns an invitation into a membership: for whoever is signed in as the invited address, or afresh for whoever holds its mailbox.
import { randomUUID } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { ApiError, type Issue, validationError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import type { Trx } from '../../platform/database/database.ts'
import { newPasswordFault } from '../accounts/check-new-password.ts'
import { claimAccount } from '../accounts/claim-account.ts'
import { tokenDigest } from '../accounts/one-time-token.ts'
import { findUserById, type UserRow } from '../accounts/queries.ts'
import { tokenExpired } from '../accounts/verify-email.ts'
import { recordEvent } from '../audit/record-event.ts'
import { type Client, type StartedSession, startSession } from '../sessions/start-session.ts'
import { consumeInvitation, findInvitationByToken, type InvitationRow } from './invitation-queries.ts'
import { findRole, insertMembership, lockTenantPlan } from './queries.ts'

const nameMax = 100

type LookDeps = Pick<Deps, 'db' | 'clock'>
type AcceptDeps = LookDeps & Pick<Deps, 'audit' | 'changes' | 'passwords'>

export interface Invitation {
  readonly row: InvitationRow
  readonly tenantName: string
  /** The account with this address, if it has proved it; one that has not proves nothing. */
  readonly accountId: string | null
}

/** Looks without consuming: opening the link, or a mail scanner opening it, uses nothing up. */
export async function lookAtInvitation({ db, clock }: LookDeps, token: string): Promise<Invitation> {
  const invitation = await findInvitationByToken(db, tokenDigest(token), new Date(clock.now()))
  if (!invitation) throw tokenExpired()
  return invitation
}

export interface Acceptance {
  readonly token: string
  /** Both for an address without a verified account: they make one. */
  readonly name?: string | null
  readonly password?: string | null
}

export interface Accepted {
  readonly user: UserRow
  readonly tenantId: string
  readonly tenantName: string
  readonly role: InvitationRow['role']
  /** Null when the caller's own session goes on. */
  readonly session: StartedSession | null
}

export async function acceptInvitation(
  deps: AcceptDeps,
  input: Acceptance,
  caller: SessionPrincipal | null,
  client: Client,
): Promise<Accepted> {
  const { db, clock, audit, changes } = deps
  const { row, tenantName, accountId } = await lookAtInvitation(deps, input.token)
  const afresh = accountId ? null : await newAccount(deps, input, row, caller)
  if (!afresh) requireInvited(row, caller)
  const now = clock.now()
  const at = new Date(now)
  const done = await db.transaction().execute(async (trx) => {
    const { tenant_id: tenantId } = row
    if (!(await lockTenantPlan(trx, tenantId))) throw tokenExpired()
    const consumed = await consumeInvitation(trx, tokenDigest(input.token), at)
    if (!consumed) throw tokenExpired()
    const user = afresh ? await claim(trx, { email: row.email, ...afresh, at }) : await present(trx, row, caller)
    const held = await findRole(trx, tenantId, user.id)
    if (held)
      throw new ApiError('ALREADY_MEMBER', 'You are a member of this workspace already.', { user_id: user.id, role: held })
    await insertMembership(trx, { tenantId, userId: user.id, role: consumed.role, at })
    const session = afresh ? await startSession(trx, { userId: user.id, rememberMe: false, client, now }) : null
    await changes.publish(trx, { kind: 'user', id: user.id })
    await recordEvent(trx, audit, {
      tenantId,
      eventType: 'tenant.member_added',
      action: 'member.accept_invitation',
      result: 'success',
      userId: user.id,
      ip: client.ip,
      resourceType: 'user',
      resourceId: user.id,
      metadata: { role: consumed.role, invitation_id: row.id, invited_by: row.invited_by, by: 'invitation' },
      at: now,
    })
    return { user, tenantId, tenantName, role: consumed.role, session }
  })
  changes.apply({ kind: 'user', id: done.user.id })
  return done
}

const signInFirst = () =>
  new ApiError(
    'MISSING_CREDENTIALS',
    'There is an account with this address: sign in to it, then accept.',
    {},
    { 'WWW-Authenticate': 'Bearer realm="aionvision"' },
  )

/** Who holds the token reads the mailbox; that proves the address, but it is no sign-in to an account that is proved already. */
function requireInvited(row: InvitationRow, caller: SessionPrincipal | null): void {
  if (!caller) throw signInFirst()
  if (caller.email !== row.email)
    throw new ApiError('INSUFFICIENT_PERMISSIONS', 'This invitation is for another address: sign in with that one.', {
      required: [maskedEmail(row.email)],
      held: [],
    })
  // S26: who registered an address has not shown that it is theirs.
  if (!caller.emailVerified)
    throw new ApiError('EMAIL_NOT_VERIFIED', 'Verify your e-mail address first, or accept with a name and a new password.', {
      resend: '/api/v2/auth/session/resend-verification',
    })
}

/** Asked again under the lock: the address may have been changed since the session was looked up. */
async function present(trx: Trx, row: InvitationRow, caller: SessionPrincipal | null): Promise<UserRow> {
  const user = caller && (await findUserById(trx, caller.userId))
  requireInvited(row, caller && user ? { ...caller, email: user.email, emailVerified: user.email_verified_at !== null } : null)
  if (!user?.is_active) throw tokenExpired()
  return user
}

async function claim(trx: Trx, account: Parameters<typeof claimAccount>[1]): Promise<UserRow> {
  const user = await claimAccount(trx, account)
  // Verified since we looked.
  if (!user) throw signInFirst()
  return user
}

async function newAccount(
  deps: Pick<Deps, 'passwords'>,
  { name, password }: Acceptance,
  row: InvitationRow,
  caller: SessionPrincipal | null,
): Promise<{ id: string; name: string; passwordHash: string }> {
  if (caller && password == null) requireInvited(row, caller)
  // Shown in lists, mails and logs: no control character forges a line there (S41).
  const line = name?.replace(/\p{Cc}+/gu, ' ').trim()
  const issues: Issue[] = []
  if (name == null) issues.push({ loc: ['body', 'name'], msg: 'Field required', type: 'missing' })
  else if (!line) issues.push({ loc: ['body', 'name'], msg: 'Must not be blank', type: 'string_too_short' })
  else if (line.length > nameMax) issues.push({ loc: ['body', 'name'], msg: 'Is too long', type: 'string_too_long' })
  const fault = password == null ? 'Field required' : await newPasswordFault(deps, password)
  if (fault) issues.push({ loc: ['body', 'password'], msg: fault, type: password == null ? 'missing' : 'value_error' })
  if (issues.length > 0 || !line || password == null) throw validationError(issues)
  return { id: randomUUID(), name: line, passwordHash: await deps.passwords.hash(password) }
}

/** Enough to recognise one's own address, too little to learn somebody else's. */
export function maskedEmail(email: string): string {
  return email.replace(/^(.).*@/u, '$1•••@')
}
