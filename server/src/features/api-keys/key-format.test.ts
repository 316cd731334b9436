// Properties of the key's form: what is made is accepted, what is mistyped is not.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { generateKey, isWellFormed, shownPrefix } from './key-format.ts'

const keys = fc.constantFrom('live' as const, 'test' as const).map(generateKey)

it('makes keys of letters, digits and `_` only, that existing clients accept', () => {
  fc.assert(
    fc.property(keys, (key) => {
      expect(key).toMatch(/^aion_(live|test)_[0-9A-Za-z]{38}$/)
      expect(key).toMatch(/^[a-z]+_[A-Za-z0-9_-]{20,}$/)
      expect(isWellFormed(key)).toBe(true)
      expect(shownPrefix(key)).toBe(key.slice(0, 14))
    }),
  )
})

it('refuses every key with one character changed, or two neighbours swapped, or cut off', () => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 0, max: 47 }), fc.constantFrom(...'0Aa9Zz_-'), (key, place, other) => {
      const changed = key.slice(0, place) + other + key.slice(place + 1)
      expect(isWellFormed(changed)).toBe(changed === key)
      const swapped = key.slice(0, place) + (key[place + 1] ?? '') + key[place] + key.slice(place + 2)
      expect(isWellFormed(swapped)).toBe(swapped === key)
      expect(isWellFormed(key.slice(0, place))).toBe(false)
      expect(isWellFormed(key + other)).toBe(false)
    }),
    { numRuns: 1000 },
  )
})

it('never makes the same key twice, and uses every character', () => {
  const made = Array.from({ length: 2000 }, () => generateKey('live'))
  expect(new Set(made).size).toBe(made.length)
  expect(new Set(made.map((key) => key.slice(10, 42)).join('')).size).toBe(62)
})
