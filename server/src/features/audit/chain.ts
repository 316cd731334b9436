// What a link of the trail is: HMAC-SHA-256 over a row's canonical content and the link before it, under a key outside the database.
import { createHmac, timingSafeEqual } from 'node:crypto'

/** 32 bytes, secrets.derive('audit'). */
export type AuditKey = Buffer

export interface Link {
  readonly id: string
  readonly tenantId: string
  readonly sequence: number
  readonly eventType: string
  /** Epoch microseconds: what timestamptz holds, so that no digit of it can be edited unseen. */
  readonly atMicros: string
  readonly severity: string
  readonly userId: string | null
  readonly apiKeyId: string | null
  readonly action: string
  readonly result: string
  readonly ip: string | null
  readonly resourceType: string | null
  readonly resourceId: string | null
  readonly errorMessage: string | null
  readonly metadata: unknown
}

/** What stands before the first row. */
export const genesis = Buffer.alloc(32)
/** What a row is chained to when its tenant's head proved forged: no row has it, so the break stays visible for ever. */
export const brokenHead = Buffer.alloc(32, 0xff)

export function linkHmac(key: AuditKey, previous: Buffer, link: Link): Buffer {
  // The leading word keeps the three kinds of HMAC under this key from ever standing for each other.
  return createHmac('sha256', key).update('row\n').update(previous).update(canonical(link)).digest()
}

export function headHmac(key: AuditKey, tenantId: string, sequence: number, head: Buffer): Buffer {
  return createHmac('sha256', key).update(`head\n${tenantId}\n${sequence}\n`).update(head).digest()
}

/** Authenticates where a pruned trail begins: the HMAC of the last row that was removed, and its place. */
export function baseHmac(key: AuditKey, tenantId: string, sequence: number, base: Buffer): Buffer {
  return createHmac('sha256', key).update(`base\n${tenantId}\n${sequence}\n`).update(base).digest()
}

export function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** An array in fixed order, objects with sorted names: the same text before jsonb has reordered a row and after. */
function canonical(link: Link): string {
  return JSON.stringify([
    link.tenantId,
    link.sequence,
    link.id,
    link.eventType,
    link.atMicros,
    link.severity,
    link.userId,
    link.apiKeyId,
    link.action,
    link.result,
    link.ip,
    link.resourceType,
    link.resourceId,
    link.errorMessage,
    sorted(link.metadata),
  ])
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  // Pairs, because an object would put names that look like numbers first; wrapped, so that no array can pass for them.
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return { object: pairs.map(([name, inner]) => [name, sorted(inner)]) }
}

/** PostgreSQL stores neither NUL nor half a surrogate pair; a caller's text must not be able to make a deed fail or a row look edited. */
export function storable(text: string): string {
  return text.replace(/\p{Surrogate}|\0/gu, '\ufffd')
}

export function storableJson(value: Record<string, unknown>): Record<string, unknown> {
  const clean = (inner: unknown): unknown => {
    if (typeof inner === 'string') return storable(inner)
    if (Array.isArray(inner)) return inner.map(clean)
    if (inner === null || typeof inner !== 'object') return inner
    return Object.fromEntries(Object.entries(inner).map(([name, deeper]) => [storable(name), clean(deeper)]))
  }
  // Through JSON first: dates become text and undefined vanishes, as they will in the column.
  return clean(JSON.parse(JSON.stringify(value))) as Record<string, unknown>
}
