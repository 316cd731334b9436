// One person, one address: case, Unicode width and normalisation make no second identity (S28).
import { domainToASCII } from 'node:url'
import { validationError } from '../../http/errors.ts'

/** RFC 5321 §4.5.3.1: 64 for the local part, 254 in all. */
const form = /^[^\s@\p{C}"(),:;<>[\\\]]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/u
const domain = /^[\p{L}\p{M}\p{N}.\u3002-]+$/u

export function normaliseEmail(raw: string): string | null {
  const text = raw.normalize('NFKC').trim().toLowerCase().normalize('NFKC')
  const at = text.lastIndexOf('@')
  if (at < 1 || !domain.test(text.slice(at + 1))) return null
  const email = `${text.slice(0, at)}@${domainToASCII(text.slice(at + 1))}`
  return email.length <= 254 && form.test(email) ? email : null
}

export function requireEmail(raw: string): string {
  const email = normaliseEmail(raw)
  if (!email) throw validationError([{ loc: ['body', 'email'], msg: 'value is not a valid email address', type: 'value_error' }])
  return email
}
