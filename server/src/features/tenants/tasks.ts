// Invitations as mail: a job that holds a row's id and no token; and the rows that nobody needs any more.
import type { Deps } from '../../deps.ts'
import type { Trx } from '../../platform/database/database.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { deriveToken } from '../accounts/one-time-token.ts'
import { findUserById } from '../accounts/queries.ts'
import { deleteOldInvitations, findOpenInvitation } from './invitation-queries.ts'
import { invitationMail } from './mails.ts'
import { findTenant } from './queries.ts'

/** Kept for a month after their end, for questions about what became of them. */
const keptMs = 30 * 24 * 3_600_000

export async function mailInvitation({ jobs }: Pick<Deps, 'jobs'>, trx: Trx, invitationId: string): Promise<void> {
  await jobs.add(trx, 'mail-invitation', { invitation_id: invitationId })
}

export function tenantTasks({
  db,
  mailer,
  secrets,
  clock,
  publicUrl,
}: Pick<Deps, 'db' | 'mailer' | 'secrets' | 'clock' | 'publicUrl'>): Tasks {
  return {
    tasks: {
      async 'mail-invitation'(payload) {
        const id = (payload as { invitation_id: string }).invitation_id
        const row = await findOpenInvitation(db, id, new Date(clock.now()))
        // Withdrawn, replaced or accepted meanwhile: nobody needs the mail any more.
        if (!row) return
        const [tenant, inviter] = await Promise.all([findTenant(db, row.tenant_id), findUserById(db, row.invited_by)])
        if (!tenant || !inviter) return
        const token = deriveToken(secrets, row.id)
        await mailer.send({
          to: row.email,
          ...invitationMail({
            token,
            origin: publicUrl(),
            tenantName: tenant.name,
            inviterEmail: inviter.email,
            role: row.role,
          }),
        })
      },
      async 'tidy-invitations'() {
        await deleteOldInvitations(db, new Date(clock.now() - keptMs))
      },
    },
    cron: [{ pattern: '17 3 * * *', task: 'tidy-invitations' }],
  }
}
