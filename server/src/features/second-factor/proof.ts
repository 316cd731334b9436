// The one proof that a body carries, whichever it is; 422 for none and for more than one.
import { validationError } from '../../http/errors.ts'
import type { Assertion, AuthenticationResponseJSON } from './passkeys.ts'
import type { FactorProof } from './prove-factor.ts'
import type { WrittenAssertion } from './schemas.ts'

interface WrittenFactor {
  readonly code?: string
  readonly recovery_code?: string
  readonly passkey?: { readonly challenge_id: string; readonly response: WrittenAssertion }
}

export function factorProofOf(body: WrittenFactor): FactorProof {
  return only(factorProofs(body))
}

export function proofOf({ password, ...body }: WrittenFactor & { readonly password?: string }) {
  return only([...(password === undefined ? [] : [{ method: 'password', password } as const]), ...factorProofs(body)])
}

/** A null userHandle, as some browsers write it, is to the library what a missing one is. */
export function assertionOf(written: { challenge_id: string; response: WrittenAssertion }): Assertion {
  return { challengeId: written.challenge_id, response: written.response as AuthenticationResponseJSON }
}

function factorProofs({ code, recovery_code, passkey }: WrittenFactor): FactorProof[] {
  return [
    ...(code === undefined ? [] : [{ method: 'totp', code } as const]),
    ...(recovery_code === undefined ? [] : [{ method: 'recovery_code', code: recovery_code } as const]),
    ...(passkey === undefined ? [] : [{ method: 'passkey', ...assertionOf(passkey) } as const]),
  ]
}

function only<Proof>(proofs: readonly Proof[]): Proof {
  const [proof, ...more] = proofs
  if (proof === undefined || more.length > 0)
    throw validationError([{ loc: ['body'], msg: 'Exactly one proof is needed', type: 'value_error' }])
  return proof
}
