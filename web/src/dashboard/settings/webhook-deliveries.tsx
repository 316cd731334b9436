// What was sent and what came back; the filter stands in the address.
import type { Answer } from '@aionvision/sdk'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { useApi } from '../../api.ts'
import { workspaceSettings } from '../../strings/workspace-settings.ts'
import { Button } from '../../ui/button.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { Badge, Card, explain, Failure, SkeletonRows, type Tone } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'

const text = workspaceSettings.webhook
type Delivery = Answer<'/api/v2/tenant/webhook-deliveries', 'get'>['deliveries'][number]
const statuses = ['all', 'pending', 'delivered', 'failed'] as const
type Status = (typeof statuses)[number]
const tones: Readonly<Record<Delivery['status'], Tone>> = { pending: 'warn', delivered: 'ok', failed: 'danger' }
const pageSize = 100
/** While something is under way, its end is worth waiting for. */
const refreshMs = 5_000

export function WebhookDeliveries() {
  const api = useApi()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as { delivery?: unknown }
  const status: Status = statuses.find((known) => known === search.delivery) ?? 'all'
  const deliveries = useInfiniteQuery({
    queryKey: ['settings', 'deliveries', status],
    queryFn: ({ pageParam: offset, signal }) =>
      api.request('GET', '/api/v2/tenant/webhook-deliveries', {
        query: { limit: pageSize, offset, ...(status !== 'all' && { status }) },
        signal,
      }),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (last.has_more ? all.length * pageSize : undefined),
    refetchInterval: ({ state }) =>
      state.data?.pages[0]?.deliveries.some((delivery) => delivery.status === 'pending') ? refreshMs : false,
  })
  const rows = useMemo(() => deliveries.data?.pages.flatMap((page) => page.deliveries) ?? [], [deliveries.data])
  const { hasNextPage, isFetching, fetchNextPage } = deliveries
  const more = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage()
  }, [hasNextPage, isFetching, fetchNextPage])
  return (
    <Card
      title={text.deliveries}
      lead={text.deliveriesLead}
      actions={
        <Segmented
          label={text.status}
          value={status}
          options={statuses.map((value) => ({ value, label: text[value] }))}
          onChange={(next) =>
            void navigate({
              to: '/dashboard/settings',
              search: { section: 'webhook', ...(next !== 'all' && { delivery: next }) } as never,
              replace: true,
            })
          }
        />
      }
    >
      {deliveries.isError ? (
        <Failure error={deliveries.error} onRetry={() => void deliveries.refetch()} />
      ) : deliveries.isPending ? (
        <SkeletonRows rows={3} />
      ) : (
        <DataTable
          label={text.deliveries}
          rows={rows}
          columns={columns}
          rowId={({ id }) => id}
          onEnd={more}
          maxHeight="28rem"
          empty={status === 'all' ? text.noneYet : text.noneSuch}
        />
      )}
    </Card>
  )
}

const columns: readonly Column<Delivery>[] = [
  {
    id: 'event',
    header: text.event,
    cell: ({ event_type, created_at }) => (
      <span className="grid gap-0.5">
        <span className="font-mono text-[0.8125rem] break-all">{event_type}</span>
        <span className="text-[0.8125rem] text-muted">
          <Time at={created_at} />
        </span>
      </span>
    ),
    width: 'minmax(13rem, 1.2fr)',
  },
  {
    id: 'status',
    header: text.status,
    cell: ({ status, attempts }) => (
      <span className="grid justify-items-start gap-0.5">
        <Badge tone={tones[status]}>{text[status]}</Badge>
        <span className="text-[0.75rem] text-muted">{text.attempts(attempts)}</span>
      </span>
    ),
    width: 'minmax(6.5rem, 0.6fr)',
  },
  {
    id: 'answer',
    header: text.answer,
    cell: (delivery) => <Outcome delivery={delivery} />,
    width: 'minmax(12rem, 2fr)',
  },
  {
    id: 'actions',
    header: text.actions,
    headerHidden: true,
    cell: (delivery) => <Resend delivery={delivery} />,
    width: '6.5rem',
    align: 'right',
  },
]

function Outcome({ delivery }: { readonly delivery: Delivery }) {
  const { response_status, error, next_attempt_at, status } = delivery
  return (
    <span className="grid text-[0.8125rem] break-words">
      <span>{response_status ?? error ?? '–'}</span>
      {status === 'pending' && next_attempt_at && (
        <span className="text-muted">
          {text.next} <Time at={next_attempt_at} />
        </span>
      )}
    </span>
  )
}

function Resend({ delivery }: { readonly delivery: Delivery }) {
  const api = useApi()
  const queries = useQueryClient()
  const toast = useToast()
  const resend = useMutation({
    mutationFn: () =>
      api.request('POST', '/api/v2/tenant/webhook-deliveries/{delivery_id}/resend', { params: { delivery_id: delivery.id } }),
    onSuccess: () => {
      toast({ title: text.resent })
      return queries.invalidateQueries({ queryKey: ['settings', 'deliveries'] })
    },
    onError: (error) => toast({ title: explain(error).message, kind: 'failed' }),
  })
  if (delivery.status === 'pending') return null
  return (
    <Button
      size="small"
      aria-label={text.resendNamed(delivery.event_type)}
      pending={resend.isPending}
      onClick={() => resend.mutate()}
    >
      {text.resend}
    </Button>
  )
}
