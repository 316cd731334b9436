// The plans side by side, from the server's own table; stacked where there is no room for sides.
import type { Plan } from '@aionvision/sdk'
import { cameSignedIn } from '../arrival.ts'
import { usePageTitle } from '../page-title.ts'
import { site } from '../strings/site.ts'
import { ButtonLink } from '../ui/button.tsx'
import { classes } from '../ui/classes.ts'
import { Failure, PageHeader, Skeleton } from '../ui/surface.tsx'
import { usePlans } from './use-plans.ts'

const text = site.pricing
const number = new Intl.NumberFormat('en')
const mb = 2 ** 20
const gb = 2 ** 30

function bytes(value: number | null): string {
  if (value === null) return text.unlimited
  return value >= gb ? `${number.format(value / gb)} GB` : `${number.format(value / mb)} MB`
}
const count = (value: number | null) => (value === null ? text.unlimited : value === 0 ? text.none : number.format(value))

const rows: readonly { readonly label: string; readonly value: (plan: Plan) => string }[] = [
  { label: text.rows.requests, value: (plan) => count(plan.requests_per_minute) },
  { label: text.rows.keys, value: (plan) => count(plan.active_keys) },
  { label: text.rows.storage, value: (plan) => bytes(plan.storage_bytes_max) },
  { label: text.rows.uploads, value: (plan) => count(plan.monthly_uploads) },
  { label: text.rows.image, value: (plan) => bytes(plan.image_size_bytes_max) },
  { label: text.rows.document, value: (plan) => bytes(plan.document_size_bytes_max) },
  { label: text.rows.concurrent, value: (plan) => count(plan.concurrent_uploads) },
  { label: text.rows.batch, value: (plan) => count(plan.batch_files_max) },
  { label: text.rows.audit, value: (plan) => text.days(plan.audit_retention_days) },
]

/** Title, price, access, then the figures: the cards of one row share their lines. */
const lines = 3 + rows.length

export function PricingPage() {
  usePageTitle(text.title)
  const { plans, error, retry } = usePlans()
  return (
    <div className="mx-auto max-w-6xl px-4 pt-12 pb-20 sm:px-6 sm:pt-16">
      <PageHeader
        title={text.title}
        lead={text.lead}
        actions={
          cameSignedIn() ? (
            <ButtonLink to={'/dashboard/billing' as never} kind="primary">
              {text.billing}
            </ButtonLink>
          ) : (
            <ButtonLink to="/auth/register" kind="primary">
              {text.start}
            </ButtonLink>
          )
        }
      />
      {error ? <Failure error={error} onRetry={retry} /> : plans ? <Cards plans={plans} /> : <Skeleton className="h-[60rem]" />}
      <p className="mt-6 text-[0.875rem] text-muted">
        {text.note}{' '}
        <a href="/api/v2/plans" className="text-accent underline underline-offset-2">
          /api/v2/plans
        </a>
      </p>
    </div>
  )
}

function Cards({ plans }: { readonly plans: readonly Plan[] }) {
  return (
    <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4 lg:gap-0">
      {plans.map((plan) => (
        <section
          key={plan.name}
          aria-labelledby={`plan-${plan.name}`}
          className={classes(
            'grid grid-rows-subgrid gap-y-0 border border-line bg-raised p-5 max-lg:rounded-card',
            'lg:not-last:border-r-0 lg:first:rounded-l-card lg:last:rounded-r-card',
          )}
          style={{ gridRow: `span ${lines}` }}
        >
          <h2 id={`plan-${plan.name}`} className="text-[0.8125rem] tracking-[0.06em]">
            {plan.title}
          </h2>
          <Price usd={plan.price_usd} />
          <div className="mb-4 border-b border-line pb-4">
            <p className={classes('font-medium', plan.api_access ? 'text-ok' : 'text-warn')}>
              {plan.api_access ? text.api : text.noApi}
            </p>
            <p className="mt-0.5 text-[0.875rem] text-muted">{plan.api_access ? text.apiText : text.noApiText}</p>
          </div>
          <dl className="contents">
            {rows.map(({ label, value }) => (
              <div key={label} className="py-1.5 max-sm:flex max-sm:items-baseline max-sm:justify-between max-sm:gap-4">
                <dt className="text-[0.8125rem] text-muted">{label}</dt>
                <dd className="font-medium tabular-nums">{value(plan)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  )
}

function Price({ usd }: { readonly usd: number | null }) {
  return (
    <p className="mt-2 mb-4 flex flex-wrap items-baseline gap-x-1.5">
      <span className="text-[1.75rem] font-medium tracking-tight tabular-nums">
        {usd === null ? text.onRequest : usd === 0 ? text.free : `$${number.format(usd)}`}
      </span>
      {usd !== null && usd > 0 && <span className="text-muted">{text.aMonth}</span>}
    </p>
  )
}
