// The questions of the Team tab that need no form: withdraw, take over, hand over, leave.
import { useApi } from '../../api.ts'
import { remember } from '../../remembered.ts'
import { team as text } from '../../strings/team.ts'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useSession } from '../session.ts'
import { type Member, useActiveKeyCount, useDeed, useRefreshTeam } from './team-queries.ts'
import { whoIs } from './team-rights.ts'

interface Props {
  readonly member: Member
  readonly onClose: () => void
}

export function WithdrawDialog({ member, onClose }: Props) {
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshTeam()
  const { run, pending, error } = useDeed(async () => {
    await api.members.remove(member.id)
    void refresh()
    toast({ title: text.withdraw.done(member.email) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.withdraw.title(member.email)}
      description={text.withdraw.lead}
      action={text.withdraw.action}
      onConfirm={run}
      pending={pending}
      error={error}
    />
  )
}

export function TakeOverDialog({ member, onClose }: Props) {
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshTeam()
  const count = useActiveKeyCount(member.id)
  const { run, pending, error } = useDeed(async () => {
    const { taken_over } = await api.request('POST', '/api/v2/tenant/members/{user_id}/take-over-keys', {
      params: { user_id: member.id },
    })
    void refresh()
    toast({ title: text.takeOver.done(taken_over) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.takeOver.title(whoIs(member))}
      description={text.takeOver.lead}
      action={text.takeOver.submit}
      onConfirm={run}
      pending={pending}
      error={error}
    >
      {count !== undefined && <p>{text.takeOver.has(count)}</p>}
    </ConfirmDialog>
  )
}

export function TransferDialog({ member, onClose }: Props) {
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshTeam()
  const { workspace } = useSession()
  const { run, pending, error } = useDeed(async () => {
    await api.request('POST', '/api/v2/tenant/transfer-ownership', { body: { user_id: member.id } })
    await refresh()
    toast({ title: text.transfer.done(member.name) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.transfer.title(whoIs(member))}
      description={text.transfer.lead(workspace.name)}
      action={text.transfer.submit}
      onConfirm={run}
      pending={pending}
      error={error}
      phrase={member.email}
    />
  )
}

export function LeaveDialog({ onClose }: { readonly onClose: () => void }) {
  const api = useApi()
  const { workspace } = useSession()
  const { run, pending, error } = useDeed(async () => {
    await api.request('POST', '/api/v2/tenant/leave')
    // Nothing of this workspace may stay on the page.
    remember('workspace', null)
    location.assign('/dashboard')
  })
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.own.leaveTitle(workspace.name)}
      description={text.own.leaveLead}
      action={text.own.leave}
      onConfirm={run}
      pending={pending}
      error={error}
    />
  )
}
