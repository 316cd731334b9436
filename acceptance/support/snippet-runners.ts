// Which test runs which snippets: README and guides by page and language, error pages by acceptance/error-pages.test.ts.
import { documents } from './documents.ts'

export const own = 'acceptance/executed-snippets.test.ts'
/** Who runs a page's snippets of a language. Answers (`http`, `json`, `text`) are compared with what came. */
export const runners: Readonly<Record<string, string>> = {
  'README.md bash': 'acceptance/readme.test.ts',
  // Installing and testing from a clean checkout is what CI is.
  'README.md sh': '.ci/run',
  'docs/guide/api-keys.md bash': 'acceptance/authentication-guide.test.ts',
  'docs/guide/audit-trail.md bash': 'acceptance/audit-trail.test.ts',
  'docs/guide/authentication.md bash': 'acceptance/authentication-guide.test.ts',
  'docs/guide/authentication.md python': 'acceptance/authentication-guide.test.ts',
  'docs/guide/backup.md bash': 'acceptance/backup.test.ts',
  'docs/guide/clients.md bash': 'acceptance/long/generated-clients.long.ts',
  'docs/guide/clients.md text': 'acceptance/long/generated-clients.long.ts',
  'docs/guide/clients.md ts': 'acceptance/long/generated-clients.long.ts',
  'docs/guide/command-line.md bash': 'acceptance/cli.test.ts',
  'docs/guide/deploying.md yaml': 'acceptance/deploy.test.ts',
  'docs/guide/documents.md bash': 'acceptance/documents.test.ts',
  'docs/guide/errors.md json': own,
  'docs/guide/files.md bash': 'acceptance/variants.test.ts',
  'docs/guide/leaked-keys.md bash': 'acceptance/leaked-keys.test.ts',
  'docs/guide/leaked-keys.md json': own,
  'docs/guide/leaked-keys.md python': 'acceptance/leaked-keys.test.ts',
  'docs/guide/leaked-keys.md text': own,
  'docs/guide/own-bucket.md bash': own,
  'docs/guide/own-bucket.md json': own,
  'docs/guide/own-bucket.md ts': own,
  'docs/guide/plans.md bash': 'acceptance/authentication-guide.test.ts',
  'docs/guide/quick-start.md python': 'acceptance/authentication-guide.test.ts',
  'docs/guide/rate-limits.md python': 'acceptance/authentication-guide.test.ts',
  'docs/guide/second-factor.md bash': 'acceptance/second-factor.test.ts',
  'docs/guide/second-factor.md js': 'acceptance/browser/second-factor.test.ts',
  'docs/guide/self-hosting.md json': own,
  'docs/guide/self-hosting.md sh': own,
  'docs/guide/self-hosting.md text': 'acceptance/traces.test.ts',
  'docs/guide/sign-in-with-google.md bash': 'acceptance/identities.test.ts',
  'docs/guide/sign-in-with-google.md sh': own,
  'docs/guide/teams.md bash': 'acceptance/teams.test.ts',
  'docs/guide/tenant-policy.md bash': 'acceptance/teams.test.ts',
  'docs/guide/typescript-sdk.md bash': own,
  'docs/guide/typescript-sdk.md text': own,
  'docs/guide/typescript-sdk.md ts': own,
  'docs/guide/usage.md bash': 'acceptance/usage.test.ts',
  'docs/guide/webhooks.md bash': 'acceptance/webhooks.test.ts',
  'docs/guide/webhooks.md http': 'acceptance/webhooks.test.ts',
  'docs/guide/webhooks.md python': 'acceptance/webhooks.test.ts',
  'docs/guide/your-account.md bash': 'acceptance/your-account.test.ts',
}

/** Of programs that are no dependency of ours and not on every machine: pg_dump and rsync, docker, kubectl and helm. The exceptions, and they are told. */
export const notRun: readonly string[] = ['docs/guide/backup.md sh', 'docs/guide/deploying.md sh']

export const pages = documents().filter((file) => /^(README\.md|docs\/(guide|errors)\/)/.test(file))
