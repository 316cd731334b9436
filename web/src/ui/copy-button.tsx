// Copies a text, and says so where a screen reader hears it.
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { common } from '../strings/common.ts'
import { buttonClass } from './button.tsx'

const confirmedMs = 2_000

export function CopyButton({
  text,
  label = common.copy,
  iconOnly,
  autoFocus,
}: {
  readonly text: string
  readonly label?: string
  readonly iconOnly?: boolean
  readonly autoFocus?: boolean
}) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), confirmedMs)
    return () => clearTimeout(timer)
  }, [copied])
  const Icon = copied ? Check : Copy
  return (
    <button
      type="button"
      // biome-ignore lint/a11y/noAutofocus: for dialogs, into which the focus goes anyhow
      autoFocus={autoFocus}
      className={buttonClass('secondary', 'small')}
      aria-label={iconOnly ? label : undefined}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
    >
      <Icon aria-hidden size={14} />
      {!iconOnly && <span>{copied ? common.copied : label}</span>}
      <span role="status" className="sr-only">
        {copied ? common.copied : ''}
      </span>
    </button>
  )
}
