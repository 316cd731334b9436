// Standard Webhooks 1.0: whether an event was signed with the secret, just now. https://www.standardwebhooks.com
import { createHmac, timingSafeEqual } from 'node:crypto'

/** The standard's own figure: what is older may be a copy that somebody sends again. */
const toleranceSeconds = 300

export interface SignedRequest {
  readonly id: string | undefined
  readonly timestamp: string | undefined
  readonly signature: string | undefined
  readonly body: Buffer
}

/** Null for a secret that is none. */
export function readSecret(secret: string): Buffer | null {
  const base64 = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : ''
  const bytes = Buffer.from(base64, 'base64')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && bytes.length >= 16 ? bytes : null
}

/** Null when it holds, else why it does not. */
export function faultInSignature(secret: Buffer, request: SignedRequest, nowMs: number): string | null {
  const { id, timestamp, signature, body } = request
  if (!id || !timestamp || !signature) return 'it is not signed: webhook-id, webhook-timestamp or webhook-signature is missing'
  if (!/^\d{1,12}$/.test(timestamp)) return 'its webhook-timestamp is not a number of seconds'
  const age = Math.abs(nowMs / 1000 - Number(timestamp))
  if (age > toleranceSeconds) return `it was signed ${Math.round(age)} seconds from now: an old copy, or a clock that is wrong`
  const expected = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest()
  // While a secret is being replaced there are several signatures.
  const matches = signature.split(' ').some((part) => {
    const given = part.startsWith('v1,') ? Buffer.from(part.slice(3), 'base64') : Buffer.alloc(0)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  return matches ? null : 'its signature does not match the secret'
}
