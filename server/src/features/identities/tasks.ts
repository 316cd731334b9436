// Removes sign-ins elsewhere that were given up.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { deleteExpiredStates } from './queries.ts'

export function identityTasks({ db, clock }: Pick<Deps, 'db' | 'clock'>): Tasks {
  return {
    tasks: { 'sweep-oidc-states': () => deleteExpiredStates(db, new Date(clock.now())) },
    cron: [{ task: 'sweep-oidc-states', pattern: '*/10 * * * *' }],
  }
}
