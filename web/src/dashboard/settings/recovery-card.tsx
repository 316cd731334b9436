// How many recovery codes are left, and new ones.
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { secondFactor } from '../../strings/second-factor.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Card, explain } from '../../ui/surface.tsx'
import { useWithProof } from '../fresh.tsx'
import type { Factors } from './second-factor-section.tsx'

const text = secondFactor.recovery
const few = 3

interface Props {
  readonly factors: Factors
  readonly onChanged: (codes?: readonly string[] | null) => Promise<void>
}

export function RecoveryCard({ factors, onChanged }: Props) {
  const api = useApi()
  const withProof = useWithProof()
  const [asking, setAsking] = useState(false)
  const renew = useMutation({
    mutationFn: () => withProof(() => api.request('POST', '/api/v2/auth/session/mfa/recovery-codes')),
    onSuccess: async ({ recovery_codes }) => {
      setAsking(false)
      await onChanged(recovery_codes)
    },
    // Codes do not stay in the memory of the mutation.
    gcTime: 0,
  })
  const left = factors.recovery_codes_left
  return (
    <Card
      title={text.title}
      lead={text.lead}
      actions={
        <Button disabledReason={factors.enrolled ? null : text.none} onClick={() => setAsking(true)}>
          {text.renew}
        </Button>
      }
    >
      <p className={factors.enrolled && left <= few ? 'text-warn' : 'text-muted'}>
        {factors.enrolled ? text.left(left) : text.none} {factors.enrolled && left <= few && text.few}
      </p>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={text.renewTitle}
        description={text.renewText}
        action={text.renew}
        pending={renew.isPending}
        error={renew.error && explain(renew.error).message}
        onConfirm={() => renew.mutate()}
      />
    </Card>
  )
}
