// What those who look after a workspace are told about a key that was found in public.
import { type Content, renderLetter } from '../../platform/letter.ts'

/** Nothing of what the finder wrote stands in it: a stranger's link in our mail would be believed. */
export function leakedKeyMail(key: { name: string; prefix: string; workspace: string; origin: string }): Content {
  return renderLetter({
    subject: 'An API key was found in public and is revoked',
    lead: `The key "${oneLine(key.name)}" (${key.prefix}…) of the workspace "${oneLine(key.workspace)}" was found in a public place. It has been revoked: not one more request with it succeeds.`,
    lines: [
      'Make a new key for the program that used it, and remove the old one from the place where it was found.',
      'The audit trail says who reported it and where it was: look for security.suspicious_activity. See there, too, what was done with the key.',
    ],
    action: { label: 'Open Aionvision', url: `${key.origin}/` },
    token: null,
    closing: 'Owner and admins of a workspace get this mail.',
  })
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 100)
}
