// The public keys that a secret-scanning partner signs its reports with, in the form GitHub publishes them.
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { unavailable } from '../../http/errors.ts'

export interface PartnerKeys {
  /** Null for an identifier that is not, or no longer, one of theirs. Throws UNAVAILABLE while none could be read. */
  find(identifier: string): Promise<KeyObject | null>
}

const refetchMs = 60_000
/** A key that the partner has withdrawn is trusted at most this long after. */
const keepMs = 3_600_000
const timeoutMs = 10_000
const bytesMax = 256 * 1024

export function createPartnerKeys({ clock, log }: Pick<Deps, 'clock' | 'log'>, url: string): PartnerKeys {
  let keys: Map<string, KeyObject> | null = null
  let readAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | null = null

  async function read(): Promise<void> {
    triedAt = clock.monotonic()
    try {
      const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
      if (!answer.ok) throw new Error(`answered ${answer.status}`)
      const text = await answer.text()
      if (text.length > bytesMax) throw new Error('the answer is too long')
      keys = readKeys(JSON.parse(text))
      readAt = clock.monotonic()
    } catch (error) {
      log.warn({ err: (error as Error).message }, 'the public keys of secret scanning could not be read')
    }
  }

  return {
    async find(identifier) {
      const now = clock.monotonic()
      const wanted = !keys?.has(identifier) || now - readAt >= keepMs
      if (reading || (wanted && now - triedAt >= refetchMs)) {
        reading ??= read().finally(() => {
          reading = null
        })
        await reading
      }
      if (!keys) throw unavailable()
      return keys.get(identifier) ?? null
    },
  }
}

/** Only those in use, and only on the curve that the partner programme names: ECDSA P-256. */
function readKeys(document: unknown): Map<string, KeyObject> {
  const listed = (document as { public_keys?: unknown }).public_keys
  if (!Array.isArray(listed)) throw new Error('there is no list of public_keys')
  const keys = new Map<string, KeyObject>()
  for (const entry of listed as { key_identifier?: unknown; key?: unknown; is_current?: unknown }[]) {
    if (typeof entry?.key_identifier !== 'string' || typeof entry.key !== 'string' || entry.is_current === false) continue
    const key = createPublicKey(entry.key)
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') keys.set(entry.key_identifier, key)
  }
  return keys
}
