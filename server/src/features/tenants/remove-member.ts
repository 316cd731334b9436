// Ends a membership, by somebody else or by leaving, or withdraws an invitation: the person's sessions and keys end here with it.
import { ApiError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import { type Actor, type ChangeDeps, changeTenant, type Deed, requireOwnerForAdmins } from './change-tenant.ts'
import { endInvitations, findOpenInvitation } from './invitation-queries.ts'
import { deleteMembership, findMember, type MemberRow } from './member-queries.ts'

export const noSuchMember = () => new ApiError('NOT_FOUND', 'There is no such member.')
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** An id that is no UUID is as unknown as one of another tenant (S05, S06); in the case in which every server's memory knows it. */
export function memberId(text: string): string {
  const id = text.toLowerCase()
  if (!uuid.test(id)) throw noSuchMember()
  return id
}

export async function removeMember(deps: ChangeDeps, actor: Actor, target: string): Promise<void> {
  const id = memberId(target)
  const { tenantId } = actor
  await changeTenant(deps, actor, 'ADMIN', async (trx, { role, now }) => {
    const at = new Date(now)
    const member = await findMember(trx, tenantId, id)
    if (member) {
      if (member.role === 'owner') throw new ApiError('CONFLICT', 'The owner cannot be removed: transfer the ownership first.')
      if (id === actor.userId) throw new ApiError('CONFLICT', 'You cannot remove yourself: leave instead, POST /tenant/leave.')
      requireOwnerForAdmins(role, member.role)
      return endMembership(trx, tenantId, member, 'member', at)
    }
    const invitation = await findOpenInvitation(trx, id, at)
    if (invitation?.tenant_id !== tenantId) throw noSuchMember()
    requireOwnerForAdmins(role, invitation.role)
    await endInvitations(trx, tenantId, { id }, at)
    return {
      result: undefined,
      changed: [],
      event: {
        eventType: 'tenant.invitation_withdrawn',
        action: 'member.withdraw',
        resourceType: 'invitation',
        resourceId: id,
        metadata: { email: invitation.email, role: invitation.role },
      },
    }
  })
}

export async function leaveTenant(deps: ChangeDeps, actor: Actor): Promise<void> {
  const { tenantId, userId } = actor
  await changeTenant(deps, actor, 'VIEW', async (trx, { role, now }) => {
    if (role === 'owner') throw new ApiError('CONFLICT', 'The owner cannot leave: transfer the ownership first.')
    return endMembership(trx, tenantId, { id: userId, role }, 'self', new Date(now))
  })
}

async function endMembership(
  trx: Trx,
  tenantId: string,
  { id, role }: Pick<MemberRow, 'id' | 'role'>,
  by: 'member' | 'self',
  at: Date,
): Promise<Deed<void>> {
  await deleteMembership(trx, tenantId, id)
  await endInvitations(trx, tenantId, { invitedBy: id }, at)
  return {
    result: undefined,
    changed: [{ kind: 'user', id }],
    event: {
      eventType: 'tenant.member_removed',
      action: by === 'self' ? 'member.leave' : 'member.remove',
      resourceType: 'user',
      resourceId: id,
      metadata: { role, by },
    },
  }
}
