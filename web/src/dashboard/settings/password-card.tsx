// A new password, or the first one for who signed up with a provider.
import { AionvisionError, type Answer } from '@aionvision/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { settings } from '../../strings/settings.ts'
import { TextField } from '../../ui/field.tsx'
import { NewPasswordField, passwordHolds } from '../../ui/new-password.tsx'
import { Card } from '../../ui/surface.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'
import { FormEnd } from './form-end.tsx'

const text = settings.password
const asRuled = (typed: string) => passwordHolds(typed) || text.missing

export function PasswordCard({ profile }: { readonly profile: Answer<'/api/v2/user/profile', 'get'> }) {
  return profile.has_password ? <ChangePassword email={profile.email} /> : <FirstPassword email={profile.email} />
}

/** Password managers look for whose password it is. */
function Owner({ email }: { readonly email: string }) {
  return <input type="text" autoComplete="username" value={email} readOnly hidden />
}

function ChangePassword({ email }: { readonly email: string }) {
  const api = useApi()
  const withProof = useWithProof()
  const queries = useQueryClient()
  const toast = useToast()
  const form = useApiForm<{ current_password: string; new_password: string }>(
    async (body) => {
      try {
        await withProof(() => api.request('POST', '/api/v2/user/change-password', { body }))
      } catch (error) {
        if (!(error instanceof AionvisionError) || error.code !== 'INVALID_CREDENTIALS') throw error
        form.setError('current_password', { message: error.message }, { shouldFocus: true })
        return
      }
      // The answer asks for it: whoever saw the old secret of this session has nothing any more.
      await api.request('POST', '/api/v2/auth/session/rotate-session')
      form.reset()
      void queries.invalidateQueries({ queryKey: ['settings', 'sessions'] })
      toast({ title: text.changed, detail: text.changedDetail })
    },
    { defaultValues: { current_password: '', new_password: '' } },
  )
  return (
    <Card title={text.title}>
      <form onSubmit={(event) => void form.submit(event)} className="grid gap-4" noValidate>
        <Owner email={email} />
        <TextField
          label={text.current}
          type="password"
          autoComplete="current-password"
          error={form.errorOf('current_password')}
          {...form.register('current_password')}
        />
        <NewPasswordField
          label={text.next}
          typed={form.watch('new_password')}
          error={form.errorOf('new_password')}
          {...form.register('new_password', { validate: asRuled })}
        />
        <FormEnd fault={form.fault} pending={form.formState.isSubmitting} label={text.change} />
      </form>
    </Card>
  )
}

function FirstPassword({ email }: { readonly email: string }) {
  const api = useApi()
  const withProof = useWithProof()
  const queries = useQueryClient()
  const toast = useToast()
  const form = useApiForm<{ password: string }>(
    async ({ password }) => {
      try {
        await withProof(() => api.request('POST', '/api/v2/user/set-initial-password', { body: password }))
      } catch (error) {
        // The whole body is the password, so what is wrong with it stands at no field's name.
        const issues = error instanceof AionvisionError ? error.details.issues : null
        const fault = Array.isArray(issues) ? (issues[0] as { msg?: string } | undefined)?.msg : undefined
        if (fault === undefined) throw error
        form.setError('password', { message: fault }, { shouldFocus: true })
        return
      }
      await queries.invalidateQueries({ queryKey: ['settings', 'profile'] })
      toast({ title: text.firstDone })
    },
    { defaultValues: { password: '' } },
  )
  return (
    <Card title={text.title} lead={text.firstLead}>
      <form onSubmit={(event) => void form.submit(event)} className="grid gap-4" noValidate>
        <Owner email={email} />
        <NewPasswordField
          label={text.next}
          typed={form.watch('password')}
          error={form.errorOf('password')}
          {...form.register('password', { validate: asRuled })}
        />
        <FormEnd fault={form.fault} pending={form.formState.isSubmitting} label={text.first} />
      </form>
    </Card>
  )
}
