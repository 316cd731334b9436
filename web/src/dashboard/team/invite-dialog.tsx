// An address and a role: what an invitation is made of.
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { common } from '../../strings/common.ts'
import { team } from '../../strings/team.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'
import { type GivenRole, RoleChoice } from './role-choice.tsx'
import { useRefreshTeam } from './team-queries.ts'

const text = team.inviting

export function InviteDialog({ onClose }: { readonly onClose: () => void }) {
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshTeam()
  const withProof = useWithProof()
  const [role, setRole] = useState<GivenRole>('viewer')
  const form = useApiForm<{ email: string }>(
    async ({ email }) => {
      await withProof(() => api.members.invite({ email, role }))
      void refresh()
      toast({ title: text.sent(email) })
      onClose()
    },
    { defaultValues: { email: '' } },
  )
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title={text.title} description={text.lead}>
      <form onSubmit={form.submit} noValidate className="grid gap-5">
        <TextField
          label={text.email}
          type="email"
          autoComplete="off"
          maxLength={320}
          error={form.errorOf('email')}
          {...form.register('email', { setValueAs: (typed: string) => typed.trim() })}
        />
        <RoleChoice value={role} onChange={setRole} />
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
    </Dialog>
  )
}
