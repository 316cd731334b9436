// The end of a key: what it will break, before it breaks.
import type { ApiKey } from '@aionvision/sdk'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { keys } from '../../strings/keys.ts'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { explain, Notice } from '../../ui/surface.tsx'
import { timeInWords } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'
import { useKeyNow, useRefreshKeys } from './key-queries.ts'
import { WhichKey } from './which-key.tsx'

const text = keys.revoke

export function RevokeKeyDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const api = useApi()
  const withProof = useWithProof()
  const refresh = useRefreshKeys()
  const toast = useToast()
  const [reason, setReason] = useState('')
  const revocation = useMutation({
    mutationFn: () => withProof(() => api.apiKeys.revoke(apiKey.id, reason ? { reason } : {})),
    onSuccess: () => {
      void refresh()
      toast({ title: text.done(apiKey.name) })
      onClose()
    },
  })
  const { last_used_at, last_used_ip, usage_count } = useKeyNow(apiKey)
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.title(apiKey.name)}
      description={<WhichKey apiKey={apiKey}>{text.lead}</WhichKey>}
      action={text.action}
      pending={revocation.isPending}
      error={revocation.error ? explain(revocation.error).message : null}
      onConfirm={() => revocation.mutate()}
    >
      <div className="grid gap-4">
        <Notice tone={last_used_at ? 'warn' : 'plain'}>
          {last_used_at ? text.used(timeInWords(new Date(last_used_at), Date.now()), last_used_ip, usage_count) : text.neverUsed}
        </Notice>
        <TextField
          label={text.reason}
          hint={text.reasonHint}
          value={reason}
          autoFocus
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
        />
      </div>
    </ConfirmDialog>
  )
}
