// Where events are sent, the secret that signs them, and what became of each.
import { useState } from 'react'
import { useApiForm } from '../../form.ts'
import { workspaceSettings } from '../../strings/workspace-settings.ts'
import { TextField } from '../../ui/field.tsx'
import { Badge, Card, Empty, Failure, SkeletonRows } from '../../ui/surface.tsx'
import { useToast } from '../../ui/toast.tsx'
import { FormEnd } from './form-end.tsx'
import { WebhookDeliveries } from './webhook-deliveries.tsx'
import { WebhookSecret } from './webhook-secret.tsx'
import { useAdminReason, useTenantSettings, useUpdateTenant } from './workspace-section.tsx'

const text = workspaceSettings.webhook

export function WebhookSection() {
  const settings = useTenantSettings()
  const refused = useAdminReason()
  if (settings.isError) return <Failure error={settings.error} onRetry={() => void settings.refetch()} />
  if (!settings.data) return <SkeletonRows />
  return (
    <>
      <AddressCard url={settings.data.webhook_url} />
      {refused ? <Empty title={text.deliveries}>{refused}</Empty> : <WebhookSecret />}
      {!refused && <WebhookDeliveries />}
    </>
  )
}

function AddressCard({ url }: { readonly url: string | null }) {
  const update = useUpdateTenant()
  const toast = useToast()
  const refused = useAdminReason()
  const [on, setOn] = useState(url !== null)
  const form = useApiForm<{ webhook_url: string }>(
    async ({ webhook_url }) => {
      const given = webhook_url.trim() || null
      await update({ webhook_url: given })
      setOn(given !== null)
      toast({ title: given ? text.saved : text.ended })
    },
    { defaultValues: { webhook_url: url ?? '' } },
  )
  return (
    <Card
      title={
        <span className="flex items-center gap-2">
          {text.title} <Badge tone={on ? 'ok' : 'plain'}>{on ? text.on : text.off}</Badge>
        </span>
      }
      lead={text.lead}
    >
      <form onSubmit={(event) => void form.submit(event)} className="grid gap-4" noValidate>
        <TextField
          label={text.url}
          hint={text.urlHint}
          type="url"
          inputMode="url"
          spellCheck={false}
          autoComplete="off"
          placeholder="https://"
          readOnly={refused !== null}
          error={form.errorOf('webhook_url')}
          {...form.register('webhook_url')}
        />
        <FormEnd fault={form.fault} pending={form.formState.isSubmitting} disabledReason={refused}>
          <a href="/docs/webhooks" className="text-accent underline">
            {text.guide}
          </a>
        </FormEnd>
      </form>
    </Card>
  )
}
