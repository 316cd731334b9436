// The Team tab: who belongs here, who is invited, and what each of them may.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { UserPlus } from 'lucide-react'
import { useCallback, useState } from 'react'
import { useApi } from '../../api.ts'
import { usePageTitle } from '../../page-title.ts'
import { team as text } from '../../strings/team.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, explain, Failure, PageHeader, SkeletonRows } from '../../ui/surface.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'
import { useSession } from '../session.ts'
import { InviteDialog } from './invite-dialog.tsx'
import { InvitationTable, MemberTable, type TeamTask } from './member-table.tsx'
import { RemoveDialog } from './remove-dialog.tsx'
import { RoleDialog } from './role-dialog.tsx'
import { LeaveDialog, TakeOverDialog, TransferDialog, WithdrawDialog } from './team-dialogs.tsx'
import { type Member, useMembers, useRefreshTeam } from './team-queries.ts'
import { whyNotManage } from './team-rights.ts'

/** A shorter list is read faster than searched. */
const searchedFrom = 8
const dialogs = {
  role: RoleDialog,
  remove: RemoveDialog,
  takeOver: TakeOverDialog,
  transfer: TransferDialog,
  withdraw: WithdrawDialog,
}
type Open = { readonly task: keyof typeof dialogs; readonly member: Member } | 'invite' | null

export function TeamPage() {
  usePageTitle(text.title)
  const session = useSession()
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshTeam()
  const withProof = useWithProof()
  const { q = '' } = useSearch({ strict: false }) as { readonly q?: string }
  const navigate = useNavigate()
  const members = useMembers()
  const [open, setOpen] = useState<Open>(null)
  const close = () => setOpen(null)
  const reason = whyNotManage(session)

  const onTask = useCallback(
    (task: TeamTask, member: Member) => {
      if (task !== 'resend') return setOpen({ task, member })
      if (member.role === 'owner') return
      const { email, role } = member
      // A second invitation to an address replaces the first.
      withProof(() => api.members.invite({ email, role })).then(
        () => {
          toast({ title: text.resend.done(email), detail: text.resend.detail })
          void refresh()
        },
        (error: unknown) => toast({ title: explain(error).message, kind: 'failed' }),
      )
    },
    [api, toast, refresh, withProof],
  )
  const inviteButton = (
    <Button kind="primary" disabledReason={reason} onClick={() => setOpen('invite')}>
      <UserPlus aria-hidden size={16} />
      {text.invite}
    </Button>
  )
  const belonging = members.data?.filter(({ status }) => status === 'member') ?? []
  const invited = members.data?.filter(({ status }) => status === 'invited') ?? []
  const Question = open && open !== 'invite' ? dialogs[open.task] : null
  return (
    <>
      <PageHeader title={text.title} lead={text.lead} actions={inviteButton} />
      {members.isError ? (
        <Failure error={members.error} onRetry={() => void members.refetch()} />
      ) : !members.data ? (
        <SkeletonRows />
      ) : (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-8">
          <section>
            <div className="mb-3 flex flex-wrap items-end justify-between gap-3">
              <h2 className="text-base">
                {text.members} <span className="font-normal text-muted tabular-nums">{belonging.length}</span>
              </h2>
              {belonging.length > searchedFrom && (
                <div className="w-full sm:w-72">
                  <TextField
                    type="search"
                    label={text.search}
                    labelHidden
                    placeholder={text.search}
                    defaultValue={q}
                    onChange={({ target }) =>
                      void navigate({ to: '.', search: target.value ? { q: target.value } : {}, replace: true } as never)
                    }
                  />
                </div>
              )}
            </div>
            <MemberTable rows={belonging.filter((member) => matches(member, q))} onTask={onTask} />
            {belonging.length === 1 && invited.length === 0 && <p className="mt-3 text-muted">{text.alone}</p>}
          </section>
          {invited.length > 0 && (
            <section>
              <h2 className="mb-3 text-base">
                {text.invitations} <span className="font-normal text-muted tabular-nums">{invited.length}</span>
              </h2>
              <InvitationTable rows={invited} onTask={onTask} />
            </section>
          )}
          <OwnMembership />
        </div>
      )}
      {open === 'invite' && <InviteDialog onClose={close} />}
      {Question && open && open !== 'invite' && <Question member={open.member} onClose={close} />}
    </>
  )
}

function OwnMembership() {
  const { workspace } = useSession()
  const [leaving, setLeaving] = useState(false)
  const owner = workspace.role === 'owner'
  return (
    <Card
      title={text.own.title}
      lead={owner ? text.own.owner : text.own.capped(workspace.role)}
      actions={
        <Button kind="danger" disabledReason={owner ? text.own.ownerStays : null} onClick={() => setLeaving(true)}>
          {text.own.leave}
        </Button>
      }
    >
      {leaving && <LeaveDialog onClose={() => setLeaving(false)} />}
    </Card>
  )
}

function matches({ name, email, role }: Member, q: string): boolean {
  const wanted = q.trim().toLowerCase()
  return !wanted || [name, email, text.roles[role][0]].some((each) => each.toLowerCase().includes(wanted))
}
