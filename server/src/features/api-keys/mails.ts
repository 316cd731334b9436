// What people are told about keys: that one expires, and once a week which ones need a look.
import { type Content, renderLetter } from '../../platform/letter.ts'
import type { NeglectedKey } from './watch-queries.ts'

export function expiryMail(key: {
  name: string
  prefix: string
  workspace: string
  expiresAt: Date
  days: number
  origin: string
}): Content {
  return renderLetter({
    subject: `An API key expires in ${key.days === 1 ? 'a day' : `${key.days} days`}`,
    lead: `The key "${oneLine(key.name)}" (${key.prefix}…) of the workspace "${oneLine(key.workspace)}" expires on ${toMinute(key.expiresAt)}.`,
    lines: ['Rotate it before then: the old key goes on for a while beside the new one, and no program stands still.'],
    action: { label: 'Open Aionvision', url: `${key.origin}/` },
    token: null,
    closing: 'The person who made the key, owner and admins get this mail 14 days, 7 days and a day before.',
  })
}

/** What a list in a mail holds; the dashboard has all. */
const namesMax = 20

export function digestMail(digest: {
  workspace: string
  neverExpire: readonly NeglectedKey[]
  neverUsed: readonly NeglectedKey[]
  idle: readonly NeglectedKey[]
  origin: string
}): Content {
  return renderLetter({
    subject: 'API keys that need a look',
    lead: `In the workspace "${oneLine(digest.workspace)}" there are keys that nobody may need any more, or that would live for ever if they leaked.`,
    lines: [
      ...list('never expire', digest.neverExpire, ({ created_at }) => `made ${toDay(created_at)}`),
      ...list('were never used in 30 days or more', digest.neverUsed, ({ created_at }) => `made ${toDay(created_at)}`),
      ...list(
        'were not used for 90 days or more',
        digest.idle,
        ({ last_used_at }) => `used ${last_used_at ? toDay(last_used_at) : 'never'}`,
      ),
    ],
    action: { label: 'Open Aionvision', url: `${digest.origin}/` },
    token: null,
    closing: 'Owner and admins get this mail on Mondays, when there is something to say.',
  })
}

function list(what: string, keys: readonly NeglectedKey[], when: (key: NeglectedKey) => string): string[] {
  if (keys.length === 0) return []
  const names = keys.slice(0, namesMax).map((key) => `"${oneLine(key.name)}" (${key.key_prefix}…, ${when(key)})`)
  const more = keys.length > namesMax ? [`and ${keys.length - namesMax} more`] : []
  return [`${keys.length} ${what}: ${[...names, ...more].join(', ')}.`]
}

/** Names may hold line ends, which must not look like lines of ours. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 100)
}

const toDay = (at: Date) => at.toISOString().slice(0, 10)
const toMinute = (at: Date) => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
