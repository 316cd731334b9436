// Forgets deliveries that nobody will ask about any more.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { deleteDeliveriesBefore } from './queries.ts'

const rememberedMs = 30 * 24 * 3_600_000

export function webhookTasks({ db, clock }: Pick<Deps, 'db' | 'clock'>): Tasks {
  return {
    tasks: {
      'forget-deliveries': () => deleteDeliveriesBefore(db, new Date(clock.now() - rememberedMs)),
    },
    cron: [{ task: 'forget-deliveries', pattern: '17 4 * * *' }],
  }
}
