// Why somebody may not do something to somebody; null where they may. The server decides; these are its reasons ahead of time.
import { dashboard } from '../../strings/dashboard.ts'
import { team as text } from '../../strings/team.ts'
import { holds, type SignedIn } from '../session.ts'
import type { Member } from './team-queries.ts'

type Who = Pick<SignedIn, 'user' | 'workspace'>

export const isSelf = ({ user }: Who, member: Member) => member.status === 'member' && member.id === user.user_id

/** Two people may have one name. */
export const whoIs = ({ name, email }: Member) => (name === email ? email : `${name} (${email})`)

function adminReason({ workspace }: Who, member: Member): string | null {
  if (!holds(workspace, 'admin')) return text.needsAdmin
  return member.role === 'admin' && !holds(workspace, 'owner') ? text.onlyOwnerAppoints : null
}

export function whyNotChange(who: Who, member: Member): string | null {
  if (member.role === 'owner') return text.change.ownerFixed
  return isSelf(who, member) ? text.change.own : adminReason(who, member)
}

export function whyNotRemove(who: Who, member: Member): string | null {
  if (member.role === 'owner') return text.remove.owner
  return isSelf(who, member) ? text.remove.self : adminReason(who, member)
}

export function whyNotTakeOver(who: Who, member: Member): string | null {
  if (!holds(who.workspace, 'owner')) return text.takeOver.onlyOwner
  return isSelf(who, member) ? text.takeOver.own : null
}

export function whyNotTransfer(who: Who, member: Member): string | null {
  if (member.role === 'owner') return text.transfer.already
  return holds(who.workspace, 'owner') ? null : text.transfer.onlyOwner
}

export function whyNotManage({ workspace }: Who): string | null {
  return holds(workspace, 'admin') ? null : `${text.needsAdmin} ${dashboard.roleIn(workspace.role)}.`
}
