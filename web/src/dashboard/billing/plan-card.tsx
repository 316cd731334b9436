// One plan: its price and what it allows, line by line in the same order on every card.
import type { Plan } from '@aionvision/sdk'
import { Check, Minus } from 'lucide-react'
import { billing as text } from '../../strings/billing.ts'
import { Button } from '../../ui/button.tsx'
import { formatBytes } from '../../ui/bytes.ts'
import { classes } from '../../ui/classes.ts'
import { Badge } from '../../ui/surface.tsx'

interface Props {
  readonly plan: Plan
  readonly relation: 'current' | 'up' | 'down'
  /** Why it cannot be chosen; null when it can. */
  readonly reason: string | null
  readonly onChoose: () => void
}

export function PlanCard({ plan, relation, reason, onChoose }: Props) {
  const { features } = text
  const lines = [
    features.requests(plan.requests_per_minute),
    features.keys(plan.active_keys),
    features.storage(plan.storage_bytes_max === null ? null : formatBytes(plan.storage_bytes_max)),
    features.uploads(plan.monthly_uploads),
    features.image(formatBytes(plan.image_size_bytes_max)),
    features.document(formatBytes(plan.document_size_bytes_max)),
    features.concurrent(plan.concurrent_uploads),
    features.batch(plan.batch_files_max),
    features.audit(plan.audit_retention_days),
  ]
  return (
    <section
      aria-label={plan.title}
      className={classes(
        'flex flex-col rounded-card border bg-raised p-5',
        relation === 'current' ? 'border-accent' : 'border-line',
      )}
    >
      <div className="flex items-center justify-between gap-2">
        <h2 className="text-base">{plan.title}</h2>
        {relation === 'current' && <Badge tone="accent">{text.current}</Badge>}
      </div>
      <p className="mt-1 text-xl font-medium tracking-tight">{text.price(plan.price_usd, plan.name === 'free')}</p>
      <ul className="mt-4 mb-5 grid flex-1 content-start gap-2 text-[0.875rem]">
        <li className="flex items-start gap-2 font-medium">
          {plan.api_access ? (
            <Check aria-hidden size={15} className="mt-1 shrink-0 text-ok" />
          ) : (
            <Minus aria-hidden size={15} className="mt-1 shrink-0 text-danger" />
          )}
          {plan.api_access ? features.api : features.noApi}
        </li>
        {lines.map((line) => {
          const Mark = line === features.keys(0) ? Minus : Check
          return (
            <li key={line} className="flex items-start gap-2">
              <Mark aria-hidden size={15} className="mt-1 shrink-0 text-muted" />
              {line}
            </li>
          )
        })}
      </ul>
      {relation !== 'current' && (
        <Button kind={relation === 'up' ? 'primary' : 'secondary'} disabledReason={reason} onClick={onChoose} className="w-full">
          {relation === 'up' ? text.upgrade(plan.title) : text.downgrade(plan.title)}
        </Button>
      )}
    </section>
  )
}
