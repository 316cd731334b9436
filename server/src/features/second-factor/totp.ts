// Codes of an authenticator app (RFC 6238), and their secret as it lies in the database.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import type { Secrets } from '../../platform/secrets.ts'

/** RFC 4226 §4 recommends 160 bits; SHA-1, 6 digits and 30 s are what every app knows. */
const secretBytes = 20
const settings = { issuer: 'Aionvision', algorithm: 'SHA1', digits: 6, period: 30 } as const
/** RFC 6238 §5.2: one step of delay, and one of a fast clock. */
const window = 1

export function newTotpSecret(): Buffer {
  return randomBytes(secretBytes)
}

export function totpUri(secret: Buffer, email: string): { uri: string; base32: string } {
  const totp = totpOf(secret, email)
  return { uri: totp.toString(), base32: totp.secret.base32 }
}

/** The time step that this code belongs to; null when it is none of now, the last or the next. `now` in epoch milliseconds. */
export function matchingStep(secret: Buffer, code: string, now: number): number | null {
  const digits = code.replace(/\s/g, '')
  if (!/^\d{6}$/.test(digits)) return null
  const delta = totpOf(secret).validate({ token: digits, timestamp: now, window })
  return delta === null ? null : Math.floor(now / 1000 / settings.period) + delta
}

function totpOf(secret: Buffer, label = ''): TOTP {
  const { buffer, byteOffset, byteLength } = secret
  return new TOTP({
    ...settings,
    label,
    secret: new Secret({ buffer: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer }),
  })
}

const version = 1
const nonceBytes = 12
const tagBytes = 16
const purpose = 'totp-secret'

/** AES-256-GCM, bound to the person: a row copied to another account opens nothing there. */
export function sealSecret(secrets: Secrets, userId: string, secret: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', secrets.derive(purpose), nonce).setAAD(Buffer.from(userId))
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()])
  return Buffer.concat([Buffer.of(version), nonce, sealed, cipher.getAuthTag()])
}

/** Throws when it was sealed under another master secret, for another person, or was changed. */
export function openSecret(secrets: Secrets, userId: string, sealed: Buffer): Buffer {
  if (sealed[0] !== version) throw new Error('a TOTP secret is sealed in a form that this version does not know')
  const nonce = sealed.subarray(1, 1 + nonceBytes)
  const body = sealed.subarray(1 + nonceBytes, -tagBytes)
  const decipher = createDecipheriv('aes-256-gcm', secrets.derive(purpose), nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(userId))
    .setAuthTag(sealed.subarray(-tagBytes))
  return Buffer.concat([decipher.update(body), decipher.final()])
}
