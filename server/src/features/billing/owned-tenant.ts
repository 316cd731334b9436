// Which workspace a payment call is about, and that its caller owns it; somebody else's is as unknown as one that never was.
import { ApiError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import type { Connection } from '../../platform/database/database.ts'
import { findRole } from '../tenants/queries.ts'

export async function ownedTenant(
  conn: Connection,
  session: SessionPrincipal,
  tenantId: string | null | undefined,
): Promise<string> {
  const wanted = tenantId?.toLowerCase() ?? session.tenantId
  if (wanted !== null && wanted === session.tenantId && session.role === 'owner') return wanted
  const role = wanted === null ? null : await findRole(conn, wanted, session.userId)
  if (wanted === null || role === null) throw new ApiError('NOT_FOUND', 'There is no such workspace.')
  if (role !== 'owner')
    throw new ApiError('INSUFFICIENT_PERMISSIONS', 'Only the owner of a workspace can see or change its plan.', {
      required: ['OWNER'],
      held: [role],
    })
  return wanted
}
