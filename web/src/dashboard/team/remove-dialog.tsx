// Ends a membership; says first what becomes of the keys, and offers to keep them alive.
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { team } from '../../strings/team.ts'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Choice } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useSession } from '../session.ts'
import { type Member, useActiveKeyCount, useDeed, useRefreshTeam } from './team-queries.ts'
import { whoIs, whyNotTakeOver } from './team-rights.ts'

const text = team.remove

export function RemoveDialog({ member, onClose }: { readonly member: Member; readonly onClose: () => void }) {
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshTeam()
  const count = useActiveKeyCount(member.id)
  const notTakeOver = whyNotTakeOver(useSession(), member)
  const [takeOver, setTakeOver] = useState(false)
  // Counted once, should the proof be asked for between the two steps.
  const [kept, setKept] = useState<number | null>(null)
  const { run, pending, error } = useDeed(async () => {
    let taken = kept
    if (takeOver && taken === null) {
      const answer = await api.request('POST', '/api/v2/tenant/members/{user_id}/take-over-keys', {
        params: { user_id: member.id },
      })
      taken = answer.taken_over
      setKept(taken)
    }
    await api.members.remove(member.id)
    void refresh()
    toast({ title: taken ? text.doneKept(member.name, taken) : text.done(member.name) })
    onClose()
  })
  const keys = count === undefined ? text.keysUnknown : count === 0 ? text.keysNone : text.keysStop(count)
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.title(whoIs(member))}
      description={text.lead}
      action={text.submit}
      onConfirm={run}
      pending={pending}
      error={error}
    >
      <p>{keys}</p>
      {count !== 0 && (
        <Choice
          className="mt-4"
          label={text.takeOver}
          hint={notTakeOver ?? text.takeOverHint}
          checked={takeOver}
          disabled={notTakeOver !== null}
          onChange={({ target }) => setTakeOver(target.checked)}
        />
      )}
    </ConfirmDialog>
  )
}
