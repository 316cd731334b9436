// What the browser does with passkeys, loaded when one is first used; a prompt that was closed gets a sentence of its own.
import type { startAuthentication, startRegistration } from '@simplewebauthn/browser'

const library = () => import('@simplewebauthn/browser')
type Loose = Readonly<Record<string, unknown>>

/** Passkeys belong to a host name, over https or on this machine: an IP address has none. */
export function passkeysWork(): boolean {
  return 'PublicKeyCredential' in window && !/^[\d.]+$|:/.test(location.hostname)
}

/** `options` as the API gave them; the answer is what it wants back. */
export async function createPasskey(options: Loose): ReturnType<typeof startRegistration> {
  const optionsJSON = options as unknown as Parameters<typeof startRegistration>[0]['optionsJSON']
  return (await library()).startRegistration({ optionsJSON })
}

export async function askPasskey(options: Loose): ReturnType<typeof startAuthentication> {
  const optionsJSON = options as unknown as Parameters<typeof startAuthentication>[0]['optionsJSON']
  return (await library()).startAuthentication({ optionsJSON })
}

/** Closed, refused or timed out: browsers tell no more, on purpose. */
export function wasGivenUp(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NotAllowedError' || error.name === 'AbortError')
}

/** The device holds one for this account already. */
export function isKnownDevice(error: unknown): boolean {
  return error instanceof Error && error.name === 'InvalidStateError'
}
