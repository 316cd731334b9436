// Sends events to the workspace's own address, again until it took them, and never holds one workspace up for another.
import type { Deps } from '../../deps.ts'
import { createOutbound, type Outbound, OutboundRefused } from '../../platform/outbound.ts'
import { endWith, inSpan, serverOf } from '../../platform/tracing.ts'
import { collectEvents } from './collect-events.ts'
import { type Claimed, claimDue, findWebhook, settleDelivery } from './queries.ts'
import { signatureHeader, webhookSecret } from './signature.ts'

export interface WebhookSender {
  start(): void
  /** Waits for the attempts in hand. */
  stop(): Promise<void>
}

/** An event leaves at most this long after its deed. */
const everyMs = 500
const attemptTimeoutMs = 10_000
/** Longer than any attempt: what a killed server had in hand is due again after it. */
const leaseMs = 60_000
const responseBytesMax = 1_024
const inFlightMax = 64
const inFlightPerTenant = 4

/** 5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 5.7 h, 8 h, 8 h: ten attempts in about 24 hours. */
export const attemptsMax = 10
const firstDelayMs = 5_000
const delayMsMax = 8 * 3_600_000
/** How long a secret that was replaced still signs, beside the new one. */
export const overlapMs = 24 * 3_600_000

/** `jitter` from 0 to 1 makes it up to a tenth longer or shorter, so that a receiver that comes back is not met by all at once. */
export function delayAfter(attempts: number, jitter = Math.random()): number {
  return Math.round(Math.min(firstDelayMs * 4 ** (attempts - 1), delayMsMax) * (0.9 + jitter * 0.2))
}

export function createWebhookSender(
  deps: Pick<Deps, 'db' | 'clock' | 'secrets' | 'config' | 'log' | 'tracing'>,
  outbound: Outbound = createOutbound({ allow: deps.config.outboundAllow }),
): WebhookSender {
  const { db, clock, secrets, log, tracing } = deps
  const inFlight = new Map<Promise<void>, string>()
  let stopped = false
  let interrupted = false
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> = Promise.resolve()

  async function lookAround(): Promise<void> {
    try {
      await collectEvents(deps)
      await takeDue()
      interrupted = false
    } catch (error) {
      if (!interrupted) log.warn({ err: (error as Error).message }, 'webhooks are interrupted; nothing is lost')
      interrupted = true
    }
    if (!stopped) timer = setTimeout(next, everyMs).unref()
  }

  const next = () => {
    round = lookAround()
  }

  async function takeDue(): Promise<void> {
    const room = inFlightMax - inFlight.size
    if (room <= 0 || stopped) return
    const now = clock.now()
    const busy = [...inFlight.values()]
    const claimed = await claimDue(db, {
      now: new Date(now),
      until: new Date(now + leaseMs),
      perTenant: inFlightPerTenant,
      limit: room,
      except: busy.filter((tenantId) => busy.filter((other) => other === tenantId).length >= inFlightPerTenant),
    })
    for (const delivery of claimed) {
      const span = tracing?.begin('process webhook', 'consumer')
      span?.set({ 'aionvision.webhook.attempt': delivery.attempts })
      const work = (span ? endWith(span, () => attempt(delivery)) : attempt(delivery))
        .catch((error: Error) => log.warn({ err: error.message, delivery_id: delivery.id }, 'a delivery was not settled'))
        .finally(() => inFlight.delete(work))
      inFlight.set(work, delivery.tenant_id)
    }
  }

  async function attempt(delivery: Claimed): Promise<void> {
    const { id, attempts } = delivery
    const outcome = await send(delivery)
    const settled = { response_status: outcome.status, error: outcome.error }
    if (outcome.error === null)
      return settleDelivery(db, id, { ...settled, status: 'delivered', delivered_at: new Date(clock.now()) })
    if (outcome.final || attempts >= attemptsMax) return settleDelivery(db, id, { ...settled, status: 'failed' })
    await settleDelivery(db, id, {
      ...settled,
      status: 'pending',
      next_attempt_at: new Date(clock.now() + delayAfter(attempts)),
    })
  }

  async function send({ url, tenant_id, event_id, payload }: Claimed): Promise<Outcome> {
    const webhook = await findWebhook(db, tenant_id)
    if (!url || !webhook) return { status: null, error: 'the workspace has no webhook_url any more', final: true }
    const timestamp = Math.floor(clock.now() / 1000)
    try {
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'Aionvision-Webhooks',
        'webhook-id': event_id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signatureHeader(secretsInUse(tenant_id, webhook), { id: event_id, timestamp, body: payload }),
      }
      const status = await post(url, headers, payload)
      if (status >= 200 && status < 300) return { status, error: null, final: true }
      // 410 Gone, by Standard Webhooks: the receiver asks not to be called again.
      return { status, error: `answered ${status}`, final: status === 410 }
    } catch (error) {
      return { status: null, error: (error as Error).message.slice(0, 500), final: error instanceof OutboundRefused }
    }
  }

  /** Of the address only the host is in the span: some carry a token in their path. */
  function post(url: string, headers: Record<string, string>, body: string): Promise<number> {
    const attributes = { 'http.request.method': 'POST', ...serverOf(url) }
    return inSpan(tracing, 'POST', 'client', attributes, async (span) => {
      const { status } = await outbound.fetchOutside(url, {
        method: 'POST',
        headers: { ...headers, ...tracing?.headers() },
        body,
        timeoutMs: attemptTimeoutMs,
        responseBytesMax,
      })
      span?.set({ 'http.response.status_code': status })
      if (status >= 400) span?.fail(String(status))
      return status
    })
  }

  function secretsInUse(tenantId: string, { version, rotatedAt }: { version: number; rotatedAt: Date | null }): string[] {
    const versions = rotatedAt && clock.now() - rotatedAt.getTime() < overlapMs ? [version, version - 1] : [version]
    return versions.map((each) => webhookSecret(secrets, tenantId, each))
  }

  return {
    start: next,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await round
      await Promise.all(inFlight.keys())
    },
  }
}

interface Outcome {
  readonly status: number | null
  /** Null when it was taken. */
  readonly error: string | null
  readonly final: boolean
}
