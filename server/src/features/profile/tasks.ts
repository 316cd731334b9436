// What follows from a person's changes to their account: mails, and the bytes of a deleted one.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { deriveToken } from '../accounts/one-time-token.ts'
import { findTokenById, findUserByEmail } from '../accounts/queries.ts'
import { objectPrefixesOf } from '../uploads/filename.ts'
import { addressTakenMail, confirmAddressMail, type Notice, noticeMail } from './mails.ts'
import { selectObjectKeys } from './queries.ts'

const objectsAtOnce = 500

export function profileTasks({
  db,
  mailer,
  secrets,
  clock,
  store,
  publicUrl,
}: Pick<Deps, 'db' | 'mailer' | 'secrets' | 'clock' | 'store' | 'publicUrl'>): Tasks {
  const tasks: Tasks['tasks'] = {
    async 'mail-email-change'(payload) {
      const row = await findTokenById(db, (payload as { token_id: string }).token_id)
      // Used, ended or replaced meanwhile: nobody needs the mail any more.
      if (!row?.new_email || row.consumed_at || row.expires_at.getTime() <= clock.now()) return
      const origin = publicUrl()
      const mail = (await findUserByEmail(db, row.new_email))
        ? addressTakenMail({ origin })
        : confirmAddressMail({ token: deriveToken(secrets, row.id), origin })
      await mailer.send({ to: row.new_email, ...mail })
    },
    async 'mail-notice'(payload) {
      const { notice, to } = payload as { notice: Notice; to: string }
      await mailer.send({ to, ...noticeMail(notice) })
    },
    async 'delete-objects'(payload) {
      const prefixes = objectPrefixesOf((payload as { tenant_id: string }).tenant_id)
      for (;;) {
        const keys = await selectObjectKeys(db, prefixes, objectsAtOnce)
        for (const key of keys) await (await db.transaction().execute((trx) => store.remove(trx, key)))()
        if (keys.length < objectsAtOnce) return
      }
    },
  }
  return { tasks, cron: [] }
}
