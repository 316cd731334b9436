// Passwords at rest: Argon2id at OWASP's parameters, a few at a time, so that a login flood starves neither files nor DNS.
import { availableParallelism } from 'node:os'
import { hash, verify } from '@node-rs/argon2'
import { dictionary } from '@zxcvbn-ts/language-common'

export interface Passwords {
  /** Both throw PasswordsBusyError when too many are waiting already. */
  hash(password: string): Promise<string>
  /** `null` stands for an account that is not there: the same work, and always false. */
  verify(stored: string | null, password: string): Promise<boolean>
  /** What is wrong with a password that somebody wants to set, as a sentence; null when it will do. */
  fault(password: string): string | null
  /** Whether it is known from breaches: breached-passwords.ts. */
  breached(password: string): Promise<boolean>
}

export class PasswordsBusyError extends Error {
  override readonly name = 'PasswordsBusyError'
  /** SQLSTATE class 53, insufficient resources: answered as 503 with Retry-After, like a database out of connections. */
  readonly code = '53000'
}

/** OWASP Password Storage Cheat Sheet: Argon2id (the library's default variant) with 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }
/**
 * Hashes run on libuv's four threads, which files and DNS need as well. Two that take turns on one core push each other's 19 MiB out of
 * its cache and cost a third more: as many run at once as there are cores.
 */
const atOnceMax = 4
/** About two seconds of work: whoever would wait longer is told to come back. */
const waitingMax = 256
/** Nobody's password: verified against for unknown accounts, so that they take as long as known ones. */
const nobodysHash = '$argon2id$v=19$m=19456,t=2,p=1$NjUVgVVTkcJtK7dHUblZqg$C5dk4up18NSYCiG9EYtXbLIxrKW5nd7mPz7m1wC5tD4'

const lengthMin = 8
const lengthMax = 128
/**
 * 49,233 passwords from breaches, MIT (@zxcvbn-ts/language-common 4.1.3); 5,183 of them have the length, a letter and a digit. The
 * list is in lower case and so is the comparison: `Password1` is as common as `password1`.
 */
const common: ReadonlySet<string> = new Set(dictionary['passwords-common'])

export function createPasswords({
  atOnce = defaultAtOnce(),
  queue = waitingMax,
  breached = async (_password: string) => false,
} = {}): Passwords {
  const waiting: (() => void)[] = []
  let running = 0

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (running >= atOnce) {
      if (waiting.length >= queue) throw new PasswordsBusyError('too many passwords are waiting to be hashed')
      // Whoever finishes hands its place on, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  return {
    hash: (password) => inTurn(() => hash(canonical(password), parameters)),
    async verify(stored, password) {
      const matches = await inTurn(() => verify(stored ?? nobodysHash, canonical(password)))
      return matches && stored !== null
    },
    fault: passwordFault,
    breached,
  }
}

function defaultAtOnce(): number {
  return Math.min(atOnceMax, availableParallelism())
}

/** NIST SP 800-63B: the same password typed on two systems is the same; cut, so that nobody's novel is hashed. */
function canonical(password: string): string {
  return password.slice(0, lengthMax * 4).normalize('NFKC')
}

function passwordFault(password: string): string | null {
  const length = [...password.slice(0, lengthMax * 4)].length
  if (length < lengthMin) return `String should have at least ${lengthMin} characters`
  if (length > lengthMax) return `String should have at most ${lengthMax} characters`
  if (!/\p{Lu}/u.test(password) || !/\p{Ll}/u.test(password) || !/\p{Nd}/u.test(password))
    return 'Password should have an upper case letter, a lower case letter and a digit'
  if (common.has(canonical(password).toLowerCase())) return 'This password is one of the most common ones'
  return null
}
