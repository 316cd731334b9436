// How full the plan is, above the files that fill it.
import { fileWords as text } from '../../strings/files.ts'
import { formatBytes } from '../../ui/bytes.ts'
import { Meter, Skeleton } from '../../ui/surface.tsx'
import { useLimits } from './file-queries.ts'

export function PlanMeters() {
  const { data, isError } = useLimits()
  if (isError) return null
  return (
    <div className="mb-6 grid gap-x-8 gap-y-3 sm:grid-cols-2">
      {data ? (
        <>
          <Measured label={text.storage} used={data.usage.storage_bytes} max={data.limits.storage_bytes} format={formatBytes} />
          <Measured label={text.uploads} used={data.usage.monthly_uploads} max={data.limits.monthly_uploads} format={counted} />
        </>
      ) : (
        <>
          <Skeleton className="h-8" />
          <Skeleton className="h-8" />
        </>
      )}
    </div>
  )
}

const counted = (count: number) => count.toLocaleString('en')

/** -1 is without a limit. */
function Measured({
  label,
  used,
  max,
  format,
}: {
  readonly label: string
  readonly used: number
  readonly max: number
  readonly format: (value: number) => string
}) {
  const limit = max < 0 ? null : max
  return <Meter label={label} value={used} max={limit} text={text.of(format(used), limit === null ? null : format(limit))} />
}
