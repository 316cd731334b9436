// The API Keys tab: every key of the workspace, what it may, who uses it, and what to do about it.
import type { ApiKey, CreatedApiKey } from '@aionvision/sdk'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { usePageTitle } from '../../page-title.ts'
import { keys as text } from '../../strings/keys.ts'
import { Button, ButtonLink } from '../../ui/button.tsx'
import type { Sort } from '../../ui/data-table.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Empty, Failure, Notice, PageHeader, SkeletonRows } from '../../ui/surface.tsx'
import { holds, useSession } from '../session.ts'
import { CreateKeyDialog } from './create-key-dialog.tsx'
import { EditKeyDialog } from './edit-key-dialog.tsx'
import { KeyOnceDialog } from './key-once-dialog.tsx'
import { useKeys, useMemberNames } from './key-queries.ts'
import { type KeyState, stateOf } from './key-state.ts'
import { KeyTable, type KeyTask } from './key-table.tsx'
import { RevokeKeyDialog } from './revoke-key-dialog.tsx'
import { RotateKeyDialog } from './rotate-key-dialog.tsx'

interface Filter {
  readonly q?: string | undefined
  /** A column, with a minus for the other way round. */
  readonly sort?: string | undefined
  readonly state?: KeyState | 'any' | undefined
  readonly environment?: 'live' | 'test' | undefined
}

/** A dialog that is open, and about which key. */
type Task = { readonly kind: 'create' } | { readonly kind: KeyTask; readonly key: ApiKey } | null

export function KeysPage() {
  usePageTitle(text.title)
  const { workspace } = useSession()
  const filter = useSearch({ strict: false }) as Filter
  const navigate = useNavigate()
  const setFilter = (change: Filter) =>
    void navigate({ to: '.', search: (before: object) => clean({ ...before, ...change }), replace: true } as never)
  const inactive = filter.state === 'any' || filter.state === 'expired' || filter.state === 'revoked'
  const { rows, isError, error, refetch, loading } = useKeys(inactive)
  const names = useMemberNames()
  const [task, setTask] = useState<Task>(null)
  const [made, setMade] = useState<{ readonly key: CreatedApiKey; readonly rotated: boolean } | null>(null)
  const createRef = useRef<HTMLButtonElement>(null)
  const close = () => setTask(null)
  const create = useCallback(() => setTask({ kind: 'create' }), [])
  const begin = useCallback((kind: KeyTask, key: ApiKey) => setTask({ kind, key }), [])
  // Against the browser's own memory of pages: what it brings back has no key in it (S42).
  useEffect(() => {
    const forget = () => setMade(null)
    addEventListener('pagehide', forget)
    return () => removeEventListener('pagehide', forget)
  }, [])

  const free = workspace.plan === 'free'
  const revokeReason = holds(workspace, 'admin') ? null : text.needsAdmin
  const reason = free ? text.needsPlan : revokeReason
  const createButton = { kind: 'primary', disabledReason: reason, onClick: create, children: <CreateLabel /> } as const
  // Typing stays ahead of filtering ten thousand rows.
  const { q, state, environment } = useDeferredValue(filter)
  const shown = useMemo(() => {
    const now = Date.now()
    return (rows ?? []).filter((key) => matches(key, { q, state, environment }, names.get(key.created_by) ?? '', now))
  }, [rows, names, q, state, environment])
  return (
    <>
      <PageHeader title={text.title} lead={text.lead} actions={<Button ref={createRef} {...createButton} />} />
      {free && (
        <div className="mb-6">
          <Notice tone="warn" title={text.free.title}>
            <p>{text.free.text}</p>
            {rows && rows.length > 0 && <p>{text.free.kept}</p>}
            <ButtonLink to={'/dashboard/billing' as never} size="small" className="mt-3">
              {text.free.action}
            </ButtonLink>
          </Notice>
        </div>
      )}
      {isError ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !rows ? (
        <SkeletonRows />
      ) : rows.length === 0 && !filter.state ? (
        <Empty title={text.empty.title} action={<Button {...createButton} />}>
          {text.empty.text}
        </Empty>
      ) : (
        <>
          <div className="mb-3 grid gap-3 grid-cols-2 sm:grid-cols-[1fr_11rem_10rem] [&>:first-child]:col-span-2 sm:[&>:first-child]:col-span-1">
            <TextField
              type="search"
              label={text.filter.search}
              labelHidden
              placeholder={text.filter.search}
              defaultValue={filter.q ?? ''}
              onChange={(event) => setFilter({ q: event.target.value })}
            />
            <SelectField
              label={text.filter.state}
              labelHidden
              value={filter.state ?? 'active'}
              onChange={(event) => setFilter({ state: event.target.value as KeyState | 'any' })}
            >
              <option value="active">{text.states.active}</option>
              <option value="rotating">{text.states.rotating}</option>
              <option value="expired">{text.states.expired}</option>
              <option value="revoked">{text.states.revoked}</option>
              <option value="any">{text.filter.any}</option>
            </SelectField>
            <SelectField
              label={text.filter.environment}
              labelHidden
              value={filter.environment ?? ''}
              onChange={(event) => setFilter({ environment: (event.target.value || undefined) as 'live' | undefined })}
            >
              <option value="">{text.filter.environment}</option>
              <option value="live">{text.environments.live}</option>
              <option value="test">{text.environments.test}</option>
            </SelectField>
          </div>
          <KeyTable
            rows={shown}
            all={rows}
            sort={sortOf(filter.sort)}
            onSort={(sort) => setFilter({ sort: sort && `${sort.descending ? '-' : ''}${sort.column}` })}
            names={names}
            reason={reason}
            revokeReason={revokeReason}
            onCreate={create}
            onTask={begin}
          />
          <p role="status" className="mt-2 text-[0.8125rem] text-muted">
            {text.count(shown.length, rows.length)}
            {loading && rows.length > 100 ? ` · ${text.loadingMore}` : ''}
          </p>
        </>
      )}
      {task?.kind === 'create' && (
        <CreateKeyDialog
          onClose={close}
          onCreated={(key) => {
            close()
            setMade({ key, rotated: false })
          }}
        />
      )}
      {task?.kind === 'edit' && <EditKeyDialog apiKey={task.key} onClose={close} />}
      {task?.kind === 'rotate' && (
        <RotateKeyDialog
          apiKey={task.key}
          onClose={close}
          onRotated={(key) => {
            close()
            setMade({ key, rotated: true })
          }}
        />
      )}
      {task?.kind === 'revoke' && <RevokeKeyDialog apiKey={task.key} onClose={close} />}
      {made && <KeyOnceDialog made={made.key} rotated={made.rotated} returnTo={createRef} onClose={() => setMade(null)} />}
    </>
  )
}

function CreateLabel() {
  return (
    <>
      <Plus aria-hidden size={16} />
      {text.create}
    </>
  )
}

function sortOf(sort: string | undefined): Sort | undefined {
  return sort ? { column: sort.replace(/^-/, ''), descending: sort.startsWith('-') } : undefined
}

function matches(key: ApiKey, { q, state = 'active', environment }: Omit<Filter, 'sort'>, creator: string, now: number): boolean {
  const found = stateOf(key, now)
  // A key that is being replaced still works.
  if (state !== 'any' && found !== state && !(state === 'active' && found === 'rotating')) return false
  if (environment && key.environment !== environment) return false
  const wanted = q?.trim().toLowerCase()
  return !wanted || [key.name, key.key_prefix, key.description ?? '', creator].some((each) => each.toLowerCase().includes(wanted))
}

/** Nothing in the address that says nothing. */
function clean(search: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== ''))
}
