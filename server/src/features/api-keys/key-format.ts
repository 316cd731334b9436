// The form of a key: `aion_live_` or `aion_test_`, 32 random base62 characters, and 6 that check all before them.
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

export type Environment = 'live' | 'test'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const prefixLength = 'aion_live_'.length
const randomLength = 32
const checksumLength = 6
export const keyLength = prefixLength + randomLength + checksumLength
/** What a list shows of a key: enough to recognise it, nothing to guess from. */
const shownLength = 14

export function generateKey(environment: Environment): string {
  const body = `aion_${environment}_${randomBase62(randomLength)}`
  return body + checksum(body)
}

export function shownPrefix(key: string): string {
  return key.slice(0, shownLength)
}

/** A typing error, a cut-off copy or an invented key is told apart here, without asking the database. */
export function isWellFormed(key: string): boolean {
  if (key.length !== keyLength || !(key.startsWith('aion_live_') || key.startsWith('aion_test_'))) return false
  const end = keyLength - checksumLength
  return checksum(key.slice(0, end)) === key.slice(end)
}

/** Bytes of 248 and above are thrown away, so that each of the 62 characters is equally likely: 190 bits in all. */
function randomBase62(length: number): string {
  let text = ''
  while (text.length < length)
    for (const byte of randomBytes(length * 2)) if (byte < 248 && text.length < length) text += alphabet[byte % 62]
  return text
}

/** CRC-32 (IEEE 802.3) in base62, most significant first; 62^6 exceeds 2^32, so nothing is lost. */
function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let place = 0; place < checksumLength; place++) {
    digits = alphabet[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}
