// Gives a person a role in a tenant, or another one; the person's sessions and keys follow at once.

import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Role } from '../../http/principal.ts'
import type { Trx } from '../../platform/database/database.ts'
import { recordEvent } from '../audit/record-event.ts'
import { endInvitations } from './invitation-queries.ts'
import { findRole, findUser, insertMembership, lockTenantPlan, updateRole } from './queries.ts'

export async function addMember(
  trx: Trx,
  { audit, changes }: Pick<Deps, 'audit'> & { changes: Pick<Deps['changes'], 'publish'> },
  input: { tenantId: string; email: string; role: Exclude<Role, 'owner'>; at: number; actor?: { userId: string; ip: string } },
): Promise<{ userId: string; before: Role | null }> {
  const tenant = await lockTenantPlan(trx, input.tenantId)
  if (!tenant) throw new ApiError('NOT_FOUND', `There is no tenant ${input.tenantId}.`)
  const user = await findUser(trx, input.email)
  if (!user) throw new ApiError('NOT_FOUND', `Nobody has signed up as ${input.email}.`)
  const before = await findRole(trx, input.tenantId, user.id)
  if (before === 'owner') throw new ApiError('CONFLICT', "The owner's role cannot be changed.")
  if (before === input.role) throw new ApiError('CONFLICT', `${input.email} is already ${input.role} of this tenant.`)
  const member = { tenantId: input.tenantId, userId: user.id, role: input.role }
  // What an open invitation offered is no longer needed.
  const at = new Date(input.at)
  await endInvitations(trx, input.tenantId, { email: input.email }, at)
  // Nor does anybody go on inviting through invitations they could not send today.
  if (before === 'admin') await endInvitations(trx, input.tenantId, { invitedBy: user.id }, at)
  if (before === null) await insertMembership(trx, { ...member, at })
  else await updateRole(trx, member)
  await changes.publish(trx, { kind: 'user', id: user.id })
  await recordEvent(trx, audit, {
    tenantId: input.tenantId,
    eventType: before === null ? 'tenant.member_added' : 'tenant.member_role_changed',
    action: before === null ? 'member.add' : 'member.role_change',
    result: 'success',
    userId: input.actor?.userId ?? null,
    ip: input.actor?.ip ?? null,
    resourceType: 'user',
    resourceId: user.id,
    metadata: { role: input.role, previous_role: before, by: input.actor ? 'member' : 'operator' },
    at: input.at,
  })
  return { userId: user.id, before }
}
