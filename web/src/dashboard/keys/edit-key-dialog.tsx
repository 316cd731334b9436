// What can be changed about a key: how it is called, from where it may be used, and how often.
import type { ApiKey } from '@aionvision/sdk'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { common } from '../../strings/common.ts'
import { keys } from '../../strings/keys.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextArea, TextField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'
import { readLines } from '../settings/lines.ts'
import { useRefreshKeys } from './key-queries.ts'
import { WhichKey } from './which-key.tsx'

const text = keys.form

interface Values {
  name: string
  description: string
  allowed_ips: string
  rate_limit_per_minute: string
}

export function EditKeyDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const api = useApi()
  const withProof = useWithProof()
  const refresh = useRefreshKeys()
  const toast = useToast()
  const form = useApiForm<Values>(
    async (values) => {
      const body = {
        name: values.name,
        description: values.description || null,
        allowed_ips: readLines(values.allowed_ips),
        rate_limit_per_minute: values.rate_limit_per_minute ? Number(values.rate_limit_per_minute) : null,
      }
      await withProof(() => api.apiKeys.update(apiKey.id, body))
      void refresh()
      toast({ title: common.saved })
      onClose()
    },
    {
      defaultValues: {
        name: apiKey.name,
        description: apiKey.description ?? '',
        allowed_ips: apiKey.allowed_ips.join('\n'),
        rate_limit_per_minute: apiKey.rate_limit_per_minute === null ? '' : String(apiKey.rate_limit_per_minute),
      },
    },
  )
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={keys.edit.title(apiKey.name)}
      description={<WhichKey apiKey={apiKey} />}
    >
      <form onSubmit={form.submit} className="grid gap-4" noValidate>
        <TextField label={text.name} maxLength={255} required error={form.errorOf('name')} {...form.register('name')} />
        <TextField label={text.description} error={form.errorOf('description')} {...form.register('description')} />
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
            {common.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
