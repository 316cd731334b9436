// Rules that bind everybody: how long keys live, where they may be used from, and whether a second factor is asked for.
import type { Answer } from '@aionvision/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { workspaceSettings } from '../../strings/workspace-settings.ts'
import { Choice, TextArea, TextField } from '../../ui/field.tsx'
import { Card, Failure, Notice, SkeletonRows } from '../../ui/surface.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'
import { FormEnd } from './form-end.tsx'
import { readLines } from './lines.ts'
import { useFactors } from './second-factor-section.tsx'
import { useAdminReason } from './workspace-section.tsx'

const text = workspaceSettings.policy
type Policy = Answer<'/api/v2/tenant/policy', 'get'>
const queryKey = ['settings', 'policy'] as const
const daysMax = 3650

export function PolicySection() {
  const api = useApi()
  const policy = useQuery({ queryKey, queryFn: () => api.tenant.policy() })
  if (policy.isError) return <Failure error={policy.error} onRetry={() => void policy.refetch()} />
  if (!policy.data) return <SkeletonRows />
  return <PolicyForm policy={policy.data} />
}

interface Values {
  max_key_life_days: string
  default_key_life_days: string
  allowed_ips: string
  factor_required: boolean
}

function toValues(policy: Policy): Values {
  return {
    max_key_life_days: String(policy.max_key_life_days ?? ''),
    default_key_life_days: String(policy.default_key_life_days ?? ''),
    allowed_ips: policy.allowed_ips.join('\n'),
    factor_required: policy.factor_required,
  }
}

const asDays = (typed: string) =>
  typed.trim() === '' || (/^\d+$/.test(typed.trim()) && Number(typed) >= 1 && Number(typed) <= daysMax) || text.wholeDays
const readDays = (typed: string) => (typed.trim() === '' ? null : Number(typed))

function PolicyForm({ policy }: { readonly policy: Policy }) {
  const api = useApi()
  const withProof = useWithProof()
  const queries = useQueryClient()
  const toast = useToast()
  const refused = useAdminReason()
  const factors = useFactors()
  const [saved, setSaved] = useState(false)
  const form = useApiForm<Values>(
    async (values) => {
      setSaved(false)
      const updated = await withProof(() =>
        api.tenant.updatePolicy({
          max_key_life_days: readDays(values.max_key_life_days),
          default_key_life_days: readDays(values.default_key_life_days),
          allowed_ips: readLines(values.allowed_ips),
          factor_required: values.factor_required,
        }),
      )
      queries.setQueryData(queryKey, updated)
      form.reset(toValues(updated))
      setSaved(true)
      toast({ title: text.saved })
    },
    { defaultValues: toValues(policy) },
  )
  const readOnly = refused !== null
  const shutsOut = form.watch('factor_required') && !policy.factor_required && factors.data?.enrolled === false
  return (
    <form onSubmit={(event) => void form.submit(event)} className="grid grid-cols-[minmax(0,1fr)] gap-5" noValidate>
      <Card title={text.keys} lead={text.keysLead}>
        <div className="grid gap-4">
          <KeysBeyond policy={policy} saved={saved} />
          <div className="grid items-start gap-4 sm:grid-cols-2">
            <TextField
              label={text.maxLife}
              hint={text.maxLifeHint}
              inputMode="numeric"
              readOnly={readOnly}
              error={form.errorOf('max_key_life_days')}
              {...form.register('max_key_life_days', { validate: asDays })}
            />
            <TextField
              label={text.defaultLife}
              hint={text.defaultLifeHint}
              inputMode="numeric"
              readOnly={readOnly}
              error={form.errorOf('default_key_life_days')}
              {...form.register('default_key_life_days', { validate: asDays })}
            />
          </div>
          <TextArea
            label={text.ips}
            hint={
              <>
                {text.ipsHint} {form.watch('allowed_ips').trim() !== '' && <span className="text-warn">{text.ipsWarning}</span>}
              </>
            }
            rows={4}
            spellCheck={false}
            readOnly={readOnly}
            className="font-mono text-[0.875rem]"
            error={form.errorOf('allowed_ips')}
            {...form.register('allowed_ips')}
          />
        </div>
      </Card>
      <Card title={text.factor}>
        <Choice label={text.factorRequired} hint={text.factorHint} disabled={readOnly} {...form.register('factor_required')} />
        {shutsOut && (
          <div className="mt-4">
            <Notice tone="warn">
              {text.factorFirst}{' '}
              <Link to="/dashboard/settings" search={{ section: 'second-factor' } as never} className="text-accent underline">
                {text.factor}
              </Link>
            </Notice>
          </div>
        )}
      </Card>
      <FormEnd
        fault={form.fault}
        pending={form.formState.isSubmitting}
        disabledReason={refused ?? (shutsOut ? text.factorFirst : null)}
      />
    </form>
  )
}

/** How many keys there are that the policy would not allow any more. */
function KeysBeyond({ policy, saved }: { readonly policy: Policy; readonly saved: boolean }) {
  const count = policy.keys_beyond_max_life
  if (count === 0) return saved && policy.max_key_life_days !== null ? <Notice tone="ok">{text.none}</Notice> : null
  return (
    <Notice tone="warn" title={text.beyond(count)}>
      {text.beyondText}{' '}
      <Link to="/dashboard/keys" className="text-accent underline">
        {text.keysTab}
      </Link>
      .
    </Notice>
  )
}
