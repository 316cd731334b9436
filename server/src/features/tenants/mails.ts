// The mail that asks somebody to join.
import { type Content, renderLetter } from '../../platform/letter.ts'

export function invitationMail(invitation: {
  token: string
  origin: string
  tenantName: string
  inviterEmail: string
  role: string
}): Content {
  const { token, origin, inviterEmail, role } = invitation
  const workspace = plain(invitation.tenantName)
  return renderLetter({
    subject: workspace ? `Join ${workspace} on Aionvision` : 'Join a workspace on Aionvision',
    lead: `${inviterEmail} invites you to ${workspace ? `the workspace ${workspace}` : 'a workspace'}, as ${role}. The link works for 7 days.`,
    action: { label: 'See the invitation', url: `${origin}/auth/accept-invitation?token=${token}` },
    token,
    closing: 'If you do not know the sender, ignore this mail: nothing happens without the link.',
  })
}

/** The name is a stranger's text to whoever is invited: letters and digits only, so that no mail program makes a link of it (S21). */
function plain(name: string): string {
  return name
    .replace(/[^\p{L}\p{M}\p{N} &'-]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim()
    .slice(0, 60)
}
