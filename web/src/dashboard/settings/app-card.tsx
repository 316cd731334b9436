// The authenticator app: added, replaced, removed.
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { secondFactor } from '../../strings/second-factor.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Badge, Card, explain } from '../../ui/surface.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'
import { EnrolDialog, type Enrolment } from './enrol-dialog.tsx'
import type { Factors } from './second-factor-section.tsx'

const text = secondFactor.app

interface Props {
  readonly factors: Factors
  readonly onChanged: (codes?: readonly string[] | null) => Promise<void>
}

export function AppCard({ factors, onChanged }: Props) {
  const api = useApi()
  const withProof = useWithProof()
  const toast = useToast()
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null)
  const [removing, setRemoving] = useState(false)
  const begin = useMutation({
    mutationFn: () => withProof(() => api.request('POST', '/api/v2/auth/session/mfa/totp')),
    onSuccess: setEnrolment,
  })
  const remove = useMutation({
    mutationFn: () => withProof(() => api.request('DELETE', '/api/v2/auth/session/mfa/totp')),
    onSuccess: async () => {
      await onChanged()
      setRemoving(false)
      toast({ title: text.removed })
    },
  })
  return (
    <Card
      title={
        <span className="flex items-center gap-2">
          {text.title} <Badge tone={factors.totp ? 'ok' : 'plain'}>{factors.totp ? text.on : text.off}</Badge>
        </span>
      }
      lead={text.lead}
    >
      <div className="flex flex-wrap items-center gap-2">
        <Button kind={factors.enrolled ? 'secondary' : 'primary'} pending={begin.isPending} onClick={() => begin.mutate()}>
          {factors.totp ? text.replace : text.add}
        </Button>
        {factors.totp && (
          <>
            <Button kind="danger" onClick={() => setRemoving(true)}>
              {text.remove}
            </Button>
            <span className="text-[0.8125rem] text-muted">{text.replaceHint}</span>
          </>
        )}
      </div>
      {begin.isError && (
        <p role="alert" className="mt-3 text-danger">
          {explain(begin.error).message}
        </p>
      )}
      <EnrolDialog
        enrolment={enrolment}
        onClose={() => setEnrolment(null)}
        onDone={async (codes) => {
          setEnrolment(null)
          if (!codes) toast({ title: text.replaced })
          await onChanged(codes)
        }}
      />
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title={text.removeTitle}
        description={text.removeText}
        action={text.remove}
        pending={remove.isPending}
        error={remove.error && explain(remove.error).message}
        onConfirm={() => remove.mutate()}
      />
    </Card>
  )
}
