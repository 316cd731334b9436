// What the composition root hands out; each feature names the few it needs with Pick.
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { LoginDelays } from './features/accounts/login-delays.ts'
import type { Plans } from './features/plans/plan-table.ts'
import type { RateLimiter } from './features/rate-limits/rate-limiter.ts'
import type { Changes } from './platform/changes.ts'
import type { Clock } from './platform/clock.ts'
import type { Db } from './platform/database/database.ts'
import type { Reports } from './platform/database/reports.ts'
import type { Jobs } from './platform/jobs.ts'
import type { Mailer } from './platform/mailer.ts'
import type { ObjectStore } from './platform/object-store/object-store.ts'
import type { Passwords } from './platform/passwords.ts'
import type { Secrets } from './platform/secrets.ts'
import type { Tracing } from './platform/tracing.ts'

export interface Deps {
  readonly config: Config
  /** The origin that links and upload URLs carry, known once the port is. */
  readonly publicUrl: () => string
  readonly db: Db
  readonly pool: pg.Pool
  /** Where long reads go. */
  readonly reports: Reports
  readonly clock: Clock
  readonly secrets: Secrets
  /** Key of the trail's HMAC chain, kept outside the database. */
  readonly audit: Buffer
  readonly plans: Plans
  readonly changes: Changes
  readonly limiter: RateLimiter
  readonly jobs: Jobs
  readonly mailer: Mailer
  readonly store: ObjectStore
  readonly passwords: Passwords
  /** Counts wrong passwords per account, wherever one is asked for. */
  readonly delays: LoginDelays
  /** What web/ built: the pages, and the files they load; null serves none. */
  readonly webDirectory: string | null
  readonly log: Logger
  /** Null where no endpoint for traces is configured. */
  readonly tracing: Tracing | null
}
