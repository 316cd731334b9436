// A passkey gets a name before the browser makes it, and may get another one later.
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { createPasskey, isKnownDevice, wasGivenUp } from '../../passkey.ts'
import { common } from '../../strings/common.ts'
import { secondFactor } from '../../strings/second-factor.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { useWithProof } from '../fresh.tsx'
import type { Factors } from './second-factor-section.tsx'

const text = secondFactor.passkeys
type Passkey = Factors['passkeys'][number]

interface AddProps {
  readonly onClose: () => void
  readonly onAdded: (name: string, codes: readonly string[] | null) => Promise<void>
}

export function AddPasskeyDialog({ open, ...rest }: AddProps & { readonly open: boolean }) {
  return (
    <Dialog open={open} onOpenChange={(next) => next || rest.onClose()} title={text.addTitle} description={text.addLead}>
      <AddForm {...rest} />
    </Dialog>
  )
}

/** What people will recognise it by; theirs to change. */
function thisDevice(): string {
  const agent = navigator.userAgent
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrome\//.test(agent)
        ? 'Chrome'
        : 'Safari'
  const system = /iPhone|iPad|Android|Windows|Macintosh|CrOS|Linux/.exec(agent)?.[0]
  return system ? text.device(browser, system === 'Macintosh' ? 'Mac' : system === 'CrOS' ? 'ChromeOS' : system) : browser
}

function AddForm({ onClose, onAdded }: AddProps) {
  const api = useApi()
  const withProof = useWithProof()
  const form = useApiForm<{ name: string }>(
    async ({ name }) => {
      const { challenge_id, options } = await withProof(() => api.request('POST', '/api/v2/auth/session/mfa/passkeys/options'))
      const response = await createPasskey(options).catch((error: unknown) => {
        if (wasGivenUp(error)) throw new Error(text.givenUp)
        throw isKnownDevice(error) ? new Error(text.known) : error
      })
      const body = { challenge_id, name, response } as never
      const made = await withProof(() => api.request('POST', '/api/v2/auth/session/mfa/passkeys', { body }))
      await onAdded(made.name, made.recovery_codes)
    },
    { defaultValues: { name: thisDevice() } },
  )
  return (
    <NameForm
      onSubmit={form.submit}
      onClose={onClose}
      action={text.create}
      pending={form.formState.isSubmitting}
      error={form.errorOf('name') ?? form.fault ?? undefined}
      field={form.register('name')}
    />
  )
}

interface RenameProps {
  readonly passkey: Passkey | null
  readonly onClose: () => void
  readonly onRenamed: () => Promise<void>
}

export function RenamePasskeyDialog({ passkey, ...rest }: RenameProps) {
  return (
    <Dialog open={passkey !== null} onOpenChange={(next) => next || rest.onClose()} title={text.renameTitle}>
      {passkey && <RenameForm passkey={passkey} {...rest} />}
    </Dialog>
  )
}

function RenameForm({ passkey, onClose, onRenamed }: RenameProps & { readonly passkey: Passkey }) {
  const api = useApi()
  const withProof = useWithProof()
  const form = useApiForm<{ name: string }>(
    async (body) => {
      const call = { params: { id: passkey.id }, body }
      await withProof(() => api.request('PATCH', '/api/v2/auth/session/mfa/passkeys/{id}', call))
      await onRenamed()
    },
    { defaultValues: { name: passkey.name } },
  )
  return (
    <NameForm
      onSubmit={form.submit}
      onClose={onClose}
      action={common.save}
      pending={form.formState.isSubmitting}
      error={form.errorOf('name') ?? form.fault ?? undefined}
      field={form.register('name')}
    />
  )
}

function NameForm({
  onSubmit,
  onClose,
  action,
  pending,
  error,
  field,
}: {
  readonly onSubmit: (event: React.FormEvent) => Promise<void>
  readonly onClose: () => void
  readonly action: string
  readonly pending: boolean
  readonly error: string | undefined
  readonly field: object
}) {
  return (
    <form onSubmit={(event) => void onSubmit(event)} noValidate>
      <TextField label={text.name} maxLength={100} autoComplete="off" error={error} {...field} />
      <DialogActions>
        <Button kind="quiet" onClick={onClose}>
          {common.cancel}
        </Button>
        <Button kind="primary" type="submit" pending={pending}>
          {action}
        </Button>
      </DialogActions>
    </form>
  )
}
