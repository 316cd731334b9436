// One row of the trail.
import type { AuditEntry } from '@aionvision/sdk'
import { audit as text } from '../../strings/audit.ts'
import type { Column } from '../../ui/data-table.tsx'
import { Badge, type Tone } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { eventTitle } from './event-words.ts'

const tones: Readonly<Record<string, Tone>> = { success: 'ok', failure: 'warn', denied: 'danger' }

export function ResultBadge({ result }: { readonly result: string }) {
  const words: Readonly<Record<string, string>> = text.results
  return <Badge tone={tones[result] ?? 'plain'}>{words[result] ?? result}</Badge>
}

interface Context {
  readonly nameOf: (id: string) => string
  readonly open: (id: string) => void
}

export function auditColumns({ nameOf, open }: Context): readonly Column<AuditEntry>[] {
  return [
    {
      id: 'when',
      header: text.columns.when,
      cell: ({ event_timestamp }) => <Time at={event_timestamp} />,
      width: 'minmax(9.25rem, 0.8fr)',
    },
    {
      id: 'event',
      header: text.columns.event,
      cell: ({ id, event_type }) => (
        <button type="button" onClick={() => open(id)} className="grid max-w-full text-left hover:[&>:first-child]:underline">
          <span className="font-medium">{eventTitle(event_type)}</span>
          <span className="truncate font-mono text-[0.75rem] text-muted">{event_type}</span>
        </button>
      ),
      width: 'minmax(12rem, 2fr)',
    },
    {
      id: 'actor',
      header: text.columns.actor,
      cell: ({ user_id, api_key_id }) => (
        <span className="block truncate">
          {user_id ? nameOf(user_id) : <span className="text-muted">{api_key_id ? text.byKey(api_key_id) : text.noActor}</span>}
        </span>
      ),
      width: 'minmax(9rem, 1.4fr)',
    },
    {
      id: 'result',
      header: text.columns.result,
      cell: ({ result }) => <ResultBadge result={result} />,
      width: 'minmax(6rem, 0.7fr)',
    },
    {
      id: 'place',
      header: text.columns.place,
      cell: ({ ip_address }) => <span className="font-mono text-[0.8125rem] break-all">{ip_address ?? '–'}</span>,
      width: 'minmax(8rem, 1fr)',
    },
    {
      id: 'subject',
      header: text.columns.subject,
      cell: ({ resource_type, resource_id }) => (
        <span className="block truncate font-mono text-[0.8125rem] text-muted" title={resource_id ?? undefined}>
          {resource_type ? `${resource_type} ${resource_id?.slice(0, 8) ?? ''}` : '–'}
        </span>
      ),
      width: 'minmax(9rem, 1.2fr)',
    },
  ]
}
