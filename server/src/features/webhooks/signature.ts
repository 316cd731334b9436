// Standard Webhooks 1.0: what a receiver checks, and the secret it checks with. https://www.standardwebhooks.com
import { createHmac } from 'node:crypto'
import type { Secrets } from '../../platform/secrets.ts'

/** `whsec_` and 32 bytes in base64: derived from the master secret, so that no table holds it. */
export function webhookSecret(secrets: Secrets, tenantId: string, version: number): string {
  const bytes = createHmac('sha256', secrets.derive('webhook')).update(`${tenantId}\n${version}`).digest()
  return `whsec_${bytes.toString('base64')}`
}

export interface Message {
  readonly id: string
  /** Unix seconds of this attempt: a receiver refuses what is too old. */
  readonly timestamp: number
  readonly body: string
}

/** One signature for each secret, separated by spaces: while a secret is being replaced both hold. */
export function signatureHeader(secretsInUse: readonly string[], { id, timestamp, body }: Message): string {
  return secretsInUse
    .map((secret) => {
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
      return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
    })
    .join(' ')
}
