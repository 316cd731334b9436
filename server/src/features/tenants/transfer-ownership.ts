// Hands a tenant to another member: at every moment it has exactly one owner.
import { ApiError } from '../../http/errors.ts'
import { type Actor, type ChangeDeps, changeTenant } from './change-tenant.ts'
import { findMember } from './member-queries.ts'
import { updateRole, updateTenant } from './queries.ts'
import { memberId, noSuchMember } from './remove-member.ts'

/** The old owner stays as an admin. */
export async function transferOwnership(deps: ChangeDeps, actor: Actor, target: string): Promise<void> {
  const userId = memberId(target)
  const { tenantId } = actor
  await changeTenant(deps, actor, 'OWNER', async (trx, { now }) => {
    const member = await findMember(trx, tenantId, userId)
    if (!member) throw noSuchMember()
    if (member.role === 'owner') throw new ApiError('CONFLICT', 'You own this workspace already.')
    // In this order: the database itself allows one owner of a tenant at a time.
    await updateRole(trx, { tenantId, userId: actor.userId, role: 'admin' })
    await updateRole(trx, { tenantId, userId, role: 'owner' })
    await updateTenant(trx, tenantId, { owner_user_id: userId }, new Date(now))
    return {
      result: undefined,
      changed: [
        { kind: 'user', id: actor.userId },
        { kind: 'user', id: userId },
      ],
      event: {
        eventType: 'tenant.ownership_transferred',
        action: 'tenant.transfer_ownership',
        resourceType: 'user',
        resourceId: userId,
        metadata: { previous_role: member.role, previous_owner: actor.userId },
      },
    }
  })
}
