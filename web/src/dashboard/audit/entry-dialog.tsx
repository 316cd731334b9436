// One entry in full; its id stands in the address, so that it can be sent to a colleague.
import type { AuditEntry } from '@aionvision/sdk'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useApi } from '../../api.ts'
import { audit } from '../../strings/audit.ts'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Badge, Failure, Skeleton } from '../../ui/surface.tsx'
import { ResultBadge } from './audit-columns.tsx'
import type { Filters } from './audit-filters.ts'
import { eventTitle } from './event-words.ts'

const text = audit.details
const instant = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' })

interface Props {
  readonly id: string | null
  /** Those that are loaded already. */
  readonly entries: readonly AuditEntry[]
  readonly nameOf: (id: string) => string
  readonly onClose: () => void
  readonly onOnly: (part: Partial<Filters>) => void
}

export function EntryDialog({ id, entries, nameOf, onClose, onOnly }: Props) {
  const api = useApi()
  const loaded = entries.find((entry) => entry.id === id)
  const fetched = useQuery({
    queryKey: ['audit', 'entry', id],
    queryFn: () => api.audit.get(id ?? ''),
    enabled: id !== null && loaded === undefined,
  })
  const entry = loaded ?? fetched.data
  return (
    <Dialog
      open={id !== null}
      onOpenChange={(open) => open || onClose()}
      title={entry ? eventTitle(entry.event_type) : text.title}
      wide
    >
      {entry ? (
        <>
          <Facts entry={entry} nameOf={nameOf} />
          <DialogActions>
            <Button size="small" onClick={() => onOnly({ event: entry.event_type })}>
              {text.onlyType}
            </Button>
            {entry.user_id && (
              <Button size="small" onClick={() => onOnly({ actor: entry.user_id ?? '' })}>
                {text.onlyActor}
              </Button>
            )}
          </DialogActions>
        </>
      ) : fetched.isError ? (
        <Failure error={fetched.error} />
      ) : (
        <Skeleton className="h-48" />
      )}
    </Dialog>
  )
}

function Facts({ entry, nameOf }: { readonly entry: AuditEntry; readonly nameOf: (id: string) => string }) {
  const at = new Date(entry.event_timestamp)
  const severities: Readonly<Record<string, string>> = audit.severities
  return (
    <>
      <dl className="grid gap-x-6 gap-y-2.5 sm:grid-cols-[9rem_minmax(0,1fr)]">
        <Fact term={text.result}>
          <span className="flex flex-wrap gap-2">
            <ResultBadge result={entry.result} />
            {entry.severity !== 'info' && (
              <Badge tone={entry.severity === 'warning' ? 'warn' : 'danger'}>
                {severities[entry.severity] ?? entry.severity}
              </Badge>
            )}
          </span>
        </Fact>
        {entry.error_message && <Fact term={text.error}>{entry.error_message}</Fact>}
        <Fact term={text.at}>
          {instant.format(at)}
          <span className="block font-mono text-[0.8125rem] text-muted">{at.toISOString()}</span>
        </Fact>
        <Fact term={text.actor}>
          {entry.user_id ? nameOf(entry.user_id) : audit.noActor}
          {entry.user_id && <span className="block font-mono text-[0.8125rem] text-muted">{entry.user_id}</span>}
        </Fact>
        {entry.api_key_id && (
          <Fact term={text.key}>
            <span className="font-mono text-[0.8125rem]">{entry.api_key_id}</span>
          </Fact>
        )}
        <Fact term={text.ip}>
          <span className="font-mono text-[0.8125rem]">{entry.ip_address ?? '–'}</span>
        </Fact>
        <Fact term={text.type}>
          <span className="font-mono text-[0.8125rem]">{entry.event_type}</span>
        </Fact>
        <Fact term={text.action}>
          <span className="font-mono text-[0.8125rem]">{entry.action}</span>
        </Fact>
        {entry.resource_type && (
          <Fact term={text.resource}>
            <span className="font-mono text-[0.8125rem]">
              {entry.resource_type} {entry.resource_id}
            </span>
          </Fact>
        )}
        <Fact term={text.sequence}>
          <span className="tabular-nums">{entry.sequence}</span>
        </Fact>
        <Fact term={text.id}>
          <span className="font-mono text-[0.8125rem]">{entry.id}</span>
        </Fact>
      </dl>
      {entry.metadata && Object.keys(entry.metadata).length > 0 && (
        <div className="mt-4">
          <CodeBlock label={text.metadata} code={JSON.stringify(entry.metadata, null, 2)} />
        </div>
      )}
    </>
  )
}

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-muted max-sm:-mb-2">{term}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  )
}
