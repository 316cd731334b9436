// A member as the list shows one: somebody who belongs, or an invitation that is open.
import type { InvitationRow } from './invitation-queries.ts'
import type { MemberRow } from './member-queries.ts'

export function presentMember(row: MemberRow) {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    joined_at: row.joined_at.toISOString(),
    last_active_at: row.last_active_at?.toISOString() ?? null,
    status: 'member' as const,
    expires_at: null,
  }
}

/** Its name is the address, whether or not somebody has an account with it: that is nobody's business here. */
export function presentInvitation(row: InvitationRow) {
  return {
    id: row.id,
    email: row.email,
    name: row.email,
    role: row.role,
    joined_at: null,
    last_active_at: null,
    status: 'invited' as const,
    expires_at: row.expires_at.toISOString(),
  }
}

export type MemberView = ReturnType<typeof presentMember> | ReturnType<typeof presentInvitation>
