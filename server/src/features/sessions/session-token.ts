// The form of a session token: 256 random bits, known to its holder only; the database keeps its SHA-256.
import { createHash, randomBytes } from 'node:crypto'

const form = /^ses_[A-Za-z0-9_-]{43}$/

/** The token for its holder, and the digest that is kept. */
export function newSessionToken(): { token: string; digest: Buffer } {
  const token = `ses_${randomBytes(32).toString('base64url')}`
  return { token, digest: hashToken(token) }
}

export function isSessionToken(text: string): boolean {
  return form.test(text)
}

/** Unsalted and fast is right here: nobody can guess 256 bits. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

export { sessionEnd as expiryOf } from './session-life.ts'
