// Hashes run a few at a time behind a bounded queue, and nobody's account verifies.
import { describe, expect, it } from 'vitest'
import { createPasswords, PasswordsBusyError } from './passwords.ts'

describe('passwords', () => {
  it('verifies what it hashed, in any Unicode form, and nothing for an account that is not there', async () => {
    const passwords = createPasswords()
    const stored = await passwords.hash('Caf\u00e9-Passphrase-1')
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await passwords.verify(stored, 'Cafe\u0301-Passphrase-1')).toBe(true)
    expect(await passwords.verify(stored, 'Caf\u00e9-Passphrase-2')).toBe(false)
    expect(await passwords.verify(null, 'anything')).toBe(false)
  })

  it('refuses more than the queue takes, and serves everybody who got in', async () => {
    const passwords = createPasswords({ atOnce: 2, queue: 3 })
    const outcomes = await Promise.allSettled(Array.from({ length: 9 }, () => passwords.verify(null, 'x')))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(PasswordsBusyError)
    expect(await passwords.verify(null, 'x')).toBe(false)
  })

  it('takes what follows the rule and refuses the common ones in any case', () => {
    const { fault } = createPasswords()
    for (const good of ['Sturdy-Passphrase-41', 'Ünïcode-Größe9', `Aa1${'x'.repeat(125)}`])
      expect([good, fault(good)]).toEqual([good, null])
    for (const bad of ['Aa1', 'Password1', 'Qwerty123', 'alllower1', 'ALLUPPER1', 'NoDigitHere', `Aa1${'x'.repeat(126)}`])
      expect([bad, typeof fault(bad)]).toEqual([bad, 'string'])
  })
})
