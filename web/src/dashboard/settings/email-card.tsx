// Moving the account to another address: asked for here, done by the link in the mail.
import type { Answer } from '@aionvision/sdk'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { settings } from '../../strings/settings.ts'
import { TextField } from '../../ui/field.tsx'
import { Badge, Card, Notice } from '../../ui/surface.tsx'
import { useWithProof } from '../fresh.tsx'
import { FormEnd } from './form-end.tsx'

const text = settings.email

export function EmailCard({ profile }: { readonly profile: Answer<'/api/v2/user/profile', 'get'> }) {
  const api = useApi()
  const withProof = useWithProof()
  const [sentTo, setSentTo] = useState<string | null>(null)
  const form = useApiForm<{ new_email: string; password: string }>(
    async (body) => {
      setSentTo(null)
      await withProof(() => api.request('POST', '/api/v2/user/change-email', { body }))
      setSentTo(body.new_email)
      form.reset()
    },
    { defaultValues: { new_email: '', password: '' } },
  )
  return (
    <Card
      title={text.title}
      lead={
        <span className="flex flex-wrap items-center gap-x-2">
          {text.now} <span className="font-medium break-all text-ink">{profile.email}</span>
          <Badge tone={profile.email_verified ? 'ok' : 'warn'}>{profile.email_verified ? text.verified : text.unverified}</Badge>
        </span>
      }
    >
      <form onSubmit={(event) => void form.submit(event)} className="grid gap-4" noValidate>
        {sentTo && (
          <Notice tone="ok" title={text.sent(sentTo)}>
            {text.sentText}
          </Notice>
        )}
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <TextField
            label={text.field}
            type="email"
            autoComplete="email"
            error={form.errorOf('new_email')}
            {...form.register('new_email')}
          />
          <TextField
            label={text.password}
            type="password"
            autoComplete="current-password"
            error={form.errorOf('password')}
            {...form.register('password')}
          />
        </div>
        <FormEnd
          fault={form.fault}
          pending={form.formState.isSubmitting}
          label={text.send}
          disabledReason={profile.has_password ? null : text.needsPassword}
        />
      </form>
    </Card>
  )
}
