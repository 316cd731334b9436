// WebAuthn ceremonies: what an authenticator is asked to sign, and whether it did (@simplewebauthn/server).
import { randomUUID } from 'node:crypto'
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import type { Deps } from '../../deps.ts'
import type { UserRow } from '../accounts/queries.ts'
import { findPasskey, insertChallenge, listPasskeys, type PasskeyRow, type Purpose, takeChallenge } from './queries.ts'

export type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'

type CeremonyDeps = Pick<Deps, 'db' | 'clock' | 'publicUrl'>

/** Long enough to fetch a phone or a security key. */
const ceremonyMs = 5 * 60_000
const rpName = 'Aionvision'
/** Of a browser's list of transports no more is kept. */
const transportsMax = 8

export interface Ceremony<Options> {
  readonly challengeId: string
  readonly options: Options
}

export async function offerRegistration(deps: CeremonyDeps, user: UserRow) {
  const existing = await listPasskeys(deps.db, user.id)
  const options = await generateRegistrationOptions({
    rpName,
    rpID: relyingParty(deps).id,
    userName: user.email,
    userDisplayName: user.name,
    userID: new Uint8Array(userHandle(user.id)),
    timeout: ceremonyMs,
    attestationType: 'none',
    excludeCredentials: existing.map(({ id, transports }) => ({ id, transports })),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
  })
  return begin(deps, 'enrol', user.id, options)
}

/** `person` null: whoever holds a discoverable passkey, which then must verify its user. */
export async function offerAssertion(deps: CeremonyDeps, purpose: Exclude<Purpose, 'enrol'>, person: string | null) {
  const allowed = person === null ? [] : await listPasskeys(deps.db, person)
  const options = await generateAuthenticationOptions({
    rpID: relyingParty(deps).id,
    timeout: ceremonyMs,
    userVerification: purpose === 'sign_in' ? 'required' : 'preferred',
    allowCredentials: allowed.map(({ id, transports }) => ({ id, transports })),
  })
  return begin(deps, purpose, person, options)
}

async function begin<Options extends { challenge: string }>(
  { db, clock }: CeremonyDeps,
  purpose: Purpose,
  userId: string | null,
  options: Options,
): Promise<Ceremony<Options>> {
  const id = randomUUID()
  const now = clock.now()
  await insertChallenge(db, {
    id,
    user_id: userId,
    purpose,
    challenge: options.challenge,
    created_at: new Date(now),
    expires_at: new Date(now + ceremonyMs),
  })
  return { challengeId: id, options }
}

/** The passkey to keep; null when the answer is not one to this challenge, or is damaged. */
export async function verifyRegistration(
  deps: CeremonyDeps,
  userId: string,
  { challengeId, response }: { challengeId: string; response: RegistrationResponseJSON },
): Promise<Omit<PasskeyRow, 'name'> | null> {
  const now = new Date(deps.clock.now())
  const expectedChallenge = await takeChallenge(deps.db, { id: challengeId, userId, purpose: 'enrol', now })
  if (!expectedChallenge) return null
  const { id, origin } = relyingParty(deps)
  // The library throws whatever a hostile answer makes its parsers throw.
  const verified = await verifyRegistrationResponse({
    response,
    expectedChallenge,
    expectedOrigin: origin,
    expectedRPID: id,
    requireUserVerification: false,
  }).catch(() => null)
  if (!verified?.verified) return null
  const { credential, credentialBackedUp } = verified.registrationInfo
  return {
    id: credential.id,
    user_id: userId,
    public_key: Buffer.from(credential.publicKey),
    counter: credential.counter,
    transports: (credential.transports ?? []).slice(0, transportsMax),
    backed_up: credentialBackedUp,
    created_at: now,
    last_used_at: null,
  }
}

export interface Assertion {
  readonly challengeId: string
  readonly response: AuthenticationResponseJSON
}

export interface VerifiedAssertion {
  readonly passkey: PasskeyRow
  readonly counter: number
  readonly backedUp: boolean
}

/**
 * The passkey that signed this challenge; null otherwise. `person` null: anybody's. The count is judged where it is written, so that
 * two copies of a key at once are told apart.
 */
export async function verifyAssertion(
  deps: CeremonyDeps,
  purpose: Exclude<Purpose, 'enrol'>,
  person: string | null,
  { challengeId, response }: Assertion,
): Promise<VerifiedAssertion | null> {
  const now = new Date(deps.clock.now())
  const expectedChallenge = await takeChallenge(deps.db, { id: challengeId, userId: person, purpose, now })
  if (!expectedChallenge) return null
  const passkey = await findPasskey(deps.db, response.id)
  if (!passkey || (person !== null && passkey.user_id !== person)) return null
  const handle = response.response.userHandle
  if (handle && handle !== userHandle(passkey.user_id).toString('base64url')) return null
  const { id, origin } = relyingParty(deps)
  const verified = await verifyAuthenticationResponse({
    response,
    expectedChallenge,
    expectedOrigin: origin,
    expectedRPID: id,
    credential: { id: passkey.id, publicKey: new Uint8Array(passkey.public_key), counter: 0 },
    requireUserVerification: purpose === 'sign_in',
  }).catch(() => null)
  if (!verified?.verified) return null
  const { newCounter, credentialBackedUp } = verified.authenticationInfo
  return { passkey, counter: newCounter, backedUp: credentialBackedUp }
}

/** The domain that a passkey is bound to, and the one origin whose pages may use it. */
function relyingParty({ publicUrl }: CeremonyDeps): { id: string; origin: string } {
  const { hostname, origin } = new URL(publicUrl())
  return { id: hostname, origin }
}

/** WebAuthn §14.6.1: nothing about the person but the account's id. */
function userHandle(userId: string): Buffer {
  return Buffer.from(userId.replaceAll('-', ''), 'hex')
}
