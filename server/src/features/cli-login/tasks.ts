// Forgets sign-ins that nobody finished.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { deleteExpired } from './queries.ts'

export function cliLoginTasks({ db, clock }: Pick<Deps, 'db' | 'clock'>): Tasks {
  return {
    tasks: { 'purge-cli-logins': () => deleteExpired(db, new Date(clock.now())) },
    cron: [{ task: 'purge-cli-logins', pattern: '*/15 * * * *' }],
  }
}
