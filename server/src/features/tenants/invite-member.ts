// Asks an address to join: an open invitation and a mail, the same for addresses with and without an account.
import { randomUUID } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { ApiError, rateLimited } from '../../http/errors.ts'
import { requireEmail } from '../accounts/email-address.ts'
import { deriveToken, tokenDigest } from '../accounts/one-time-token.ts'
import { type Actor, type ChangeDeps, changeTenant, requireOwnerForAdmins } from './change-tenant.ts'
import { endInvitations, type InvitationRow, insertInvitation, listOpenInvitations } from './invitation-queries.ts'
import { findMemberByEmail } from './member-queries.ts'
import { mailInvitation } from './tasks.ts'

/** A week: long enough for a holiday, short enough that a forgotten mail opens nothing. */
const invitationLifeMs = 7 * 24 * 3_600_000
/** Against using a tenant as a mailer to strangers. */
const openMax = 100

export async function inviteMember(
  deps: ChangeDeps & Pick<Deps, 'secrets' | 'jobs'>,
  actor: Actor,
  input: { email: string; role: InvitationRow['role'] },
): Promise<InvitationRow> {
  const email = requireEmail(input.email)
  return changeTenant(deps, actor, 'ADMIN', async (trx, { role, now }) => {
    const at = new Date(now)
    const open = await listOpenInvitations(trx, actor.tenantId, at)
    const replaced = open.find((invitation) => invitation.email === email)
    requireOwnerForAdmins(role, input.role, ...(replaced ? [replaced.role] : []))
    const member = await findMemberByEmail(trx, actor.tenantId, email)
    if (member)
      throw new ApiError('ALREADY_MEMBER', 'This person is a member already: change their role instead.', {
        user_id: member.id,
        role: member.role,
      })
    if (open.length >= openMax && !replaced) {
      const firstEnd = Math.min(...open.map(({ expires_at }) => expires_at.getTime()))
      throw rateLimited(
        `${openMax} invitations are open. Withdraw one, or wait until one is accepted or expires.`,
        firstEnd - now,
        { limit: openMax },
      )
    }
    await endInvitations(trx, actor.tenantId, { email }, at)
    const id = randomUUID()
    const invitation: InvitationRow = {
      id,
      tenant_id: actor.tenantId,
      email,
      role: input.role,
      invited_by: actor.userId,
      token_hash: tokenDigest(deriveToken(deps.secrets, id)),
      created_at: at,
      expires_at: new Date(now + invitationLifeMs),
      ended_at: null,
    }
    await insertInvitation(trx, invitation)
    await mailInvitation(deps, trx, id)
    return {
      result: invitation,
      changed: [],
      event: {
        eventType: 'tenant.member_invited',
        action: 'member.invite',
        resourceType: 'invitation',
        resourceId: id,
        metadata: { email, role: input.role, replaced: replaced?.id ?? null },
      },
    }
  })
}
