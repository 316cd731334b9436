// The mails about a person's second factor: what was done to it, and what to do if it was not them.
import type { Deps } from '../../deps.ts'
import type { Trx } from '../../platform/database/database.ts'
import { type Content, renderLetter } from '../../platform/letter.ts'

const notices = {
  totp_added: ['An authenticator app was added', 'An authenticator app is now a second factor of your account.'],
  totp_removed: ['An authenticator app was removed', 'The authenticator app is no longer a second factor of your account.'],
  passkey_added: ['A passkey was added', 'A new passkey now opens your account.'],
  passkey_removed: ['A passkey was removed', 'A passkey no longer opens your account.'],
  recovery_codes_replaced: ['New recovery codes', 'Ten new recovery codes were made for your account; the old ones are void.'],
  recovery_code_used: ['A recovery code was used', 'Somebody, hopefully you, used one of your recovery codes; it is void now.'],
} as const

export type FactorNotice = keyof typeof notices

/** `left`: of the recovery codes, where they are the subject. */
export function factorMail(notice: FactorNotice, left: number | null): Content {
  const [subject, lead] = notices[notice]
  return renderLetter({
    subject,
    lead,
    lines: left === null ? [] : [`Recovery codes left: ${left}.`],
    action: null,
    token: null,
    closing: 'If it was not you, reset your password now, which ends all sessions, and then look through your second factors.',
  })
}

export async function mailFactorNotice(
  { jobs }: Pick<Deps, 'jobs'>,
  trx: Trx,
  notice: FactorNotice,
  userId: string,
): Promise<void> {
  await jobs.add(trx, 'mail-factor-notice', { notice, user_id: userId })
}
