// A successor for a key, and how long the old one goes on beside it.
import type { ApiKey, CreatedApiKey } from '@aionvision/sdk'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { common } from '../../strings/common.ts'
import { keys } from '../../strings/keys.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { SelectField } from '../../ui/field.tsx'
import { explain } from '../../ui/surface.tsx'
import { useWithProof } from '../fresh.tsx'
import { useRefreshKeys } from './key-queries.ts'
import { WhichKey } from './which-key.tsx'

const text = keys.rotate
const overlaps = ['0', '3600', '86400', '604800'] as const

interface Props {
  readonly apiKey: ApiKey
  readonly onClose: () => void
  readonly onRotated: (successor: CreatedApiKey) => void
}

export function RotateKeyDialog({ apiKey, onClose, onRotated }: Props) {
  const api = useApi()
  const withProof = useWithProof()
  const refresh = useRefreshKeys()
  const [overlap, setOverlap] = useState('86400')
  const rotation = useMutation({
    // The answer holds the new key: it is not kept once the dialog has handed it on.
    gcTime: 0,
    mutationFn: () => withProof(() => api.apiKeys.rotate(apiKey.id, { overlap_seconds: Number(overlap) })),
    onSuccess: (successor) => {
      void refresh()
      onRotated(successor)
    },
  })
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.title(apiKey.name)}
      description={<WhichKey apiKey={apiKey}>{text.lead}</WhichKey>}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          rotation.mutate()
        }}
      >
        <SelectField
          label={text.overlap}
          autoFocus
          value={overlap}
          onChange={(event) => setOverlap(event.target.value)}
          error={rotation.error ? explain(rotation.error).message : undefined}
        >
          {overlaps.map((seconds) => (
            <option key={seconds} value={seconds}>
              {text.overlaps[seconds]}
            </option>
          ))}
        </SelectField>
        <DialogActions>
          <Button kind="quiet" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button kind="primary" type="submit" pending={rotation.isPending}>
            {text.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
