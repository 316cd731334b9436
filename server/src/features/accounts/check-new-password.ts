// A password that somebody wants to set: by the rule, not a common one, and not known from breaches.
import type { Deps } from '../../deps.ts'
import { validationError } from '../../http/errors.ts'

/** Throws 422 VALIDATION_ERROR at `loc`, such as `['body', 'password']`. */
export async function checkNewPassword(
  { passwords }: Pick<Deps, 'passwords'>,
  password: string,
  loc: readonly string[],
): Promise<void> {
  const fault = await newPasswordFault({ passwords }, password)
  if (fault) throw validationError([{ loc: [...loc], msg: fault, type: 'value_error' }])
}

/** What is wrong with it, as a sentence; null when it will do. */
export async function newPasswordFault({ passwords }: Pick<Deps, 'passwords'>, password: string): Promise<string | null> {
  const fault = passwords.fault(password)
  if (fault) return fault
  return (await passwords.breached(password)) ? 'This password is known from breaches elsewhere: choose another' : null
}
