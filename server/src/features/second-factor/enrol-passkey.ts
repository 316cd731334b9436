// Passkeys of a person: registered, named, removed.
import type { Deps } from '../../deps.ts'
import { ApiError, validationError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { lockPerson } from '../sessions/queries.ts'
import type { Client } from '../sessions/start-session.ts'
import { afterEnrolment, afterRemoval } from './enrolment.ts'
import { mailFactorNotice } from './mails.ts'
import { type RegistrationResponseJSON, verifyRegistration } from './passkeys.ts'
import { deletePasskey, insertPasskey, listPasskeys, type PasskeyRow, renamePasskey } from './queries.ts'

type EnrolDeps = Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'jobs' | 'config' | 'publicUrl'>

/** More than anybody has devices; bounds what an assertion's options list. */
const passkeysMax = 20

/** Throws 400 when the answer is not one to this challenge, 409 when the credential is registered already or there are too many. */
export async function registerPasskey(
  deps: EnrolDeps,
  caller: SessionPrincipal,
  input: { challengeId: string; name: string; response: RegistrationResponseJSON },
  client: Client,
): Promise<{ passkey: PasskeyRow; recoveryCodes: string[] | null }> {
  const name = oneLine(input.name)
  const { userId } = caller
  const credential = await verifyRegistration(deps, userId, input)
  if (!credential)
    throw new ApiError('BAD_REQUEST', 'This is not an answer to a registration of yours, or came too late. Begin again.')
  const passkey = { ...credential, name }
  const recoveryCodes = await deps.db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId, 'update')
    if ((await listPasskeys(trx, userId)).length >= passkeysMax)
      throw new ApiError('CONFLICT', `An account has at most ${passkeysMax} passkeys: remove one first.`)
    if (!(await insertPasskey(trx, passkey))) throw new ApiError('CONFLICT', 'This passkey is registered already.')
    const codes = await afterEnrolment(trx, deps, caller)
    await mailFactorNotice(deps, trx, 'passkey_added', userId)
    const metadata = { name, first_factor: codes !== null }
    await recordOwnDeed(trx, deps, { ...deed(userId, client, 'add'), eventType: 'user.passkey_added', metadata })
    return codes
  })
  deps.changes.apply({ kind: 'user', id: userId })
  return { passkey, recoveryCodes }
}

export async function namePasskey(
  deps: EnrolDeps,
  { userId }: SessionPrincipal,
  id: string,
  text: string,
  client: Client,
): Promise<PasskeyRow> {
  const name = oneLine(text)
  return deps.db.transaction().execute(async (trx) => {
    const passkey = await renamePasskey(trx, userId, id, name)
    if (!passkey) throw missing()
    await recordOwnDeed(trx, deps, {
      ...deed(userId, client, 'rename'),
      eventType: 'user.passkey_renamed',
      metadata: { name },
    })
    return passkey
  })
}

export async function removePasskey(deps: EnrolDeps, { userId }: SessionPrincipal, id: string, client: Client): Promise<void> {
  await deps.db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId, 'update')
    if (!(await deletePasskey(trx, userId, id))) throw missing()
    await afterRemoval(trx, deps, userId)
    await mailFactorNotice(deps, trx, 'passkey_removed', userId)
    await recordOwnDeed(trx, deps, { ...deed(userId, client, 'remove'), eventType: 'user.passkey_removed' })
  })
  deps.changes.apply({ kind: 'user', id: userId })
}

const deed = (userId: string, client: Client, verb: string) => ({ userId, ip: client.ip, action: `passkey.${verb}` })

const missing = () => new ApiError('NOT_FOUND', 'There is no such passkey.')

/** Names are shown in lists and in the trail: no control character forges a line there (S41). */
function oneLine(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, ' ').trim()
  if (line === '') throw validationError([{ loc: ['body', 'name'], msg: 'Must not be blank', type: 'string_too_short' }])
  return line
}
