// The table of keys; each row says what is worth doing, and does it.
import type { ApiKey } from '@aionvision/sdk'
import { MoreHorizontal } from 'lucide-react'
import { useMemo } from 'react'
import { keys as text } from '../../strings/keys.ts'
import { Button, buttonClass } from '../../ui/button.tsx'
import { type Column, DataTable, type Sort } from '../../ui/data-table.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Badge, type Tone } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { useRequestsSince } from './key-queries.ts'
import { ailmentsOf, type KeyState, stateOf } from './key-state.ts'

export type KeyTask = 'edit' | 'rotate' | 'revoke'

interface Props {
  readonly rows: readonly ApiKey[]
  /** The ones that are filtered out, too: a successor may be among them. */
  readonly all: readonly ApiKey[]
  readonly names: ReadonlyMap<string, string>
  /** Why keys cannot be changed; null when they can. */
  readonly reason: string | null
  /** The same for ending one. */
  readonly revokeReason: string | null
  readonly sort: Sort | undefined
  readonly onSort: (sort: Sort | undefined) => void
  readonly onCreate: () => void
  readonly onTask: (kind: KeyTask, key: ApiKey) => void
}

const tones: Readonly<Record<KeyState, Tone>> = { active: 'ok', rotating: 'warn', expired: 'plain', revoked: 'plain' }
const seconds = (moment: string | null) => (moment === null ? null : Date.parse(moment))
/** Two lines and their air; as every row has it, nothing moves when one comes into sight. */
const rowHeight = 66
const never = Number.MAX_SAFE_INTEGER

export function KeyTable({ rows, all, names, reason, revokeReason, sort, onSort, onCreate, onTask }: Props) {
  const byId = useMemo(() => new Map(all.map((key) => [key.id, key])), [all])
  const columns = useMemo<readonly Column<ApiKey>[]>(
    () => [
      {
        id: 'name',
        header: text.columns.name,
        width: 'minmax(11rem, 2fr)',
        value: ({ name }) => name.toLowerCase(),
        cell: (key) => (
          <div className="min-w-0">
            <div className="truncate font-medium" title={key.description ? `${key.name}: ${key.description}` : key.name}>
              {key.name}
            </div>
            <code className="text-muted">{key.key_prefix}…</code>
          </div>
        ),
      },
      {
        id: 'environment',
        header: text.columns.environment,
        width: '6.5rem',
        value: ({ environment }) => environment,
        cell: ({ environment }) => <Badge>{text.environments[environment]}</Badge>,
      },
      {
        id: 'permissions',
        header: text.columns.permissions,
        width: 'minmax(7rem, 1.2fr)',
        value: ({ scopes }) => scopes.join(),
        cell: ({ scopes }) => (
          <div className="truncate text-[0.875rem]" title={scopes.join(', ')}>
            {scopes.length > 0 ? scopes.join(', ') : text.inherits}
          </div>
        ),
      },
      {
        id: 'created-by',
        header: text.columns.createdBy,
        width: 'minmax(8.75rem, 1fr)',
        value: ({ created_by }) => names.get(created_by) ?? text.formerMember,
        cell: ({ created_by, created_at }) => (
          <div className="min-w-0 text-[0.875rem]">
            <div className="truncate">{names.get(created_by) ?? text.formerMember}</div>
            <div className="text-muted">
              <Time at={created_at} />
            </div>
          </div>
        ),
      },
      {
        id: 'last-used',
        header: text.columns.lastUsed,
        width: 'minmax(8.75rem, 1fr)',
        value: ({ last_used_at }) => seconds(last_used_at) ?? 0,
        cell: ({ last_used_at, last_used_ip }) => (
          <div className="min-w-0 text-[0.875rem]">
            <Time at={last_used_at} />
            {last_used_ip && <div className="truncate text-muted">{text.fromAddress(last_used_ip)}</div>}
          </div>
        ),
      },
      {
        id: 'expires',
        header: text.columns.expires,
        width: 'minmax(7rem, 1fr)',
        value: ({ expires_at }) => seconds(expires_at) ?? never,
        cell: ({ expires_at }) => (
          <div className="text-[0.875rem]">
            <Time at={expires_at} />
          </div>
        ),
      },
      {
        id: 'state',
        header: text.columns.state,
        width: '8rem',
        value: (key) => stateOf(key, Date.now()),
        cell: (key) => {
          const state = stateOf(key, Date.now())
          return <Badge tone={tones[state]}>{text.states[state]}</Badge>
        },
      },
      {
        id: 'health',
        header: text.columns.health,
        width: 'minmax(9.5rem, 1.2fr)',
        value: (key) => ailmentsOf(key, Date.now()).join() || 'z',
        cell: (key) => (
          <Health apiKey={key} byId={byId} reason={reason} revokeReason={revokeReason} onCreate={onCreate} onTask={onTask} />
        ),
      },
      {
        id: 'actions',
        header: text.columns.actions,
        headerHidden: true,
        width: '3.5rem',
        cell: (key) => {
          const over = ['expired', 'revoked'].includes(stateOf(key, Date.now()))
          if (over) return null
          return (
            <Menu
              trigger={
                <button type="button" aria-label={text.menu(key.name)} className={buttonClass('quiet', 'small')}>
                  <MoreHorizontal aria-hidden size={16} />
                </button>
              }
              items={[
                { label: text.edit.action, onSelect: () => onTask('edit', key), disabledReason: reason },
                {
                  label: text.rotate.action,
                  onSelect: () => onTask('rotate', key),
                  disabledReason: reason ?? (key.rotated_to ? text.states.rotating : null),
                },
                'line',
                { label: text.revoke.action, onSelect: () => onTask('revoke', key), danger: true, disabledReason: revokeReason },
              ]}
            />
          )
        },
      },
    ],
    [byId, names, reason, revokeReason, onCreate, onTask],
  )
  return (
    <DataTable
      label={text.table}
      rows={rows}
      columns={columns}
      rowId={({ id }) => id}
      sort={sort}
      onSort={onSort}
      rowHeight={rowHeight}
    />
  )
}

interface HealthProps extends Pick<Props, 'reason' | 'revokeReason' | 'onCreate' | 'onTask'> {
  readonly apiKey: ApiKey
  readonly byId: ReadonlyMap<string, ApiKey>
}

function Health({ apiKey, byId, reason, revokeReason, onCreate, onTask }: HealthProps) {
  if (apiKey.rotated_to && stateOf(apiKey, Date.now()) === 'rotating')
    return <Overlap apiKey={apiKey} successor={byId.get(apiKey.rotated_to)} reason={revokeReason} onTask={onTask} />
  const [first, ...others] = ailmentsOf(apiKey, Date.now())
  if (!first) return <span className="text-[0.875rem] text-muted">{text.health.good}</span>
  const { label, advice, action } = text.health[first]
  const act = first === 'tooManyRights' ? onCreate : () => onTask(first === 'idle' ? 'revoke' : 'rotate', apiKey)
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1" title={advice}>
      <Badge tone="warn">{label}</Badge>
      {others.length > 0 && (
        <span className="text-[0.75rem] text-muted" title={others.map((each) => text.health[each].label).join(', ')}>
          <span aria-hidden>+{others.length}</span>
          <span className="sr-only">{others.map((each) => text.health[each].label).join(', ')}</span>
        </span>
      )}
      <Button
        kind="quiet"
        size="small"
        disabledReason={first === 'idle' ? revokeReason : reason}
        onClick={act}
        aria-label={text.health.act(action, apiKey.name, advice)}
        className="-ml-1 text-accent underline"
      >
        {action}
      </Button>
    </div>
  )
}

/** Whether something still uses a key that has a successor. */
function Overlap({
  apiKey,
  successor,
  reason,
  onTask,
}: {
  readonly apiKey: ApiKey
  readonly successor: ApiKey | undefined
  readonly reason: string | null
  readonly onTask: Props['onTask']
}) {
  const { data: count } = useRequestsSince(apiKey.id, successor?.created_at)
  return (
    <div className="grid justify-items-start gap-1 text-[0.8125rem]">
      <span role="status">{count !== undefined && (count === 0 ? text.rotate.unused : text.rotate.stillUsed(count))}</span>
      <Button size="small" disabledReason={reason} onClick={() => onTask('revoke', apiKey)}>
        {text.rotate.finish}
      </Button>
    </div>
  )
}
