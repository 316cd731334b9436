// The routes that are used most.
import { usage } from '../../strings/usage.ts'
import { Card, Failure, SkeletonRows } from '../../ui/surface.tsx'
import { type Period, useTopEndpoints } from './usage-queries.ts'

const text = usage.endpoints

export function TopEndpoints({ period }: { readonly period: Period }) {
  const { data, isError, error, refetch } = useTopEndpoints(period)
  return (
    <Card title={text.title} lead={text.lead}>
      {isError ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <SkeletonRows rows={4} />
      ) : data.length === 0 ? (
        <p className="text-muted">{text.none}</p>
      ) : (
        <section tabIndex={0} aria-label={text.title} className="overflow-x-auto">
          <table className="w-full text-[0.875rem]">
            <thead className="text-left text-muted">
              <tr>
                <th className="py-1.5 pr-3 font-medium">{text.columns.endpoint}</th>
                <th className="py-1.5 pl-3 text-right font-medium">{text.columns.requests}</th>
                <th className="py-1.5 pl-3 text-right font-medium">{text.columns.failed}</th>
                <th className="py-1.5 pl-3 text-right font-medium">{text.columns.speed}</th>
              </tr>
            </thead>
            <tbody className="tabular-nums">
              {data.map(({ method, endpoint, request_count, failed_requests, avg_response_time_ms }) => (
                <tr key={method + endpoint} className="border-t border-line">
                  <td className="py-1.5 pr-3">
                    <code className="whitespace-nowrap">
                      <span className="text-muted">{method}</span> {endpoint}
                    </code>
                  </td>
                  <td className="py-1.5 pl-3 text-right">{request_count.toLocaleString('en')}</td>
                  <td className="py-1.5 pl-3 text-right">{failed_requests.toLocaleString('en')}</td>
                  <td className="py-1.5 pl-3 text-right whitespace-nowrap">{usage.numbers.milliseconds(avg_response_time_ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Card>
  )
}
