// A new key: its name, what it may, and when it ends.
import type { CreatedApiKey } from '@aionvision/sdk'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { common } from '../../strings/common.ts'
import { keys } from '../../strings/keys.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { Notice } from '../../ui/surface.tsx'
import { useWithProof } from '../fresh.tsx'
import { readLines } from '../settings/lines.ts'
import { usePolicy, useRefreshKeys } from './key-queries.ts'
import { PermissionFields } from './permission-fields.tsx'

const text = keys.form
const dayMs = 86_400_000
const presets = ['30', '90', '365', 'custom', 'never'] as const
type Preset = (typeof presets)[number]

interface Values {
  name: string
  description: string
  environment: 'live' | 'test'
  expiry: Preset
  expires_at: string
  allowed_ips: string
  rate_limit_per_minute: string
}

interface Props {
  readonly onClose: () => void
  readonly onCreated: (key: CreatedApiKey) => void
}

export function CreateKeyDialog({ onClose, onCreated }: Props) {
  const policy = usePolicy(true)
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title={text.title} wide>
      {policy.isPending ? null : (
        <CreateKeyForm
          maxDays={policy.data?.max_key_life_days ?? null}
          standardDays={policy.data?.default_key_life_days ?? null}
          onClose={onClose}
          onCreated={onCreated}
        />
      )}
    </Dialog>
  )
}

function CreateKeyForm({
  maxDays,
  standardDays,
  onClose,
  onCreated,
}: Props & { readonly maxDays: number | null; readonly standardDays: number | null }) {
  const api = useApi()
  const withProof = useWithProof()
  const refresh = useRefreshKeys()
  const [scopes, setScopes] = useState<readonly string[]>(['read', 'write'])
  const [scopeFault, setScopeFault] = useState<string>()
  const allowed = presets.filter((preset) => {
    if (maxDays === null || preset === 'custom') return true
    return preset !== 'never' && Number(preset) <= maxDays
  })
  const standard = allowed.find((preset) => preset === String(standardDays ?? 90)) ?? allowed[0] ?? 'custom'
  const form = useApiForm<Values>(
    async (values) => {
      if (scopes.length === 0) return setScopeFault(text.noneChosen)
      const body = {
        name: values.name,
        description: values.description || null,
        environment: values.environment,
        scopes: [...scopes],
        expires_at: endOf(values),
        allowed_ips: readLines(values.allowed_ips),
        rate_limit_per_minute: values.rate_limit_per_minute ? Number(values.rate_limit_per_minute) : null,
      }
      const created = await withProof(() => api.apiKeys.create(body))
      void refresh()
      onCreated(created)
    },
    {
      defaultValues: {
        name: '',
        description: '',
        environment: 'live',
        expiry: standard,
        expires_at: dateAfter(maxDays ?? 90),
        allowed_ips: '',
        rate_limit_per_minute: '',
      },
    },
  )
  const expiry = form.watch('expiry')
  return (
    <form onSubmit={form.submit} className="grid gap-5" noValidate>
      <TextField
        label={text.name}
        hint={text.nameHint}
        autoFocus
        autoComplete="off"
        maxLength={255}
        required
        error={form.errorOf('name')}
        {...form.register('name')}
      />
      <div className="grid gap-1.5">
        <span className="font-medium">{text.environment}</span>
        <div>
          <Segmented
            label={text.environment}
            value={form.watch('environment')}
            onChange={(value) => form.setValue('environment', value)}
            options={[
              { value: 'live', label: keys.environments.live },
              { value: 'test', label: keys.environments.test },
            ]}
          />
        </div>
        <p className="text-[0.8125rem] text-muted">{text.environmentHint}</p>
      </div>
      <PermissionFields
        scopes={scopes}
        error={scopeFault}
        onChange={(next) => {
          setScopes(next)
          setScopeFault(undefined)
        }}
      />
      <div className="grid gap-3 sm:grid-cols-2">
        <SelectField
          label={text.expiry}
          hint={maxDays === null ? undefined : text.policyMax(maxDays)}
          error={form.errorOf('expires_at')}
          {...form.register('expiry')}
        >
          {allowed.map((preset) => (
            <option key={preset} value={preset}>
              {text.presets[preset]}
            </option>
          ))}
        </SelectField>
        {expiry === 'custom' && (
          <TextField
            type="date"
            label={text.expiryDate}
            min={dateAfter(1)}
            max={maxDays === null ? undefined : dateAfter(maxDays)}
            required
            {...form.register('expires_at')}
          />
        )}
      </div>
      {expiry === 'never' && <Notice tone="warn">{text.neverWarning}</Notice>}
      <details>
        <summary className="font-medium">{text.more}</summary>
        <div className="mt-3 grid gap-3 sm:grid-cols-2">
          <TextArea
            label={text.allowedIps}
            hint={text.allowedIpsHint}
            rows={3}
            error={form.errorOf('allowed_ips')}
            {...form.register('allowed_ips')}
          />
          <TextField
            type="number"
            min={1}
            label={text.limit}
            hint={text.limitHint}
            error={form.errorOf('rate_limit_per_minute')}
            {...form.register('rate_limit_per_minute')}
          />
        </div>
      </details>
      {form.fault && (
        <p role="alert" className="text-danger">
          {form.fault}
        </p>
      )}
      <DialogActions>
        <Button kind="quiet" onClick={onClose}>
          {common.cancel}
        </Button>
        <Button kind="primary" type="submit" pending={form.formState.isSubmitting}>
          {text.submit}
        </Button>
      </DialogActions>
    </form>
  )
}

/** The date as an input of type date has it. */
const dateAfter = (days: number) => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10)

function endOf({ expiry, expires_at }: Values): string | null {
  if (expiry === 'never') return null
  if (expiry !== 'custom') return new Date(Date.now() + Number(expiry) * dayMs).toISOString()
  // To the end of that day where the reader is.
  const end = new Date(`${expires_at}T23:59:59`)
  return Number.isNaN(end.getTime()) ? null : end.toISOString()
}
