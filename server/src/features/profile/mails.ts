// The mails about a person's own address, password and account.
import type { Deps } from '../../deps.ts'
import type { Trx } from '../../platform/database/database.ts'
import { type Content, renderLetter } from '../../platform/letter.ts'

export function confirmAddressMail({ token, origin }: { token: string; origin: string }): Content {
  return renderLetter({
    subject: 'Confirm your new e-mail address',
    lead: 'Somebody, hopefully you, wants to use this address for their account. The link works for 24 hours and once.',
    action: { label: 'Use this address', url: `${origin}/auth/confirm-email-change?token=${token}` },
    token,
    closing: 'If it was not you, ignore this mail: nothing happens without the link.',
  })
}

export function addressTakenMail({ origin }: { origin: string }): Content {
  return renderLetter({
    subject: 'You already have an account',
    lead: 'Somebody, perhaps you, wanted to move another account to this address, which has an account already. Nothing has changed.',
    action: { label: 'Open Aionvision', url: `${origin}/` },
    token: null,
    closing: 'If it was not you, there is nothing to do.',
  })
}

const notices = {
  email_change_requested: {
    subject: 'Your e-mail address is about to change',
    lead: 'Somebody who is signed in to your account, and gave its password, asked to move it to another address. It moves when the mail sent there is confirmed.',
    closing: 'If it was not you, change your password now: that voids the request and ends all other sessions.',
  },
  email_changed: {
    subject: 'Your e-mail address has changed',
    lead: 'Your account has moved to another address, as you asked. This is the last mail to this one.',
    closing: 'If it was not you, write to whoever runs this server: links sent to this address no longer open the account.',
  },
  password_changed: {
    subject: 'Your password has changed',
    lead: 'A new password was set for your account by somebody who is signed in to it.',
    closing: 'If it was not you, reset your password now: that ends all sessions.',
  },
  account_deleted: {
    subject: 'Your account was deleted',
    lead: 'Your account, the workspaces you owned and everything in them were deleted, as you asked.',
    closing: 'This cannot be undone.',
  },
} as const

export type Notice = keyof typeof notices

export function noticeMail(notice: Notice): Content {
  return renderLetter({ ...notices[notice], action: null, token: null })
}

/** With the address and not the person's id: it goes to the one they had, or to one whose account is gone. */
export async function mailNotice({ jobs }: Pick<Deps, 'jobs'>, trx: Trx, notice: Notice, to: string): Promise<void> {
  await jobs.add(trx, 'mail-notice', { notice, to })
}

export async function mailEmailChange({ jobs }: Pick<Deps, 'jobs'>, trx: Trx, tokenId: string): Promise<void> {
  await jobs.add(trx, 'mail-email-change', { token_id: tokenId })
}
