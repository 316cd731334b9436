// An authenticator app is tied to the account: a picture or a secret goes into the app, its first code comes back.
import type { Answer } from '@aionvision/sdk'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { common } from '../../strings/common.ts'
import { secondFactor } from '../../strings/second-factor.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { useWithProof } from '../fresh.tsx'

const text = secondFactor.enrol
export type Enrolment = Answer<'/api/v2/auth/session/mfa/totp', 'post'>

interface Props {
  readonly enrolment: Enrolment | null
  readonly onClose: () => void
  readonly onDone: (codes: readonly string[] | null) => Promise<void>
}

export function EnrolDialog({ enrolment, onClose, onDone }: Props) {
  return (
    <Dialog open={enrolment !== null} onOpenChange={(open) => open || onClose()} title={text.title}>
      {enrolment && <EnrolForm enrolment={enrolment} onClose={onClose} onDone={onDone} />}
    </Dialog>
  )
}

function EnrolForm({ enrolment, onClose, onDone }: Props & { readonly enrolment: Enrolment }) {
  const api = useApi()
  const withProof = useWithProof()
  const { secret, qr_svg } = enrolment
  const form = useApiForm<{ code: string }>(
    async ({ code }) => {
      const body = { code: code.replace(/\s/g, '') }
      const { recovery_codes } = await withProof(() => api.request('POST', '/api/v2/auth/session/mfa/totp/confirm', { body }))
      await onDone(recovery_codes)
    },
    { defaultValues: { code: '' } },
  )
  return (
    <form onSubmit={(event) => void form.submit(event)} noValidate>
      <ol className="grid gap-5">
        <li className="grid gap-2">
          <p>{text.scan}</p>
          {/* White in the dark theme as well: cameras want the contrast. */}
          <img
            src={`data:image/svg+xml,${encodeURIComponent(qr_svg)}`}
            alt={text.qr}
            width={196}
            height={196}
            className="justify-self-center rounded-card border border-line bg-[#fff] p-3"
          />
        </li>
        <li className="grid gap-2">
          <p>{text.type}</p>
          <div className="flex flex-wrap items-center gap-2">
            <code aria-label={text.secret} role="group" className="rounded-control bg-sunken px-2.5 py-1.5 break-all select-all">
              {secret.match(/.{1,4}/g)?.join(' ')}
            </code>
            <CopyButton text={secret} />
          </div>
        </li>
        <li className="grid gap-3">
          <p>{text.confirm}</p>
          <TextField
            label={text.code}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={12}
            className="max-w-48 font-mono tracking-widest"
            error={form.errorOf('code') ?? form.fault ?? undefined}
            {...form.register('code')}
          />
        </li>
      </ol>
      <DialogActions>
        <Button kind="quiet" onClick={onClose}>
          {common.cancel}
        </Button>
        <Button kind="primary" type="submit" pending={form.formState.isSubmitting}>
          {text.done}
        </Button>
      </DialogActions>
    </form>
  )
}
