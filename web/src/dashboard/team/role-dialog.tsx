// Another role, for a member or for an invitation that is open.
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { common } from '../../strings/common.ts'
import { team } from '../../strings/team.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { useToast } from '../../ui/toast.tsx'
import { type GivenRole, RoleChoice } from './role-choice.tsx'
import { type Member, useDeed, useRefreshTeam } from './team-queries.ts'
import { whoIs } from './team-rights.ts'

const text = team.change

export function RoleDialog({ member, onClose }: { readonly member: Member; readonly onClose: () => void }) {
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshTeam()
  const [role, setRole] = useState<GivenRole>(member.role === 'owner' ? 'admin' : member.role)
  const { run, pending, error } = useDeed(async () => {
    if (role !== member.role) {
      await api.members.changeRole(member.id, { role })
      void refresh()
      toast({ title: text.done(member.name, team.roles[role][0]) })
    }
    onClose()
  })
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.title(whoIs(member))}
      description={member.status === 'invited' ? text.leadInvited : text.lead}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!pending) run()
        }}
      >
        <RoleChoice value={role} onChange={setRole} />
        {error && (
          <p role="alert" className="mt-4 text-danger">
            {error}
          </p>
        )}
        <DialogActions>
          <Button kind="quiet" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button kind="primary" type="submit" pending={pending}>
            {text.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
