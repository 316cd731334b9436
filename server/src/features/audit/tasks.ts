// Prunes the trail by plan, daily.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { pruneTrail } from './prune-trail.ts'
import { readTrails } from './queries.ts'

export function auditTasks(deps: Pick<Deps, 'db' | 'audit' | 'plans' | 'clock' | 'log'>): Tasks {
  return {
    tasks: {
      'prune-trails': async () => {
        let removed = 0
        for (let after: string | null = null; ; ) {
          const trails: string[] = await readTrails(deps.db, after, 500)
          for (const tenantId of trails) removed += await pruneTrail(deps, tenantId)
          after = trails.at(-1) ?? null
          if (after === null) break
        }
        if (removed > 0) deps.log.info({ removed }, 'pruned rows of trails that their plans no longer keep')
      },
    },
    cron: [{ task: 'prune-trails', pattern: '41 3 * * *' }],
  }
}
