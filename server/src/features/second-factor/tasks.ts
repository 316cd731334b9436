// Sends the mails about second factors, and removes pending sign-ins and ceremonies that were given up.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { findUserById } from '../accounts/queries.ts'
import { candidateLifeMs } from './enrol-totp.ts'
import { type FactorNotice, factorMail } from './mails.ts'
import { countRecoveryCodes, deleteExpired } from './queries.ts'

export function secondFactorTasks({ db, clock, mailer }: Pick<Deps, 'db' | 'clock' | 'mailer'>): Tasks {
  const tasks: Tasks['tasks'] = {
    async 'mail-factor-notice'(payload) {
      const { notice, user_id } = payload as { notice: FactorNotice; user_id: string }
      const user = await findUserById(db, user_id)
      if (!user) return
      const left = notice === 'recovery_code_used' ? await countRecoveryCodes(db, user_id) : null
      await mailer.send({ to: user.email, ...factorMail(notice, left) })
    },
    async 'purge-pending-logins'() {
      const now = clock.now()
      await deleteExpired(db, new Date(now), new Date(now - candidateLifeMs))
    },
  }
  return { tasks, cron: [{ task: 'purge-pending-logins', pattern: '*/10 * * * *' }] }
}
