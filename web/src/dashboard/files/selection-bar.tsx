// What can be done with the files that are selected; it stays in sight while they scroll.
import type { UserFile } from '@aionvision/sdk'
import { Download, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { fileWords as text } from '../../strings/files.ts'
import { Button } from '../../ui/button.tsx'

/** Each is a download of its own, and browsers ask about more. */
const downloadsMax = 10

export function SelectionBar({
  selected,
  reason,
  onClear,
  onDownload,
  onDelete,
}: {
  readonly selected: ReadonlyMap<string, UserFile>
  readonly reason: string | null
  readonly onClear: () => void
  readonly onDownload: () => Promise<void>
  readonly onDelete: () => Promise<void>
}) {
  const [pending, setPending] = useState(false)
  const run = (deed: () => Promise<void>) => async () => {
    setPending(true)
    await deed()
    setPending(false)
  }
  return (
    <div className="sticky bottom-4 z-20 mt-6 flex flex-wrap items-center justify-between gap-3 rounded-card border border-edge bg-raised px-4 py-2.5 shadow-xl">
      <p role="status" className="font-medium tabular-nums">
        {text.selected(selected.size)}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button size="small" kind="quiet" onClick={onClear}>
          {text.clearSelection}
        </Button>
        <Button
          size="small"
          pending={pending}
          disabledReason={selected.size > downloadsMax ? text.tooManyDownloads(downloadsMax) : null}
          onClick={() => void run(onDownload)()}
        >
          <Download aria-hidden size={14} />
          {text.download}
        </Button>
        <Button size="small" kind="danger" pending={pending} disabledReason={reason} onClick={() => void run(onDelete)()}>
          <Trash2 aria-hidden size={14} />
          {text.remove}
        </Button>
      </div>
    </div>
  )
}
