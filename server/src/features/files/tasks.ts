// What becomes of files after a request: the variants of images.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { makeVariants, queueMissingVariants } from './make-variants.ts'

export function fileTasks(deps: Pick<Deps, 'db' | 'clock' | 'store' | 'jobs' | 'log'>): Tasks {
  return {
    tasks: {
      'make-variants': (payload) => makeVariants(deps, (payload as { file_id: string }).file_id),
      'queue-missing-variants': () => queueMissingVariants(deps),
    },
    cron: [{ task: 'queue-missing-variants', pattern: '*/10 * * * *' }],
  }
}
