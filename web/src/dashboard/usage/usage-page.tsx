// The Usage tab: how much, how fast, against which limit, by which key, down to the single request.

import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useApi } from '../../api.ts'
import { usePageTitle } from '../../page-title.ts'
import { usage as text } from '../../strings/usage.ts'
import { SelectField } from '../../ui/field.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { Card, Failure, Meter, PageHeader, Skeleton, Stat } from '../../ui/surface.tsx'
import { RequestLog } from './request-log.tsx'
import { TopEndpoints } from './top-endpoints.tsx'
import { UsageChart } from './usage-chart.tsx'
import { type Period, useKeyNames, usePlanUsage, useUsage } from './usage-queries.ts'

interface Search {
  readonly period?: Period
  readonly key?: string
}

const periods = ['day', 'week', 'month', 'year'] as const
const number = (value: number) => value.toLocaleString('en')

export function UsagePage() {
  usePageTitle(text.title)
  const { period = 'week', key } = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const set = (change: { period?: Period; key?: string | undefined }) =>
    void navigate({ to: '.', search: (before: object) => ({ ...before, ...change }), replace: true } as never)
  const names = useKeyNames()
  const usage = useUsage(period, key)
  return (
    <>
      <PageHeader title={text.title} lead={text.lead} />
      <div className="mb-5 flex flex-wrap items-end gap-3">
        <Segmented
          label={text.period.label}
          value={period}
          options={periods.map((value) => ({ value, label: text.period[value] }))}
          onChange={(value) => set({ period: value })}
        />
        <div className="w-56">
          <SelectField
            label={text.key.label}
            labelHidden
            value={key ?? ''}
            onChange={(event) => set({ key: event.target.value || undefined })}
          >
            <option value="">{text.key.all}</option>
            {[...(names.data ?? [])].map(([id, { name, prefix }]) => (
              <option key={id} value={id}>
                {text.key.option(name, prefix)}
              </option>
            ))}
          </SelectField>
        </div>
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        {usage.isError ? (
          <Failure error={usage.error} onRetry={() => void usage.refetch()} />
        ) : (
          <>
            <Numbers data={usage.data?.summary} />
            <UsageChart points={usage.data?.points} period={period} />
          </>
        )}
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <TopEndpoints period={period} />
          <Busiest />
        </div>
        <RequestLog keyId={key} names={names.data} />
      </div>
    </>
  )
}

function Numbers({ data }: { readonly data: NonNullable<ReturnType<typeof useUsage>['data']>['summary'] | undefined }) {
  const plan = usePlanUsage()
  const blank = <Skeleton className="h-8 w-24" />
  const { usage, performance, limits } = data ?? {}
  const projection = plan.data?.projections
  return (
    <Card>
      <div className="grid gap-5 sm:grid-cols-2 lg:grid-cols-4">
        <Stat label={text.numbers.requests} value={usage ? number(usage.total_requests) : blank} />
        <Stat
          label={text.numbers.errors}
          value={usage ? number(usage.failed_requests) : blank}
          detail={usage && text.numbers.share(usage.failed_requests, usage.total_requests)}
        />
        <Stat
          label={text.numbers.speed}
          value={performance ? text.numbers.milliseconds(performance.avg_response_time_ms) : blank}
        />
        <Stat
          label={text.numbers.uploads}
          value={limits ? number(limits.used_this_month) : blank}
          detail={
            limits && (
              <>
                {text.numbers.of(limits.monthly_limit)}
                {projection && <span className="block">{text.numbers.projected(projection.projected_monthly_requests)}</span>}
                {projection?.will_exceed_limit && <span className="block text-warn">{text.numbers.willExceed}</span>}
              </>
            )
          }
        />
      </div>
    </Card>
  )
}

function Busiest() {
  const api = useApi()
  const limits = useQuery({ queryKey: ['limits'], queryFn: () => api.request('GET', '/api/v2/tenant/limits') })
  if (!limits.data)
    return (
      <Card title={text.limit.title}>
        <Skeleton className="h-8" />
      </Card>
    )
  const used = limits.data.usage.api_calls_per_minute
  const limit = limits.data.limits.api_calls_per_minute
  return (
    <Card title={text.limit.title}>
      <Meter label={text.numbers.requests} value={used} max={limit} text={text.limit.text(used, limit)} />
    </Card>
  )
}
