// Writes one row of the trail inside the deed's own transaction: neither happens without the other.
import { randomUUID } from 'node:crypto'
import type { Trx } from '../../platform/database/database.ts'
import { type AuditKey, brokenHead, equal, genesis, headHmac, type Link, linkHmac, storable, storableJson } from './chain.ts'
import { appendEvent, createHead, type Head, lastSequence, lockHead } from './queries.ts'

export type { AuditKey } from './chain.ts'
export type { Head } from './queries.ts'

/** The contract's types where it has one for the deed; ours beside them, in the same groups. */
export type EventType =
  `${'auth' | 'permission' | 'role' | 'api_key' | 'tenant' | 'user' | 'upload' | 'file' | 'security'}.${string}`

export interface AuditEvent {
  readonly tenantId: string
  readonly eventType: EventType
  /** The deed in words: `api_key.create`, `plan.change`. */
  readonly action: string
  readonly result: 'success' | 'failure' | 'denied'
  /** info for a success and warning for anything else unless told. */
  readonly severity?: 'info' | 'warning' | 'error' | 'critical'
  readonly userId?: string | null
  readonly apiKeyId?: string | null
  readonly ip?: string | null
  readonly resourceType?: string | null
  readonly resourceId?: string | null
  readonly errorMessage?: string | null
  readonly metadata?: Record<string, unknown> | null
  /** Epoch milliseconds. */
  readonly at: number
}

/** The last statement of its transaction: it locks the tenant's head until commit, so that rows get one order. */
export async function recordEvent(trx: Trx, audit: AuditKey, event: AuditEvent): Promise<void> {
  const { tenantId } = event
  const present = await lockHead(trx, tenantId)
  const head = present ?? (await createHead(trx, tenantId, genesis, headHmac(audit, tenantId, 0, genesis)))
  // Against laundering: a head that was edited, or removed while its rows stand, is never extended as if it were ours.
  const last = head.sequence === 0 ? await lastSequence(trx, tenantId) : head.sequence
  const genuine = last === head.sequence && equal(head.hmac, headHmac(audit, tenantId, head.sequence, head.head))
  const sequence = (genuine ? last : Math.max(last, await lastSequence(trx, tenantId))) + 1
  const link = toLink(event, sequence)
  const hmac = linkHmac(audit, genuine ? head.head : brokenHead, link)
  await appendEvent(trx, link, new Date(event.at), hmac, headHmac(audit, tenantId, sequence, hmac))
}

export interface Extension {
  readonly before: Head
  readonly link: Link
  readonly at: Date
  readonly hmac: Buffer
  readonly headHmac: Buffer
}

/**
 * What the next row would be if `head` is still the head when it is written: for a statement that checks that itself. Null where only
 * recordEvent may write: a trail's beginning, and a head that is not genuine.
 */
export function extend(audit: AuditKey, head: Head, event: AuditEvent): Extension | null {
  const { tenantId } = event
  if (head.sequence === 0 || !equal(head.hmac, headHmac(audit, tenantId, head.sequence, head.head))) return null
  const link = toLink(event, head.sequence + 1)
  const hmac = linkHmac(audit, head.head, link)
  return { before: head, link, at: new Date(event.at), hmac, headHmac: headHmac(audit, tenantId, link.sequence, hmac) }
}

function toLink(event: AuditEvent, sequence: number): Link {
  const text = (value: string | null | undefined) => (value === null || value === undefined ? null : storable(value))
  return {
    id: randomUUID(),
    tenantId: event.tenantId,
    sequence,
    eventType: event.eventType,
    atMicros: `${Math.trunc(event.at)}000`,
    severity: event.severity ?? (event.result === 'success' ? 'info' : 'warning'),
    userId: event.userId ?? null,
    apiKeyId: event.apiKeyId ?? null,
    action: storable(event.action),
    result: event.result,
    ip: text(event.ip),
    resourceType: text(event.resourceType),
    resourceId: text(event.resourceId),
    errorMessage: text(event.errorMessage),
    metadata: event.metadata ? storableJson(event.metadata) : null,
  }
}
