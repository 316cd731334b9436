// The mails an account gets: plain text with the link and the token alone on a line, and the same as HTML.
import { type Content, renderLetter } from '../../platform/letter.ts'

export function verifyEmailMail({ token, origin }: { token: string; origin: string }): Content {
  return renderLetter({
    subject: 'Verify your e-mail address',
    lead: 'Please confirm that this address is yours. The link works for 24 hours.',
    action: { label: 'Verify my address', url: `${origin}/auth/verify-email?token=${token}` },
    token,
    closing: 'If you did not sign up, ignore this mail: nothing happens without the link.',
  })
}

export function resetPasswordMail({ token, origin }: { token: string; origin: string }): Content {
  return renderLetter({
    subject: 'Reset your password',
    lead: 'Somebody, hopefully you, asked to set a new password. The link works for one hour and once.',
    action: { label: 'Choose a new password', url: `${origin}/auth/reset-password?token=${token}` },
    token,
    closing: 'If it was not you, ignore this mail: your password stays as it is.',
  })
}

export function alreadyRegisteredMail({ origin }: { origin: string }): Content {
  return renderLetter({
    subject: 'You already have an account',
    lead: 'Somebody, perhaps you, tried to sign up with this address. You already have an account: sign in with it, or reset your password if you have forgotten it.',
    action: { label: 'Open Aionvision', url: `${origin}/` },
    token: null,
    closing: 'If it was not you, nothing has changed and there is nothing to do.',
  })
}
