// The secret that signs events: asked for when somebody wants to see it, and in the page no longer than that.
import type { Answer } from '@aionvision/sdk'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { workspaceSettings } from '../../strings/workspace-settings.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Card, explain } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'

const text = workspaceSettings.webhook
type Webhook = Answer<'/api/v2/tenant/webhook', 'get'>

export function WebhookSecret() {
  const api = useApi()
  const withProof = useWithProof()
  const toast = useToast()
  const [webhook, setWebhook] = useState<Webhook | null>(null)
  const [asking, setAsking] = useState(false)
  const [pending, setPending] = useState(false)
  const [fault, setFault] = useState<string | null>(null)

  async function attempt(deed: () => Promise<Webhook>): Promise<boolean> {
    setPending(true)
    setFault(null)
    try {
      setWebhook(await withProof(deed))
      return true
    } catch (error) {
      setFault(explain(error).message)
      return false
    } finally {
      setPending(false)
    }
  }
  const rotate = async () => {
    if (!(await attempt(() => api.request('POST', '/api/v2/tenant/webhook/rotate-secret')))) return
    setAsking(false)
    toast({ title: text.rotated })
  }
  return (
    <Card title={text.secret} lead={text.secretLead}>
      {webhook && (
        <div className="mb-4 grid gap-2">
          <div className="flex flex-wrap items-center gap-2">
            <code
              role="group"
              aria-label={text.secret}
              className="min-w-0 rounded-control bg-sunken px-2.5 py-1.5 break-all select-all"
            >
              {webhook.secret}
            </code>
            <CopyButton text={webhook.secret} label={text.copy} />
          </div>
          {webhook.previous_secret_until && (
            <p className="text-[0.875rem] text-warn">
              {text.previousUntil} <Time at={webhook.previous_secret_until} />.
            </p>
          )}
          <p className="text-[0.8125rem] text-muted">
            {text.events} <span className="font-mono">{webhook.events.join(' ')}</span>. {text.notSent}{' '}
            <span className="font-mono">{webhook.events_not_sent.join(' ')}</span>.
          </p>
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        {webhook ? (
          <Button onClick={() => setWebhook(null)}>{text.hide}</Button>
        ) : (
          <Button pending={pending} onClick={() => void attempt(() => api.request('GET', '/api/v2/tenant/webhook'))}>
            {text.show}
          </Button>
        )}
        <Button onClick={() => setAsking(true)}>{text.rotate}</Button>
      </div>
      {fault && !asking && (
        <p role="alert" className="mt-3 text-danger">
          {fault}
        </p>
      )}
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={text.rotateTitle}
        description={text.rotateText}
        action={text.rotate}
        pending={pending}
        error={fault}
        onConfirm={() => void rotate()}
      />
    </Card>
  )
}
