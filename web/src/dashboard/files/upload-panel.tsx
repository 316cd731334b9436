// The uploads of this visit: what runs, what failed and why, and how many there are beyond that.
import { Check, RotateCw, X } from 'lucide-react'
import { use } from 'react'
import { uploadWords as text } from '../../strings/files.ts'
import { Button } from '../../ui/button.tsx'
import { formatBytes } from '../../ui/bytes.ts'
import { classes } from '../../ui/classes.ts'
import { FailureHelp } from '../../ui/surface.tsx'
import type { Upload } from './upload-queue.ts'
import { mayPass, reasonOf } from './upload-reason.ts'
import { useUploads } from './uploads.tsx'

/** Beyond it a number says as much as a list. */
const waitingShownMax = 4
const storedShownMax = 5

export function UploadPanel() {
  const { uploads, cancel, retry, clear } = useUploads()
  if (uploads.length === 0) return null
  const by = (state: Upload['state']) => uploads.filter((upload) => upload.state === state)
  const [sending, waiting, failed, stored, cancelled] = [
    by('sending'),
    by('waiting'),
    by('failed'),
    by('stored'),
    by('cancelled'),
  ]
  const wanted = uploads.length - cancelled.length
  const underWay = sending.length + waiting.length > 0
  const again = [...failed.filter(({ error }) => error && mayPass(error)), ...cancelled]
  const shown = [
    ...failed,
    ...sending,
    ...waiting.slice(0, waitingShownMax),
    ...cancelled.slice(-storedShownMax),
    ...stored.slice(-storedShownMax).reverse(),
  ]
  const bytes = uploads.reduce((sum, { file, state }) => (state === 'cancelled' ? sum : sum + file.size), 0)
  const sent = uploads.reduce((sum, { sent, state }) => (state === 'cancelled' ? sum : sum + sent), 0)
  return (
    <section aria-label={text.title} className="mb-6 overflow-hidden rounded-card border border-line bg-raised">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
        <div>
          <h2 className="text-base">{text.title}</h2>
          <p role="status" className="text-[0.8125rem] text-muted">
            {text.summary(stored.length, wanted, failed.length)}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          {again.length > 1 && (
            <Button size="small" onClick={() => again.forEach(({ id }) => void retry(id))}>
              {text.retryAll}
            </Button>
          )}
          {underWay ? (
            <Button size="small" onClick={() => [...sending, ...waiting].forEach(({ id }) => void cancel(id))}>
              {text.cancelAll}
            </Button>
          ) : (
            <Button size="small" kind="quiet" onClick={clear}>
              {text.clear}
            </Button>
          )}
        </div>
      </div>
      {underWay && <Bar label={text.progress} share={bytes > 0 ? sent / bytes : 0} className="h-0.5 rounded-none" />}
      <ul className="max-h-80 divide-y divide-line overflow-y-auto border-t border-line">
        {shown.map((upload) => (
          <Row key={upload.id} upload={upload} onCancel={() => cancel(upload.id)} onRetry={() => retry(upload.id)} />
        ))}
        {waiting.length > waitingShownMax && (
          <li className="px-4 py-2 text-[0.8125rem] text-muted">{text.moreWaiting(waiting.length - waitingShownMax)}</li>
        )}
      </ul>
    </section>
  )
}

function Row({
  upload,
  onCancel,
  onRetry,
}: {
  readonly upload: Upload
  readonly onCancel: () => void
  readonly onRetry: () => void
}) {
  const { file, state, sent, error } = upload
  const help = use(FailureHelp)
  const share = file.size > 0 ? sent / file.size : 0
  const said = {
    waiting: text.waiting,
    sending: share >= 1 ? text.checking : text.sending(share),
    stored: text.done,
    cancelled: text.cancelled,
    failed: null,
  }[state]
  const action = 'rounded-control p-1.5 text-muted hover:bg-sunken hover:text-ink'
  return (
    <li className="flex items-start gap-3 px-4 py-2">
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline justify-between gap-3">
          <span className="truncate" title={file.name}>
            {file.name}
          </span>
          <span className="shrink-0 text-[0.8125rem] text-muted tabular-nums">{said ?? formatBytes(file.size)}</span>
        </div>
        {state === 'sending' && <Bar label={text.progressOf(file.name)} share={share} className="mt-1.5 mb-1 h-1" />}
        {error && <p className="text-[0.8125rem] text-danger">{reasonOf(error, file)}</p>}
        {error && <div className="mt-1 empty:hidden">{help(error)}</div>}
      </div>
      {(state === 'waiting' || state === 'sending') && (
        <button type="button" aria-label={text.cancelNamed(file.name)} title={text.cancel} onClick={onCancel} className={action}>
          <X aria-hidden size={16} />
        </button>
      )}
      {(state === 'failed' || state === 'cancelled') && (
        <button type="button" aria-label={text.retryNamed(file.name)} title={text.retry} onClick={onRetry} className={action}>
          <RotateCw aria-hidden size={16} />
        </button>
      )}
      {state === 'stored' && <Check aria-hidden size={16} className="m-1.5 shrink-0 text-ok" />}
    </li>
  )
}

function Bar({ label, share, className }: { readonly label: string; readonly share: number; readonly className: string }) {
  const percent = Math.round(Math.min(1, share) * 100)
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={classes('overflow-hidden rounded-full bg-line', className)}
    >
      <div className="h-full bg-accent transition-[width]" style={{ width: `${percent}%` }} />
    </div>
  )
}
