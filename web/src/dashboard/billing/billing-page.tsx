// The Billing tab: the plan that is, the ones there are, and what a change does before it does it.
import { AionvisionError, type Plan } from '@aionvision/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { usePageTitle } from '../../page-title.ts'
import { billing as text } from '../../strings/billing.ts'
import { common } from '../../strings/common.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { explain, Failure, Notice, PageHeader, SkeletonRows } from '../../ui/surface.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'
import { holds, useSession } from '../session.ts'
import { PlanCard } from './plan-card.tsx'
import { effectsOf } from './plan-effects.ts'

export function BillingPage() {
  usePageTitle(text.title)
  const api = useApi()
  const { workspace } = useSession()
  const [chosen, setChosen] = useState<Plan | null>(null)
  const plans = useQuery({
    queryKey: ['plans'],
    queryFn: () => api.request('GET', '/api/v2/plans'),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const all = plans.data?.plans
  const current = all?.find(({ name }) => name === workspace.plan)
  const reason = holds(workspace, 'owner') ? null : text.needsOwner
  return (
    <>
      <PageHeader title={text.title} lead={text.lead(current?.title ?? workspace.plan.toUpperCase())} />
      {plans.isError ? (
        <Failure error={plans.error} onRetry={() => void plans.refetch()} />
      ) : !all || !current ? (
        <SkeletonRows />
      ) : (
        <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
          {all.map((plan) => (
            <PlanCard
              key={plan.name}
              plan={plan}
              relation={plan === current ? 'current' : all.indexOf(plan) > all.indexOf(current) ? 'up' : 'down'}
              reason={reason}
              onChoose={() => setChosen(plan)}
            />
          ))}
        </div>
      )}
      {chosen && current && all && (
        <ChangeDialog
          from={current}
          to={chosen}
          rises={all.indexOf(chosen) > all.indexOf(current)}
          onClose={() => setChosen(null)}
        />
      )}
    </>
  )
}

function ChangeDialog({
  from,
  to,
  rises,
  onClose,
}: {
  readonly from: Plan
  readonly to: Plan
  readonly rises: boolean
  readonly onClose: () => void
}) {
  const api = useApi()
  const { workspace } = useSession()
  const withProof = useWithProof()
  const queries = useQueryClient()
  const toast = useToast()
  const held = useQuery({ queryKey: ['limits'], queryFn: () => api.request('GET', '/api/v2/tenant/limits') })
  const change = useMutation({
    mutationFn: () => {
      const body =
        to.name === 'free'
          ? ({ action: 'cancel' } as const)
          : ({ action: rises ? 'upgrade' : 'downgrade', new_plan: to.name } as const)
      return withProof(() =>
        api.request('POST', '/api/v2/payment/subscription/update', { body: { ...body, tenant_id: workspace.id } }),
      )
    },
    onSuccess: async () => {
      await queries.invalidateQueries()
      toast({ title: text.confirm.done(to.title) })
      onClose()
    },
  })
  const unpaid = change.error instanceof AionvisionError && change.error.code === 'PAYMENTS_NOT_CONFIGURED'
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.confirm.title(to.title)}
      description={rises ? text.confirm.up : text.confirm.down}
    >
      <p className="mb-4">{text.confirm.cost(to.price_usd, to.name === 'free')}</p>
      {!rises &&
        (held.data ? (
          <ul className="grid list-disc gap-2 pl-5">
            {effectsOf(from, to, held.data.usage).map((effect) => (
              <li key={effect}>{effect}</li>
            ))}
          </ul>
        ) : held.isError ? (
          <Failure error={held.error} onRetry={() => void held.refetch()} />
        ) : (
          <SkeletonRows rows={3} />
        ))}
      {unpaid ? (
        <Notice tone="warn" title={text.noPayments.title}>
          {text.noPayments.text}
        </Notice>
      ) : (
        change.error && (
          <p role="alert" className="mt-4 text-danger">
            {explain(change.error).message}
          </p>
        )
      )}
      <DialogActions>
        <Button kind="quiet" onClick={onClose}>
          {unpaid ? common.close : common.cancel}
        </Button>
        {!unpaid && (
          <Button
            kind={rises ? 'primary' : 'danger'}
            pending={change.isPending || (!rises && !held.data)}
            onClick={() => change.mutate()}
          >
            {text.confirm.action(to.title)}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  )
}
