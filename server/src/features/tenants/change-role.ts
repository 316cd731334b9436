// Gives a member, or an open invitation, another role; a member's sessions and keys are worth the new one from the next request on.
import { ApiError } from '../../http/errors.ts'
import { levelOfRole } from '../../http/principal.ts'
import { type Actor, type ChangeDeps, changeTenant, requireOwnerForAdmins } from './change-tenant.ts'
import { endInvitations, findOpenInvitation, type InvitationRow, updateInvitationRole } from './invitation-queries.ts'
import { findMember } from './member-queries.ts'
import { type MemberView, presentInvitation, presentMember } from './member-view.ts'
import { updateRole } from './queries.ts'
import { memberId, noSuchMember } from './remove-member.ts'

export async function changeRole(
  deps: ChangeDeps,
  actor: Actor,
  target: string,
  role: InvitationRow['role'],
): Promise<MemberView> {
  const id = memberId(target)
  const { tenantId } = actor
  return changeTenant<MemberView>(deps, actor, 'ADMIN', async (trx, present) => {
    const at = new Date(present.now)
    const event = (resourceType: 'user' | 'invitation', before: string) => ({
      eventType: 'tenant.member_role_changed' as const,
      action: 'member.role_change',
      resourceType,
      resourceId: id,
      metadata: { role, previous_role: before, by: 'member' },
    })
    const member = await findMember(trx, tenantId, id)
    if (member) {
      if (member.role === 'owner') throw new ApiError('CONFLICT', "The owner's role cannot be changed: transfer the ownership.")
      requireOwnerForAdmins(present.role, member.role, role)
      const result = presentMember({ ...member, role })
      if (member.role === role) return { result, changed: [], event: null }
      await updateRole(trx, { tenantId, userId: id, role })
      // Nobody goes on inviting through invitations they could not send today.
      if (levelOfRole[role] < levelOfRole.admin) await endInvitations(trx, tenantId, { invitedBy: id }, at)
      return { result, changed: [{ kind: 'user', id }], event: event('user', member.role) }
    }
    const invitation = await findOpenInvitation(trx, id, at)
    if (invitation?.tenant_id !== tenantId) throw noSuchMember()
    requireOwnerForAdmins(present.role, invitation.role, role)
    const result = presentInvitation({ ...invitation, role })
    if (invitation.role === role) return { result, changed: [], event: null }
    await updateInvitationRole(trx, id, role)
    return { result, changed: [], event: event('invitation', invitation.role) }
  })
}
