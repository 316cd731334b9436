// The code a person compares on two screens: eight letters that make no words and are not mistaken for one another.
import { randomInt } from 'node:crypto'

/** RFC 8628 §6.1: consonants only, so 20^8 = 2.6e10 codes, of which few are alive at a time and each for ten minutes. */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ'

export function newUserCode(): string {
  const letters = Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join('')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}

/** However it was typed: case, spaces and the dash do not matter. Null when it cannot be one. */
export function readUserCode(text: string): string | null {
  const letters = text.toUpperCase().replace(/[\s-]/g, '')
  return letters.length === 8 && [...letters].every((letter) => alphabet.includes(letter))
    ? `${letters.slice(0, 4)}-${letters.slice(4)}`
    : null
}
