// Ten codes for the day when the phone is gone: each opens the account once, and none can be guessed.
import { createHash, randomBytes } from 'node:crypto'

export const codesAtOnce = 10
/** 80 bits: beyond guessing even where a copy of the table is, so a fast hash without salt is enough. */
const randomBits = 80
/** RFC 4648 base32 in small letters: no 0, 1 or 8 to confuse with o, l or b. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** Shown once, as `abcd-efgh-ijkl-mnop`. */
export function drawRecoveryCodes(): string[] {
  return Array.from({ length: codesAtOnce }, draw)
}

function draw(): string {
  const letters = Array.from(randomBytes(randomBits / 5), (byte) => alphabet[byte & 31]).join('')
  return letters.replace(/(.{4})(?=.)/g, '$1-')
}

/** As people type it: blanks, hyphens and capitals do not matter. */
export function recoveryCodeDigest(code: string): Buffer {
  return createHash('sha256').update(code.toLowerCase().replace(/[\s-]/g, '')).digest()
}
