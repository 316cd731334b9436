// The shapes of /auth/session/mfa and /auth/session/reauthenticate.
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { refusal } from '../../http/refusal.ts'
import { storable } from '../../http/storable.ts'

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const instant = () => Type.String({ format: 'date-time' })
const base64url = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength })
/** WebAuthn Level 3 §4: a credential id has at most 1,023 bytes; what is signed is small, an attestation may carry certificates. */
const credentialId = base64url(1364)
const small = base64url(8192)
const large = base64url(65_536)

const codes = Type.Array(Type.String(), { description: 'Shown this once; each works once.' })
const firstCodes = Type.Union([codes, Type.Null()], { description: 'With the first factor only.' })

const passkeyFields = {
  id: Type.String(),
  name: Type.String(),
  created_at: instant(),
  last_used_at: nullable(instant()),
}
export const passkeyResponse = Type.Object(passkeyFields)
export const passkeyListResponse = Type.Array(passkeyResponse)
export const passkeyAddedResponse = Type.Object({ ...passkeyFields, recovery_codes: firstCodes })

export const overviewResponse = Type.Object({
  enrolled: Type.Boolean({ description: 'Whether signing in asks for a second factor.' }),
  totp: Type.Boolean(),
  passkeys: passkeyListResponse,
  recovery_codes_left: Type.Integer(),
})

export const totpOfferResponse = Type.Object({
  otpauth_uri: Type.String(),
  secret: Type.String({ description: 'Base32, for typing in.' }),
  qr_svg: Type.String({ description: 'otpauth_uri as an SVG image.' }),
})
const code = Type.String({ minLength: 6, maxLength: 16, description: 'Six digits of the authenticator app.' })
export const codeBody = Type.Object({ code })
export const confirmedResponse = Type.Object({ recovery_codes: firstCodes })
export const codesResponse = Type.Object({ recovery_codes: codes })
export const codesLeftResponse = Type.Object({ left: Type.Integer() })
export const messageResponse = Type.Object({ message: Type.String() })

export const passkeyParams = Type.Object({ id: Type.String({ maxLength: 1364, pattern: storable }) })
const name = Type.String({ minLength: 1, maxLength: 100, pattern: storable })
export const passkeyName = Type.Object({ name })

/** As navigator.credentials takes them, after PublicKeyCredential.parse…OptionsFromJSON. */
export const ceremonyResponse = Type.Object({
  challenge_id: Type.String({ format: 'uuid' }),
  options: Type.Unsafe<object>({
    type: 'object',
    additionalProperties: true,
    description: 'For PublicKeyCredential.parseCreationOptionsFromJSON or parseRequestOptionsFromJSON.',
  }),
})

/** What PublicKeyCredential.toJSON gives; more fields are allowed and ignored. */
const credential = <T extends TSchema>(response: T) =>
  Type.Object({
    id: credentialId,
    rawId: credentialId,
    type: Type.Literal('public-key'),
    response,
    clientExtensionResults: Type.Object({}, { additionalProperties: true, default: {} }),
  })
const attestation = credential(
  Type.Object({
    clientDataJSON: small,
    attestationObject: large,
    transports: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 32 })),
  }),
)
export const assertion = credential(
  Type.Object({
    clientDataJSON: small,
    authenticatorData: small,
    signature: small,
    userHandle: Type.Optional(nullable(base64url(128))),
  }),
)
const challengeId = Type.String({ format: 'uuid' })

export const registerPasskeyBody = Type.Object({ challenge_id: challengeId, name, response: attestation })
export const passkeySignInBody = Type.Object({
  challenge_id: challengeId,
  response: assertion,
  remember_me: Type.Optional(Type.Boolean({ default: false })),
})

export type WrittenAssertion = Static<typeof assertion>

const factorProof = {
  code: Type.Optional(code),
  recovery_code: Type.Optional(Type.String({ minLength: 16, maxLength: 64 })),
  passkey: Type.Optional(Type.Object({ challenge_id: challengeId, response: assertion })),
}
const challengeToken = Type.Optional(
  Type.String({
    maxLength: 128,
    description:
      'From error.details of the 403 MFA_REQUIRED. Left out by a browser that came back from a provider: its cookie carries it.',
  }),
)
const oneOf = 'Exactly one proof.'
export const challengeBody = Type.Object({ challenge_token: challengeToken, ...factorProof }, { description: oneOf })
export const challengeTokenBody = Type.Object({ challenge_token: challengeToken })
export const reauthenticateBody = Type.Object(
  { password: Type.Optional(Type.String({ maxLength: 1024 })), ...factorProof },
  { description: oneOf },
)
export const reauthenticatedResponse = Type.Object({
  authenticated_at: instant(),
  expires_at: instant(),
  factor: Type.Boolean({ description: 'Whether this session has proved a second factor.' }),
})

export const wrong = refusal('The proof is not right')
export const gone = refusal('The challenge was used, or is too old')
export const limited = refusal('Too many wrong proofs; Retry-After says how long to wait')
