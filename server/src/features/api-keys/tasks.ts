// Mails about keys that expire, and the weekly digest of those that need care.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { findRecipient, selectManagers } from '../tenants/manager-queries.ts'
import { digestMail, expiryMail } from './mails.ts'
import { findKey } from './queries.ts'
import {
  type ExpiringKey,
  type Neglect,
  noteOnce,
  selectExpiring,
  selectNeglected,
  selectTenantsWithNeglected,
} from './watch-queries.ts'

type Needs = Pick<Deps, 'db' | 'clock' | 'jobs' | 'mailer' | 'publicUrl'>

interface ExpiryLetter {
  readonly key_id: string
  readonly tenant_id: string
  readonly user_id: string
  readonly days: number
}
interface DigestLetter {
  readonly tenant_id: string
  readonly user_id: string
}

const dayMs = 24 * 3_600_000
/** Days before expiry; of those that passed unnoticed only the last is told. */
const marks = [1, 7, 14] as const
const unusedMs = 30 * dayMs
const idleMs = 90 * dayMs
const pageSize = 500

export function keyTasks(deps: Needs): Tasks {
  return {
    tasks: {
      'warn-of-expiry': () => warnOfExpiry(deps),
      'mail-key-expiry': (payload) => mailExpiry(deps, payload as unknown as ExpiryLetter),
      'send-key-digests': () => sendDigests(deps),
      'mail-key-digest': (payload) => mailDigest(deps, payload as unknown as DigestLetter),
    },
    cron: [
      { task: 'warn-of-expiry', pattern: '13 * * * *' },
      { task: 'send-key-digests', pattern: '0 8 * * 1' },
    ],
  }
}

async function warnOfExpiry({ db, clock, jobs }: Needs): Promise<void> {
  const now = clock.now()
  let before = 0
  for (const days of marks) {
    const kind = `key_expires_in_${days}`
    const window = {
      from: new Date(now + before * dayMs),
      to: new Date(now + days * dayMs),
      lifeMs: days * dayMs,
      kind,
      limit: pageSize,
    }
    for (let page: ExpiringKey[] = []; ; ) {
      page = await selectExpiring(db, window)
      for (const key of page)
        await db.transaction().execute(async (trx) => {
          if (!(await noteOnce(trx, key.id, kind, key.expires_at))) return
          for (const user_id of new Set([key.created_by, ...(await selectManagers(trx, key.tenant_id))]))
            await jobs.add(trx, 'mail-key-expiry', {
              key_id: key.id,
              tenant_id: key.tenant_id,
              user_id,
              days,
            } satisfies ExpiryLetter)
        })
      if (page.length < pageSize) break
    }
    before = days
  }
}

async function mailExpiry({ db, mailer, publicUrl }: Needs, { key_id, tenant_id, user_id, days }: ExpiryLetter): Promise<void> {
  const key = await findKey(db, tenant_id, key_id)
  const recipient = await findRecipient(db, tenant_id, user_id)
  // Revoked or rotated meanwhile, or the person has left: nobody needs the mail any more.
  if (!key?.expires_at || key.revoked_at || key.rotated_to || !recipient) return
  await mailer.send({
    to: recipient.email,
    ...expiryMail({
      name: key.name,
      prefix: key.key_prefix,
      workspace: recipient.workspace,
      expiresAt: key.expires_at,
      days,
      origin: publicUrl(),
    }),
  })
}

function neglectAt(now: number): Neglect {
  return { now: new Date(now), unusedBefore: new Date(now - unusedMs), idleBefore: new Date(now - idleMs) }
}

async function sendDigests({ db, clock, jobs }: Needs): Promise<void> {
  const now = clock.now()
  for (let after: string | null = null; ; ) {
    const page: string[] = await selectTenantsWithNeglected(db, neglectAt(now), after, pageSize)
    for (const tenant_id of page)
      await db.transaction().execute(async (trx) => {
        if (!(await noteOnce(trx, tenant_id, 'key_digest', mondayOf(now)))) return
        for (const user_id of await selectManagers(trx, tenant_id))
          await jobs.add(trx, 'mail-key-digest', { tenant_id, user_id } satisfies DigestLetter)
      })
    after = page.at(-1) ?? null
    if (after === null) return
  }
}

/** Midnight, UTC, of the Monday at or before: 1970 began on a Thursday. */
function mondayOf(now: number): Date {
  const day = Math.floor(now / dayMs)
  return new Date((day - ((day + 3) % 7)) * dayMs)
}

async function mailDigest({ db, clock, mailer, publicUrl }: Needs, { tenant_id, user_id }: DigestLetter): Promise<void> {
  const recipient = await findRecipient(db, tenant_id, user_id)
  if (!recipient) return
  const neglect = neglectAt(clock.now())
  const keys = await selectNeglected(db, tenant_id, neglect)
  if (keys.length === 0) return
  await mailer.send({
    to: recipient.email,
    ...digestMail({
      workspace: recipient.workspace,
      neverExpire: keys.filter(({ expires_at }) => expires_at === null),
      neverUsed: keys.filter(({ last_used_at, created_at }) => last_used_at === null && created_at < neglect.unusedBefore),
      idle: keys.filter(({ last_used_at }) => last_used_at !== null && last_used_at < neglect.idleBefore),
      origin: publicUrl(),
    }),
  })
}
