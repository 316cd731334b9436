// The guides in the order of a newcomer's questions, under the headings of the docs' navigation.
export const groups = [
  { title: 'Start', slugs: ['quick-start', 'authentication', 'permissions', 'rate-limits', 'plans'] },
  { title: 'Files', slugs: ['uploads', 'batches', 'files', 'documents'] },
  { title: 'Keys and people', slugs: ['api-keys', 'leaked-keys', 'teams', 'tenant-policy', 'usage', 'audit-trail', 'webhooks'] },
  { title: 'Your account', slugs: ['accounts-and-sessions', 'second-factor', 'sign-in-with-google', 'your-account'] },
  { title: 'Tools', slugs: ['typescript-sdk', 'command-line', 'clients', 'errors'] },
  { title: 'Run it yourself', slugs: ['self-hosting', 'deploying', 'scaling', 'backup', 'own-bucket'] },
] as const

export const guides: readonly string[] = groups.flatMap(({ slugs }) => slugs)
