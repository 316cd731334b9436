// The plain pieces that pages are set from: headers, cards, notices, badges, meters, blanks and what stands in while data comes.

import { AionvisionError } from '@aionvision/sdk'
import { createContext, type ReactNode, useContext } from 'react'
import { common } from '../strings/common.ts'
import { Button } from './button.tsx'
import { classes } from './classes.ts'

export type Tone = 'plain' | 'accent' | 'ok' | 'warn' | 'danger'

const soft: Readonly<Record<Tone, string>> = {
  plain: 'bg-sunken text-muted',
  accent: 'bg-accent-soft text-accent',
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  danger: 'bg-danger-soft text-danger',
}

export function PageHeader({
  title,
  lead,
  actions,
}: {
  readonly title: ReactNode
  readonly lead?: ReactNode
  readonly actions?: ReactNode
}) {
  return (
    <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="max-w-[65ch]">
        <h1 className="text-2xl">{title}</h1>
        {lead && <p className="mt-1 text-pretty text-muted">{lead}</p>}
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </header>
  )
}

export function Card({
  title,
  lead,
  actions,
  children,
  className,
}: {
  readonly title?: ReactNode
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children?: ReactNode
  readonly className?: string
}) {
  return (
    <section className={classes('rounded-card border border-line bg-raised p-5', className)}>
      {(title || actions) && (
        <div className="mb-4 flex flex-wrap items-start justify-between gap-3">
          <div className="max-w-[65ch] min-w-0 flex-1 basis-56">
            <h2 className="text-base">{title}</h2>
            {lead && <p className="mt-0.5 text-[0.875rem] text-muted">{lead}</p>}
          </div>
          {actions}
        </div>
      )}
      {children}
    </section>
  )
}

export function Badge({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return (
    <span
      className={classes(
        'inline-flex items-center rounded-full px-2 py-0.5 text-[0.75rem] font-medium whitespace-nowrap',
        soft[tone],
      )}
    >
      {children}
    </span>
  )
}

export function Notice({
  tone = 'accent',
  title,
  children,
}: {
  readonly tone?: Tone
  readonly title?: ReactNode
  readonly children?: ReactNode
}) {
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'note'}
      className={classes('rounded-card border border-current/25 px-4 py-3', soft[tone])}
    >
      {title && <p className="font-medium">{title}</p>}
      {children && <div className="text-ink">{children}</div>}
    </div>
  )
}

/** `value` of `max`; null is without a limit. */
export function Meter({
  label,
  value,
  max,
  text,
}: {
  readonly label: string
  readonly value: number
  readonly max: number | null
  readonly text: string
}) {
  const share = max ? Math.min(1, value / max) : 0
  const tone = share >= 1 ? 'fill-danger' : share >= 0.8 ? 'fill-warn' : 'fill-accent'
  return (
    <div className="grid gap-1.5">
      <div className="flex justify-between gap-4 text-[0.875rem]">
        <span>{label}</span>
        <span className="text-muted tabular-nums">{text}</span>
      </div>
      <svg
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={max ?? undefined}
        aria-valuenow={value}
        aria-valuetext={text}
        viewBox="0 0 100 2"
        preserveAspectRatio="none"
        className="h-1.5 w-full overflow-hidden rounded-full bg-line"
      >
        <rect width={share * 100} height="2" className={tone} />
      </svg>
    </div>
  )
}

export function Stat({
  label,
  value,
  detail,
}: {
  readonly label: ReactNode
  readonly value: ReactNode
  readonly detail?: ReactNode
}) {
  return (
    <div className="grid content-start gap-0.5">
      <div className="text-[0.8125rem] text-muted">{label}</div>
      <div className="text-2xl font-medium tracking-tight tabular-nums">{value}</div>
      {detail && <div className="text-[0.8125rem] text-muted">{detail}</div>}
    </div>
  )
}

/** Nothing is here yet: what it would be, and the way to the first one. */
export function Empty({
  title,
  children,
  action,
}: {
  readonly title: ReactNode
  readonly children?: ReactNode
  readonly action?: ReactNode
}) {
  return (
    <div className="grid justify-items-center gap-2 rounded-card border border-dashed border-edge px-6 py-12 text-center">
      <h2 className="text-base">{title}</h2>
      {children && <div className="max-w-[48ch] text-muted">{children}</div>}
      {action && <div className="mt-3">{action}</div>}
    </div>
  )
}

/** The shape of what comes. */
export function Skeleton({ className }: { readonly className?: string }) {
  return <div aria-hidden className={classes('animate-pulse rounded-control bg-line', className ?? 'h-4 w-full')} />
}

export function SkeletonRows({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div role="status" aria-label={common.loading} className="grid gap-3">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and stay in place
        <Skeleton key={row} className="h-9" />
      ))}
    </div>
  )
}

/** What can be done about an error where it is shown, beside trying again. */
export const FailureHelp = createContext<(error: unknown) => ReactNode>(() => null)

/** What the server said went wrong, in the place where it belongs. */
export function Failure({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { message, requestId } = explain(error)
  const help = useContext(FailureHelp)(error)
  return (
    <Notice tone="danger" title={common.problem}>
      <p>{message}</p>
      {requestId && <p className="mt-1 font-mono text-[0.75rem] text-muted">{common.requestId(requestId)}</p>}
      {(onRetry || help) && (
        <div className="mt-3 flex flex-wrap gap-2">
          {help}
          {onRetry && (
            <Button size="small" onClick={onRetry}>
              {common.retry}
            </Button>
          )}
        </div>
      )}
    </Notice>
  )
}

export function explain(error: unknown): { readonly message: string; readonly requestId: string | null } {
  if (error instanceof AionvisionError)
    return { message: error.code === 'NETWORK_ERROR' ? common.offline : error.message, requestId: error.requestId }
  return { message: error instanceof Error ? error.message : String(error), requestId: null }
}
