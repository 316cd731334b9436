// The form of an API key, for the doctor: a slip of the hand is told apart from a key of another server.
import { crc32 } from 'node:zlib'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const checksumLength = 6

/** `aion_live_` or `aion_test_`, 32 base62 characters, and CRC-32 over all of it in 6 more (docs/guide/api-keys.md). */
export function faultInKey(key: string): string | null {
  if (/\s/.test(key)) return 'it has spaces or a line break in it'
  if (!/^aion_(live|test)_/.test(key)) return 'it does not begin with aion_live_ or aion_test_'
  if (!/^aion_(live|test)_[0-9A-Za-z]{38}$/.test(key))
    return `it has ${key.length} characters instead of 48, or some that no key has`
  const body = key.slice(0, -checksumLength)
  let rest = crc32(body)
  let checksum = ''
  for (let place = 0; place < checksumLength; place++) {
    checksum = alphabet[rest % 62] + checksum
    rest = Math.floor(rest / 62)
  }
  return key.endsWith(checksum) ? null : 'a character is wrong: its checksum does not hold'
}
