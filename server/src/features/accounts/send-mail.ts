// Mail as jobs: written in the deed's transaction, holding a row's id and no token, sent and retried after it.
import type { Deps } from '../../deps.ts'
import type { Trx } from '../../platform/database/database.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { alreadyRegisteredMail, resetPasswordMail, verifyEmailMail } from './mails.ts'
import { deriveToken } from './one-time-token.ts'
import { deleteTokensBefore, findTokenById, findUserById } from './queries.ts'

/** So long a link that is too old is told from one that never was. */
const tokensKeptMs = 30 * 24 * 3_600_000

export async function mailOneTimeToken({ jobs }: Pick<Deps, 'jobs'>, trx: Trx, tokenId: string): Promise<void> {
  await jobs.add(trx, 'mail-one-time-token', { token_id: tokenId })
}

export async function mailAlreadyRegistered({ jobs }: Pick<Deps, 'jobs'>, trx: Trx, userId: string): Promise<void> {
  await jobs.add(trx, 'mail-already-registered', { user_id: userId })
}

export function accountTasks({
  db,
  mailer,
  secrets,
  clock,
  publicUrl,
}: Pick<Deps, 'db' | 'mailer' | 'secrets' | 'clock' | 'publicUrl'>): Tasks {
  const tasks: Tasks['tasks'] = {
    async 'mail-one-time-token'(payload) {
      const row = await findTokenById(db, (payload as { token_id: string }).token_id)
      // Used, ended or replaced meanwhile: nobody needs the mail any more.
      if (!row || row.consumed_at || row.expires_at.getTime() <= clock.now()) return
      const user = await findUserById(db, row.user_id)
      if (!user) return
      const token = deriveToken(secrets, row.id)
      if (row.purpose === 'change_email') return
      const mail = row.purpose === 'verify_email' ? verifyEmailMail : resetPasswordMail
      await mailer.send({ to: user.email, ...mail({ token, origin: publicUrl() }) })
    },
    async 'purge-one-time-tokens'() {
      await deleteTokensBefore(db, new Date(clock.now() - tokensKeptMs))
    },
    async 'mail-already-registered'(payload) {
      const user = await findUserById(db, (payload as { user_id: string }).user_id)
      if (user) await mailer.send({ to: user.email, ...alreadyRegisteredMail({ origin: publicUrl() }) })
    },
  }
  return { tasks, cron: [{ task: 'purge-one-time-tokens', pattern: '37 4 * * *' }] }
}
