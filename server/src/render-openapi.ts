// The OpenAPI document of this build, without a database, a port or a disk: routes only describe themselves here.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { buildApp } from './app.ts'
import { readConfig } from './config.ts'
import type { Deps } from './deps.ts'
import { createLoginDelays } from './features/accounts/login-delays.ts'
import { createKeyAuthenticator } from './features/api-keys/authenticate-key.ts'
import { createRefusalSampler } from './features/audit/sample-refusals.ts'
import { readPlans } from './features/plans/plan-table.ts'
import { createLocalLimiter } from './features/rate-limits/rate-limiter.ts'
import { createSessionAuthenticator } from './features/sessions/authenticate-session.ts'
import { createUsageRecorder } from './features/usage/recorder.ts'
import { createChanges } from './platform/changes.ts'
import { systemClock } from './platform/clock.ts'
import { connect } from './platform/database/database.ts'
import { primaryReports } from './platform/database/reports.ts'
import { createJobs } from './platform/jobs.ts'
import { outboxMailer } from './platform/mailer.ts'
import { openStore } from './platform/object-store/open-store.ts'
import { createPasswords } from './platform/passwords.ts'
import { secretsFrom } from './platform/secrets.ts'

export async function renderOpenapi(): Promise<string> {
  const config = readConfig({})
  const log = pino({ level: 'silent' })
  const { pool, db } = connect({}, () => {})
  const clock = systemClock
  const secrets = secretsFrom(Buffer.alloc(32))
  const publicUrl = () => 'http://localhost:3000'
  const unused = join(tmpdir(), 'aionvision-openapi')
  const deps: Deps = {
    config,
    publicUrl,
    db,
    pool,
    reports: primaryReports(db),
    clock,
    secrets,
    log,
    tracing: null,
    webDirectory: null,
    audit: secrets.derive('audit'),
    plans: readPlans(undefined),
    changes: createChanges({ connection: {}, log }),
    limiter: createLocalLimiter({ clock, file: unused }),
    jobs: createJobs({ pool, log }),
    mailer: outboxMailer(unused, clock),
    store: await openStore({ s3: null, dataDir: unused, db, secrets, clock, log, publicUrl, findBucket: async () => null }),
    passwords: createPasswords(),
    delays: createLoginDelays(clock),
  }
  const app = await buildApp(deps, {
    keys: createKeyAuthenticator(deps),
    sessions: createSessionAuthenticator(deps),
    usage: createUsageRecorder(deps),
    refusals: createRefusalSampler(deps),
    draining: () => false,
  })
  await app.ready()
  const document = `${JSON.stringify(app.swagger(), null, 2)}\n`
  await app.close()
  await db.destroy()
  return document
}
