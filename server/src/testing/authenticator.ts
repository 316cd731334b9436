// A WebAuthn authenticator in software: real keys and real signatures, attestation "none", and every flag for a test to bend.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface Ceremony {
  challenge_id: string
  // biome-ignore lint/suspicious/noExplicitAny: WebAuthn's options, read as a browser would.
  options: any
}

export interface Bent {
  /** Where the browser says it is. */
  readonly origin?: string
  readonly rpId?: string
  readonly userVerified?: boolean
  /** The signature count; by default one more than last time. */
  readonly counter?: number
  readonly userHandle?: string
}

/** As PublicKeyCredential.toJSON gives it. */
export interface Answered {
  challenge_id: string
  response: { id: string; response: object }
}

export interface Authenticator {
  readonly id: string
  create(ceremony: Ceremony, bent?: Bent): Answered
  get(ceremony: Ceremony, bent?: Bent): Answered
}

const userPresent = 0x01
const userVerifiedFlag = 0x04
const attestedData = 0x40

/** `counts` false: like a synced passkey, whose count is always 0. */
export function softwareAuthenticator(origin: string, { counts = true } = {}): Authenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credentialId = randomBytes(32)
  const id = credentialId.toString('base64url')
  let count = 0
  let handle: string | undefined

  function clientData(type: string, challenge: string, from: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: from, crossOrigin: false }))
  }

  function authenticatorData(rpId: string, flags: number, counter: number, attested: Buffer = Buffer.alloc(0)): Buffer {
    const counterBytes = Buffer.alloc(4)
    counterBytes.writeUInt32BE(counter)
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.of(flags), counterBytes, attested])
  }

  const next = (bent: Bent) => bent.counter ?? (counts ? ++count : 0)
  const flagsOf = (bent: Bent) => userPresent | (bent.userVerified === false ? 0 : userVerifiedFlag)
  const credential = (response: object) => ({ id, rawId: id, type: 'public-key', clientExtensionResults: {}, response })

  return {
    id,
    create({ challenge_id, options }, bent = {}) {
      handle = options.user.id
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
      // COSE_Key: EC2, ES256, P-256.
      const key = map(
        [int(1), int(2)],
        [int(3), int(-7)],
        [int(-1), int(1)],
        [int(-2), bytes(from64(x))],
        [int(-3), bytes(from64(y))],
      )
      const length = Buffer.alloc(2)
      length.writeUInt16BE(credentialId.length)
      const attested = Buffer.concat([Buffer.alloc(16), length, credentialId, key])
      const authData = authenticatorData(bent.rpId ?? options.rp.id, flagsOf(bent) | attestedData, next(bent), attested)
      const attestation = map([text('fmt'), text('none')], [text('attStmt'), map()], [text('authData'), bytes(authData)])
      const data = clientData('webauthn.create', options.challenge, bent.origin ?? origin)
      return {
        challenge_id,
        response: credential({
          clientDataJSON: data.toString('base64url'),
          attestationObject: attestation.toString('base64url'),
          transports: ['internal'],
        }),
      }
    },
    get({ challenge_id, options }, bent = {}) {
      const authData = authenticatorData(bent.rpId ?? options.rpId, flagsOf(bent), next(bent))
      const data = clientData('webauthn.get', options.challenge, bent.origin ?? origin)
      const signed = Buffer.concat([authData, createHash('sha256').update(data).digest()])
      return {
        challenge_id,
        response: credential({
          clientDataJSON: data.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: sign('sha256', signed, privateKey).toString('base64url'),
          userHandle: bent.userHandle ?? handle,
        }),
      }
    },
  }
}

const from64 = (text: string) => Buffer.from(text, 'base64url')

/** CBOR (RFC 8949 §3), as much as WebAuthn needs. */
function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.of((major << 5) | length)
  if (length < 256) return Buffer.of((major << 5) | 24, length)
  return Buffer.of((major << 5) | 25, length >> 8, length & 255)
}
const int = (value: number) => (value < 0 ? head(1, -1 - value) : head(0, value))
const bytes = (value: Buffer) => Buffer.concat([head(2, value.length), value])
const text = (value: string) => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
const map = (...entries: [Buffer, Buffer][]) => Buffer.concat([head(5, entries.length), ...entries.flat()])
