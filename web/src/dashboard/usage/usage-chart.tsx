// Requests over time, as a picture or as the same numbers in a table.
import type { Answer } from '@aionvision/sdk'
import { lazy, Suspense, useMemo, useState } from 'react'
import { usage } from '../../strings/usage.ts'
import { Button } from '../../ui/button.tsx'
import { Card, Skeleton } from '../../ui/surface.tsx'
import { type Period, unitOf } from './usage-queries.ts'

const Chart = lazy(async () => ({ default: (await import('../../ui/chart.tsx')).Chart }))
const text = usage.chart
const height = 260
type Point = Answer<'/api/v2/usage/by-period', 'get'>['data'][number]

export function UsageChart({ points, period }: { readonly points: readonly Point[] | undefined; readonly period: Period }) {
  const [asTable, setAsTable] = useState(false)
  const drawn = useMemo(
    () =>
      points && {
        times: points.map(({ timestamp }) => Date.parse(timestamp) / 1000),
        series: [
          { label: text.requests, color: 'accent', values: points.map(({ value }) => value), kind: 'bars' as const },
          { label: text.failed, color: 'danger', values: points.map(({ failed }) => failed), kind: 'bars' as const },
        ],
      },
    [points],
  )
  return (
    <Card
      title={text.title}
      actions={
        <Button size="small" onClick={() => setAsTable(!asTable)}>
          {asTable ? text.asChart : text.asTable}
        </Button>
      }
    >
      <div style={{ minHeight: height }}>
        {!drawn || !points ? (
          <Skeleton className="h-60" />
        ) : asTable ? (
          <Numbers points={points} period={period} />
        ) : (
          <Suspense fallback={<Skeleton className="h-60" />}>
            <Chart label={text.title} times={drawn.times} series={drawn.series} height={height} />
          </Suspense>
        )}
      </div>
    </Card>
  )
}

const formats = {
  hour: new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }),
  day: new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' }),
  month: new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' }),
} as const

function Numbers({ points, period }: { readonly points: readonly Point[]; readonly period: Period }) {
  const format = formats[unitOf(period)]
  return (
    <section tabIndex={0} aria-label={text.title} className="max-h-72 overflow-auto">
      <table className="w-full text-[0.875rem] tabular-nums">
        <thead className="text-left text-muted">
          <tr>
            <th className="py-1.5 font-medium">{text.when}</th>
            <th className="py-1.5 text-right font-medium">{text.requests}</th>
            <th className="py-1.5 text-right font-medium">{text.failed}</th>
          </tr>
        </thead>
        <tbody>
          {points.map(({ timestamp, value, failed }) => (
            <tr key={timestamp} className="border-t border-line">
              <td className="py-1.5">{format.format(new Date(timestamp))}</td>
              <td className="py-1.5 text-right">{value.toLocaleString('en')}</td>
              <td className="py-1.5 text-right">{failed.toLocaleString('en')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
