// Passkeys: a list with names, and the way to add, rename and remove.
import { useMutation } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { passkeysWork } from '../../passkey.ts'
import { secondFactor } from '../../strings/second-factor.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Card, explain } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'
import { AddPasskeyDialog, RenamePasskeyDialog } from './passkey-dialogs.tsx'
import type { Factors } from './second-factor-section.tsx'

const text = secondFactor.passkeys
type Passkey = Factors['passkeys'][number]

interface Props {
  readonly factors: Factors
  readonly onChanged: (codes?: readonly string[] | null) => Promise<void>
}

export function PasskeysCard({ factors, onChanged }: Props) {
  const api = useApi()
  const withProof = useWithProof()
  const toast = useToast()
  const [adding, setAdding] = useState(false)
  const [renaming, setRenaming] = useState<Passkey | null>(null)
  const [removing, setRemoving] = useState<Passkey | null>(null)
  const remove = useMutation({
    mutationFn: ({ id }: Passkey) =>
      withProof(() => api.request('DELETE', '/api/v2/auth/session/mfa/passkeys/{id}', { params: { id } })),
    onSuccess: async (_, { name }) => {
      await onChanged()
      setRemoving(null)
      toast({ title: text.removed(name) })
    },
  })
  return (
    <Card
      title={text.title}
      lead={text.lead}
      actions={
        <Button disabledReason={passkeysWork() ? null : text.notHere} onClick={() => setAdding(true)}>
          {text.add}
        </Button>
      }
    >
      {factors.passkeys.length === 0 ? (
        <p className="text-muted">{text.none}</p>
      ) : (
        <ul aria-label={text.title} className="divide-y divide-line">
          {factors.passkeys.map((passkey) => (
            <li key={passkey.id} className="flex flex-wrap items-center gap-x-3 gap-y-2 py-3 first:pt-0 last:pb-0">
              <KeyRound aria-hidden size={18} className="shrink-0 text-muted" />
              <div className="min-w-0 flex-1 basis-48">
                <p className="font-medium break-words">{passkey.name}</p>
                <p className="text-[0.8125rem] text-muted">
                  {text.created} <Time at={passkey.created_at} /> ·{' '}
                  {passkey.last_used_at ? (
                    <>
                      {text.used} <Time at={passkey.last_used_at} />
                    </>
                  ) : (
                    text.neverUsed
                  )}
                </p>
              </div>
              <Button size="small" aria-label={text.renameNamed(passkey.name)} onClick={() => setRenaming(passkey)}>
                {text.rename}
              </Button>
              <Button
                size="small"
                kind="danger"
                aria-label={text.removeNamed(passkey.name)}
                onClick={() => {
                  remove.reset()
                  setRemoving(passkey)
                }}
              >
                {text.remove}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <AddPasskeyDialog
        open={adding}
        onClose={() => setAdding(false)}
        onAdded={async (name, codes) => {
          setAdding(false)
          toast({ title: text.added(name) })
          await onChanged(codes)
        }}
      />
      <RenamePasskeyDialog
        passkey={renaming}
        onClose={() => setRenaming(null)}
        onRenamed={async () => {
          await onChanged()
          setRenaming(null)
        }}
      />
      <ConfirmDialog
        open={removing !== null}
        onOpenChange={(open) => open || setRemoving(null)}
        title={text.removeTitle(removing?.name ?? '')}
        description={text.removeText}
        action={text.remove}
        pending={remove.isPending}
        error={remove.error && explain(remove.error).message}
        onConfirm={() => removing && remove.mutate(removing)}
      />
    </Card>
  )
}
