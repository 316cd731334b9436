// Short news that goes away by itself, with a way to undo; read out by screen readers.
import { X } from 'lucide-react'
import { Toast as Radix } from 'radix-ui'
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import { common } from '../strings/common.ts'

interface Toast {
  readonly id: number
  readonly title: string
  readonly detail?: string | undefined
  readonly kind: 'done' | 'failed'
  readonly undo?: (() => void) | undefined
}
type Show = (toast: Omit<Toast, 'id' | 'kind'> & { readonly kind?: Toast['kind'] }) => void

const ToastContext = createContext<Show>(() => {})
export const useToast = (): Show => useContext(ToastContext)

/** Long enough to read twenty words and reach for the button. */
const shownMs = 8_000

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([])
  const remove = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), [])
  const show = useCallback<Show>((toast) => {
    setToasts((all) => [...all.slice(-2), { kind: 'done', ...toast, id: (all.at(-1)?.id ?? 0) + 1 }])
  }, [])
  const value = useMemo(() => show, [show])
  return (
    <ToastContext value={value}>
      <Radix.Provider duration={shownMs} swipeDirection="right">
        {children}
        {toasts.map(({ id, title, detail, kind, undo }) => (
          <Radix.Root
            key={id}
            type={kind === 'failed' ? 'foreground' : 'background'}
            onOpenChange={(open) => open || remove(id)}
            className="flex items-start gap-3 rounded-card border border-line bg-raised p-4 shadow-xl"
          >
            <div className="min-w-0 flex-1">
              <Radix.Title className={kind === 'failed' ? 'font-medium text-danger' : 'font-medium'}>{title}</Radix.Title>
              {detail && <Radix.Description className="text-[0.8125rem] break-words text-muted">{detail}</Radix.Description>}
            </div>
            {undo && (
              <Radix.Action altText={common.undo} onClick={undo} className="font-medium text-accent underline">
                {common.undo}
              </Radix.Action>
            )}
            <Radix.Close aria-label={common.close} className="text-muted">
              <X aria-hidden size={16} />
            </Radix.Close>
          </Radix.Root>
        ))}
        <Radix.Viewport className="fixed right-0 bottom-0 z-60 m-0 grid w-96 max-w-full list-none gap-2 p-4" />
      </Radix.Provider>
    </ToastContext>
  )
}
