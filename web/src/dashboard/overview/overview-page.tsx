// Where a person lands: what is left to do at first, then requests, errors and limits at a glance.
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { useApi } from '../../api.ts'
import { usePageTitle } from '../../page-title.ts'
import { overview as text } from '../../strings/overview.ts'
import { formatBytes } from '../../ui/bytes.ts'
import { Card, Failure, Meter, PageHeader, Skeleton, SkeletonRows, Stat } from '../../ui/surface.tsx'
import { useSession } from '../session.ts'
import { FirstSteps, useFirstSteps } from './first-steps.tsx'

// The drawing is the heaviest part, and nobody waits for it.
const Chart = lazy(async () => ({ default: (await import('../../ui/chart.tsx')).Chart }))
const dayMs = 86_400_000
const days = 7
const number = (value: number) => value.toLocaleString('en')

export function OverviewPage() {
  usePageTitle(text.title)
  const { workspace } = useSession()
  const pending = [useFirstSteps(), useWeek(), useLimits()].some(({ isPending }) => isPending)
  return (
    <>
      <PageHeader title={text.title} lead={text.lead(workspace.name)} />
      {/* All at once: what comes first must not push down what is there. */}
      {pending ? (
        <SkeletonRows rows={10} />
      ) : (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
          <FirstSteps />
          <Week />
          <Limits />
        </div>
      )}
    </>
  )
}

function useWeek() {
  const api = useApi()
  return useQuery({
    queryKey: ['usage', 'week'],
    queryFn: async () => {
      const start_date = new Date(Math.floor(Date.now() / dayMs) * dayMs - (days - 1) * dayMs).toISOString()
      const [summary, byDay] = await Promise.all([
        api.request('GET', '/api/v2/usage/summary', { query: { start_date } }),
        api.request('GET', '/api/v2/usage/by-period', { query: { start_date, period_type: 'day' } }),
      ])
      const times = byDay.data.map(({ timestamp }) => Date.parse(timestamp) / 1000)
      return { ...summary, times, values: byDay.data.map(({ value }) => value) }
    },
  })
}

function Week() {
  const week = useWeek()
  if (week.isError) return <Failure error={week.error} onRetry={() => void week.refetch()} />
  const { usage, performance, times, values } = week.data ?? {}
  return (
    <Card>
      <div className="grid gap-5 sm:grid-cols-3">
        <Stat label={text.numbers.requests} value={usage ? number(usage.total_requests) : <Skeleton className="h-8 w-24" />} />
        <Stat
          label={text.numbers.errors}
          value={usage ? number(usage.failed_requests) : <Skeleton className="h-8 w-24" />}
          detail={usage && usage.failed_requests > 0 && text.numbers.share(usage.failed_requests, usage.total_requests)}
        />
        <Stat
          label={text.numbers.speed}
          value={
            !usage || !performance ? (
              <Skeleton className="h-8 w-24" />
            ) : usage.total_requests === 0 ? (
              text.numbers.none
            ) : (
              text.numbers.milliseconds(performance.avg_response_time_ms)
            )
          }
        />
      </div>
      <div className="mt-5 grid min-h-[180px] grid-cols-[minmax(0,1fr)]">
        {usage?.total_requests === 0 && (
          <p className="self-center rounded-control bg-sunken px-4 py-8 text-center text-muted">{text.quiet}</p>
        )}
        {usage && usage.total_requests > 0 && times && values && (
          <Suspense fallback={<Skeleton className="h-[180px]" />}>
            <Chart
              label={text.chart}
              times={times}
              series={[{ label: text.chart, color: 'accent', values, kind: 'bars' }]}
              height={180}
            />
          </Suspense>
        )}
      </div>
    </Card>
  )
}

function useLimits() {
  const api = useApi()
  return useQuery({ queryKey: ['limits'], queryFn: () => api.request('GET', '/api/v2/tenant/limits') })
}

function Limits() {
  const limits = useLimits()
  if (limits.isError) return <Failure error={limits.error} onRetry={() => void limits.refetch()} />
  const meter = (
    name: 'api_calls_per_minute' | 'monthly_uploads' | 'storage_bytes' | 'active_keys',
    label: string,
    format = number,
  ) => {
    if (!limits.data) return <Skeleton className="h-8" />
    const limit = limits.data.limits[name]
    const used = limits.data.usage[name]
    return (
      <Meter
        label={label}
        value={used}
        max={limit < 0 ? null : limit}
        text={text.limits.of(format(used), limit < 0 ? null : format(limit))}
      />
    )
  }
  return (
    <Card title={text.limits.title} lead={text.limits.lead}>
      <div className="grid gap-x-10 gap-y-5 sm:grid-cols-2">
        {meter('api_calls_per_minute', text.limits.perMinute)}
        {meter('monthly_uploads', text.limits.uploads)}
        {meter('storage_bytes', text.limits.storage, formatBytes)}
        {meter('active_keys', text.limits.keys)}
      </div>
    </Card>
  )
}
