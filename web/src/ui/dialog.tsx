// A question that everything else waits for; focus goes in, stays, and comes back.
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode, RefObject } from 'react'
import { useState } from 'react'
import { common } from '../strings/common.ts'
import { Button } from './button.tsx'
import { classes } from './classes.ts'
import { TextField } from './field.tsx'

interface DialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: ReactNode
  readonly description?: ReactNode
  readonly wide?: boolean
  /** Neither Escape nor a click beside it closes it: what it shows is not seen again. */
  readonly keepOpen?: boolean
  /** Has the focus afterwards when what had it before is gone, such as the form that this dialog follows. */
  readonly returnTo?: RefObject<HTMLElement | null>
  readonly children?: ReactNode
}

export function Dialog({ open, onOpenChange, ...surface }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Surface {...surface} />
      </Radix.Portal>
    </Radix.Root>
  )
}

function Surface({ title, description, wide, keepOpen, returnTo, children }: Omit<DialogProps, 'open' | 'onOpenChange'>) {
  // Read before a field in here takes the focus: Radix would look when one has it already.
  const [opener] = useState(focusedBefore)
  return (
    <>
      <Radix.Overlay className="fixed inset-0 z-50 bg-[#000]/45" />
      <Radix.Content
        {...(!description && { 'aria-describedby': undefined })}
        {...(keepOpen && {
          onInteractOutside: (event: Event) => event.preventDefault(),
          onEscapeKeyDown: (event: KeyboardEvent) => event.preventDefault(),
        })}
        onCloseAutoFocus={(event) => {
          event.preventDefault()
          const back = opener?.isConnected ? opener : (returnTo?.current ?? document.getElementById('content'))
          // Where another dialog has followed, the focus is its own.
          const other = document.querySelector('[role=dialog]')
          if (!other || other.contains(back)) back?.focus()
        }}
        className={classes(
          'fixed top-1/2 left-1/2 z-50 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 overflow-y-auto break-words rounded-card border border-line bg-raised p-5 shadow-2xl sm:p-6',
          wide ? 'max-w-2xl' : 'max-w-lg',
        )}
      >
        <div className="flex items-start justify-between gap-4">
          <Radix.Title className="text-lg">{title}</Radix.Title>
          <Radix.Close aria-label={common.close} className="-m-1.5 rounded-control p-1.5 text-muted hover:bg-sunken">
            <X aria-hidden size={18} />
          </Radix.Close>
        </div>
        {description && <Radix.Description className="mt-1.5 text-muted">{description}</Radix.Description>}
        <div className="mt-5">{children}</div>
      </Radix.Content>
    </>
  )
}

/** A menu is gone by the time its dialog closes; the button that it hangs from is not. */
function focusedBefore(): HTMLElement | null {
  const focused = document.activeElement
  const menuButton = focused?.closest('[role=menu]')?.getAttribute('aria-labelledby')
  const opener = menuButton ? document.getElementById(menuButton) : focused
  return opener instanceof HTMLElement && opener !== document.body ? opener : null
}

export function DialogActions({ children }: { readonly children: ReactNode }) {
  return <div className="mt-6 flex flex-wrap justify-end gap-2">{children}</div>
}

interface ConfirmProps extends Omit<DialogProps, 'wide'> {
  readonly action: string
  readonly onConfirm: () => void
  readonly pending?: boolean
  readonly error?: string | null | undefined
  /** What must be typed first, for what cannot be undone. */
  readonly phrase?: string
}

export function ConfirmDialog({ action, onConfirm, pending = false, error, phrase, children, ...dialog }: ConfirmProps) {
  const [typed, setTyped] = useState('')
  const missing = phrase !== undefined && typed !== phrase ? common.typeToConfirm(phrase) : null
  return (
    <Dialog {...dialog}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!missing && !pending) onConfirm()
        }}
      >
        {children}
        {phrase !== undefined && (
          <div className="mt-4">
            <TextField
              label={common.typeToConfirm(phrase)}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoComplete="off"
            />
          </div>
        )}
        {error && (
          <p role="alert" className="mt-4 text-danger">
            {error}
          </p>
        )}
        <DialogActions>
          <Button kind="quiet" onClick={() => dialog.onOpenChange(false)}>
            {common.cancel}
          </Button>
          <Button kind="danger" type="submit" pending={pending} disabledReason={missing}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
