// Members and open invitations, with what can be done about each.
import { Ellipsis } from 'lucide-react'
import { useMemo } from 'react'
import { team as text } from '../../strings/team.ts'
import { buttonClass } from '../../ui/button.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { Badge } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { type Role, useSession } from '../session.ts'
import type { Member } from './team-queries.ts'
import { isSelf, whoIs, whyNotChange, whyNotManage, whyNotRemove, whyNotTakeOver, whyNotTransfer } from './team-rights.ts'

export type TeamTask = 'role' | 'remove' | 'takeOver' | 'transfer' | 'withdraw' | 'resend'

interface Props {
  readonly rows: readonly Member[]
  readonly onTask: (task: TeamTask, member: Member) => void
}

const rank: Readonly<Record<Role, number>> = { owner: 0, admin: 1, editor: 2, viewer: 3 }
const momentOf = (at: string | null) => (at ? Date.parse(at) : null)

function RoleBadge({ role }: { readonly role: Role }) {
  return (
    <span title={text.roles[role][1]}>
      <Badge tone={role === 'owner' ? 'accent' : 'plain'}>{text.roles[role][0]}</Badge>
    </span>
  )
}

function Actions({ name, items }: { readonly name: string; readonly items: readonly (MenuItem | 'line')[] }) {
  return (
    <Menu
      trigger={
        <button type="button" aria-label={text.menu(name)} className={buttonClass('quiet', 'small')}>
          <Ellipsis aria-hidden size={16} />
        </button>
      }
      items={items}
    />
  )
}

const roleColumn: Column<Member> = {
  id: 'role',
  header: text.columns.role,
  width: '7rem',
  value: ({ role }) => rank[role],
  cell: ({ role }) => <RoleBadge role={role} />,
}

export function MemberTable({ rows, onTask }: Props) {
  const session = useSession()
  const columns = useMemo<readonly Column<Member>[]>(
    () => [
      {
        id: 'person',
        header: text.columns.person,
        width: 'minmax(13rem, 3fr)',
        value: ({ name }) => name.toLowerCase(),
        cell: (member) => (
          <div className="leading-snug">
            <div className="flex items-center gap-2">
              <span className="truncate font-medium" title={member.name}>
                {member.name}
              </span>
              {isSelf(session, member) && <Badge>{text.you}</Badge>}
            </div>
            <div className="truncate text-[0.8125rem] text-muted" title={member.email}>
              {member.email}
            </div>
          </div>
        ),
      },
      roleColumn,
      {
        id: 'joined',
        header: text.columns.joined,
        width: '8.5rem',
        value: ({ joined_at }) => momentOf(joined_at),
        cell: ({ joined_at }) => <Time at={joined_at} absolute />,
      },
      {
        id: 'active',
        header: text.columns.active,
        width: '9rem',
        value: ({ last_active_at }) => momentOf(last_active_at),
        cell: ({ last_active_at }) => <Time at={last_active_at} />,
      },
      {
        id: 'actions',
        header: text.columns.actions,
        headerHidden: true,
        width: '4rem',
        align: 'right',
        cell: (member) => (
          <Actions
            name={whoIs(member)}
            items={[
              {
                label: text.change.action,
                onSelect: () => onTask('role', member),
                disabledReason: whyNotChange(session, member),
              },
              {
                label: text.takeOver.action,
                onSelect: () => onTask('takeOver', member),
                disabledReason: whyNotTakeOver(session, member),
              },
              {
                label: text.transfer.action,
                onSelect: () => onTask('transfer', member),
                disabledReason: whyNotTransfer(session, member),
              },
              'line',
              {
                label: text.remove.action,
                danger: true,
                onSelect: () => onTask('remove', member),
                disabledReason: whyNotRemove(session, member),
              },
            ]}
          />
        ),
      },
    ],
    [session, onTask],
  )
  return (
    <DataTable
      label={text.members}
      rows={rows}
      columns={columns}
      rowId={({ id }) => id}
      sort={{ column: 'role', descending: false }}
    />
  )
}

export function InvitationTable({ rows, onTask }: Props) {
  const session = useSession()
  const columns = useMemo<readonly Column<Member>[]>(
    () => [
      {
        id: 'address',
        header: text.columns.address,
        width: 'minmax(13rem, 3fr)',
        value: ({ email }) => email.toLowerCase(),
        cell: ({ email }) => (
          <span className="block truncate" title={email}>
            {email}
          </span>
        ),
      },
      roleColumn,
      {
        id: 'expires',
        header: text.columns.expires,
        width: '9rem',
        value: ({ expires_at }) => momentOf(expires_at),
        cell: ({ expires_at }) => <Time at={expires_at} />,
      },
      {
        id: 'actions',
        header: text.columns.actions,
        headerHidden: true,
        width: '4rem',
        align: 'right',
        cell: (member) => (
          <Actions
            name={member.email}
            items={[
              {
                label: text.resend.action,
                onSelect: () => onTask('resend', member),
                disabledReason: whyNotManage(session) ?? whyNotChange(session, member),
              },
              {
                label: text.change.action,
                onSelect: () => onTask('role', member),
                disabledReason: whyNotChange(session, member),
              },
              'line',
              {
                label: text.withdraw.action,
                danger: true,
                onSelect: () => onTask('withdraw', member),
                disabledReason: whyNotRemove(session, member),
              },
            ]}
          />
        ),
      },
    ],
    [session, onTask],
  )
  return <DataTable label={text.invitations} rows={rows} columns={columns} rowId={({ id }) => id} maxHeight="40vh" />
}
