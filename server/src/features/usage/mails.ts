// What owner and admins are told about a month's uploads.
import { type Content, renderLetter } from '../../platform/letter.ts'

export function usageMail({
  share,
  used,
  limit,
  workspace,
  resets,
  origin,
}: {
  share: 80 | 100
  used: number
  limit: number
  workspace: string
  resets: Date
  origin: string
}): Content {
  const day = resets.toISOString().slice(0, 10)
  return renderLetter({
    subject: share === 100 ? "This month's uploads are used up" : `${share} % of this month's uploads are used`,
    lead: `The workspace "${workspace}" has used ${used} of ${limit} uploads of this month.`,
    lines: [
      share === 100
        ? `Further uploads are refused until ${day}, UTC, when a new month begins. A larger plan ends the wait at once.`
        : `When all are used, further uploads are refused until ${day}, UTC. A larger plan has more.`,
    ],
    action: { label: 'Look at the usage', url: `${origin}/` },
    token: null,
    closing: 'Owner and admins of a workspace get this mail, once a month for each mark.',
  })
}
