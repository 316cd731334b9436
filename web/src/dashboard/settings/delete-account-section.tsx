// The end of an account: says by name what goes with it before anything does.
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { remember } from '../../remembered.ts'
import { settings } from '../../strings/settings.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Card, explain } from '../../ui/surface.tsx'
import { useWithProof } from '../fresh.tsx'
import { useSession } from '../session.ts'

const text = settings.delete

export function DeleteAccountSection() {
  const api = useApi()
  const withProof = useWithProof()
  const { user, workspaces } = useSession()
  const [asking, setAsking] = useState(false)
  const owned = workspaces.filter(({ is_owner }) => is_owner).map(({ name }) => name)
  const end = useMutation({
    mutationFn: () =>
      withProof(() => api.request('POST', '/api/v2/user/account/delete', { body: { confirmation: text.phrase } })),
    onSuccess: () => {
      remember('workspace', null)
      location.assign('/')
    },
  })
  return (
    <Card title={text.title} lead={text.lead}>
      <h3 className="mb-2 text-[0.9375rem]">{text.goes}</h3>
      <ul className="mb-4 grid max-w-[65ch] list-disc gap-1 pl-5">
        {owned.length > 0 && <li className="break-words">{text.workspaces(owned)}</li>}
        <li>{text.elsewhere}</li>
        <li>{text.atOnce}</li>
        <li>{text.trail}</li>
      </ul>
      {owned.length > 0 && (
        <p className="mb-4 text-muted">
          {text.keep}{' '}
          <Link to="/dashboard/team" className="text-accent underline">
            {text.team}
          </Link>
          .
        </p>
      )}
      <Button kind="danger" onClick={() => setAsking(true)}>
        {text.button}
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={text.confirmTitle}
        description={text.confirmText(user.email)}
        phrase={text.phrase}
        action={text.button}
        pending={end.isPending}
        error={end.error && explain(end.error).message}
        onConfirm={() => end.mutate()}
      />
    </Card>
  )
}
