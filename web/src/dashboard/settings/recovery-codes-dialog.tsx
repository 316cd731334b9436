// Recovery codes, shown once: the dialog closes when somebody says that they are stored.
import { Download } from 'lucide-react'
import { useState } from 'react'
import { secondFactor } from '../../strings/second-factor.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Choice } from '../../ui/field.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { useSession } from '../session.ts'

const text = secondFactor.recovery

export function RecoveryCodesDialog({
  codes,
  onClose,
}: {
  readonly codes: readonly string[] | null
  readonly onClose: () => void
}) {
  const { user } = useSession()
  const [kept, setKept] = useState(false)
  const [warned, setWarned] = useState(false)
  const close = () => {
    if (!kept) return setWarned(true)
    setKept(false)
    setWarned(false)
    onClose()
  }
  const file = () => new Blob([`${text.fileHead(user.email)}\n\n${(codes ?? []).join('\n')}\n`], { type: 'text/plain' })
  return (
    <Dialog open={codes !== null} onOpenChange={(open) => open || close()} title={text.shownTitle} description={text.shownLead}>
      <ul
        aria-label={text.list}
        className="grid grid-cols-1 justify-items-center gap-x-6 gap-y-1.5 rounded-card border border-line bg-sunken p-4 font-mono sm:grid-cols-2"
      >
        {(codes ?? []).map((code) => (
          <li key={code} className="select-all">
            {code}
          </li>
        ))}
      </ul>
      <div className="mt-3 flex flex-wrap gap-2">
        <CopyButton text={(codes ?? []).join('\n')} label={text.copy} />
        <Button size="small" onClick={() => saveFile(file(), text.fileName)}>
          <Download aria-hidden size={14} />
          {text.download}
        </Button>
      </div>
      <Choice className="mt-5" label={text.kept} checked={kept} onChange={({ target }) => setKept(target.checked)} />
      {warned && !kept && (
        <p role="alert" className="mt-2 text-warn">
          {text.keepFirst}
        </p>
      )}
      <DialogActions>
        <Button kind="primary" disabledReason={kept ? null : text.keepFirst} onClick={close}>
          {text.done}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
