// The only time a key is seen: it lives in this component and nowhere else, and is gone with it.
import { Aionvision, AionvisionError, type CreatedApiKey, type RateLimit } from '@aionvision/sdk'
import { type RefObject, useState } from 'react'
import { keys } from '../../strings/keys.ts'
import { Button } from '../../ui/button.tsx'
import { CodeTabs } from '../../ui/code-block.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Badge, Notice } from '../../ui/surface.tsx'
import { samplesOf } from './samples.ts'

const text = keys.once

export function KeyOnceDialog({
  made,
  rotated,
  returnTo,
  onClose,
}: {
  readonly made: CreatedApiKey
  readonly rotated: boolean
  readonly returnTo: RefObject<HTMLElement | null>
  readonly onClose: () => void
}) {
  const probe = probeOf(made.scopes)
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={text.title}
      description={text.lead}
      wide
      keepOpen
      returnTo={returnTo}
    >
      <div className="grid gap-5">
        <Shown label={text.key} value={made.api_key} copyLabel={text.copyKey} />
        {rotated && <Notice tone="warn">{keys.rotate.oldUntil}</Notice>}
        <Shown label={text.env} value={`AIONVISION_API_KEY=${made.api_key}`} />
        <CodeTabs samples={samplesOf(made.api_key, location.origin, probe)} />
        <TryIt apiKey={made.api_key} probe={probe} />
      </div>
      <DialogActions>
        <Button kind="primary" onClick={onClose}>
          {text.done}
        </Button>
      </DialogActions>
    </Dialog>
  )
}

function Shown({ label, value, copyLabel }: { readonly label: string; readonly value: string; readonly copyLabel?: string }) {
  return (
    <div className="grid gap-1.5">
      <div className="flex items-center justify-between gap-3">
        <span className="font-medium">{label}</span>
        <CopyButton text={value} {...(copyLabel && { label: copyLabel, autoFocus: true })} />
      </div>
      <code className="rounded-control border border-edge bg-sunken px-3 py-2 break-all select-all">{value}</code>
    </div>
  )
}

export type Probe = '/api/v2/user-files' | '/api/v2/documents' | '/api/v2/usage/summary'

/** A read that this key may do. */
function probeOf(scopes: readonly string[]): Probe {
  if (scopes.includes('documents:read')) return '/api/v2/documents'
  return scopes.includes('usage:read') ? '/api/v2/usage/summary' : '/api/v2/user-files'
}

interface Tried {
  readonly status: number
  readonly body: string
  readonly limit: RateLimit | null
}

function TryIt({ apiKey, probe }: { readonly apiKey: string; readonly probe: Probe }) {
  const [tried, setTried] = useState<Tried | null>(null)
  const [pending, setPending] = useState(false)
  async function ask(): Promise<void> {
    setPending(true)
    const program = new Aionvision({ apiKey, baseUrl: location.origin, maxRetries: 0, allowKeyInPage: true })
    try {
      const body = await program.request('GET', probe)
      setTried({ status: 200, body: JSON.stringify(body, null, 2), limit: program.rateLimit })
    } catch (error) {
      const { status, code, message } = error as AionvisionError
      setTried({
        status: status ?? 0,
        body: error instanceof AionvisionError ? `${code}: ${message}` : String(error),
        limit: program.rateLimit,
      })
    } finally {
      setPending(false)
    }
  }
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Button onClick={() => void ask()} pending={pending}>
          {pending ? text.trying : text.tryIt}
        </Button>
        <code className="text-muted">GET {probe}</code>
      </div>
      {tried && (
        <div role="status" className="grid gap-2">
          <div className="flex flex-wrap items-center gap-2">
            <Badge tone={tried.status === 200 ? 'ok' : 'danger'}>{text.answered(tried.status)}</Badge>
            {tried.limit && (
              <span className="text-[0.875rem] text-muted">{text.limits(tried.limit.remaining, tried.limit.limit)}</span>
            )}
          </div>
          {tried.limit && (
            <ul aria-label={text.headers} className="grid gap-0.5 font-mono text-[0.8125rem] text-muted">
              <li>X-RateLimit-Limit: {tried.limit.limit}</li>
              <li>X-RateLimit-Remaining: {tried.limit.remaining}</li>
              <li>X-RateLimit-Reset: {Math.ceil(tried.limit.resetAt / 1000)}</li>
            </ul>
          )}
          <pre
            tabIndex={0}
            aria-label={text.answered(tried.status)}
            className="max-h-40 overflow-auto rounded-control border border-line bg-sunken p-3"
          >
            {tried.body}
          </pre>
        </div>
      )}
    </div>
  )
}
