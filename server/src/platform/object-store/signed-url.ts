// URLs that carry their own permission: HMAC-SHA-256 over method, key, type, length and expiry, so that none of them can be changed.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { PutGrant, SignedQuery } from './object-store.ts'

const getSeconds = 3_600

export type UrlSigner = ReturnType<typeof createUrlSigner>

export function createUrlSigner({ key: secret, clock, publicUrl }: { key: Buffer; clock: Clock; publicUrl: () => string }) {
  /** JSON keeps the parts apart: no two lists of them are written alike. */
  const sign = (...parts: (string | number)[]) => createHmac('sha256', secret).update(JSON.stringify(parts)).digest()
  const now = () => Math.floor(clock.now() / 1000)
  const url = (key: string, query: Record<string, string>) =>
    `${publicUrl()}/objects/${key.split('/').map(encodeURIComponent).join('/')}?${new URLSearchParams(query)}`

  return {
    put({ key, contentType, sizeBytes, expiresAt }: PutGrant): string {
      const expires = Math.floor(expiresAt.getTime() / 1000)
      const signature = sign('PUT', key, contentType, sizeBytes, expires).toString('base64url')
      return url(key, { type: contentType, size: String(sizeBytes), expires: String(expires), signature })
    },

    get(key: string): string {
      const expires = now() + getSeconds
      return url(key, { expires: String(expires), signature: sign('GET', key, expires).toString('base64url') })
    },

    readPut(key: string, { type, size, expires, signature }: SignedQuery): PutGrant | null {
      if (typeof type !== 'string' || !isWhole(size) || !isWhole(expires)) return null
      if (!matches(signature, sign('PUT', key, type, Number(size), Number(expires))) || Number(expires) <= now()) return null
      return { key, contentType: type, sizeBytes: Number(size), expiresAt: new Date(Number(expires) * 1000), place: null }
    },

    readGet(key: string, { expires, signature }: SignedQuery): number | null {
      if (!isWhole(expires) || !matches(signature, sign('GET', key, Number(expires)))) return null
      const left = Number(expires) - now()
      return left > 0 ? left : null
    },
  }
}

/** One way to write a number: what was signed is what is read. */
function isWhole(text: unknown): text is string {
  return typeof text === 'string' && /^(0|[1-9]\d{0,14})$/.test(text)
}

function matches(signature: unknown, expected: Buffer): boolean {
  if (typeof signature !== 'string' || !/^[\w-]{43}$/.test(signature)) return false
  return timingSafeEqual(Buffer.from(signature, 'base64url'), expected)
}
