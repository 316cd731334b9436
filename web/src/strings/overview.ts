// The first tab.
export const overview = {
  title: 'Overview',
  lead: (workspace: string) => `What happens in ${workspace}.`,
  start: {
    title: 'First steps',
    lead: (done: number, of: number) => `${done} of ${of} done`,
    steps: {
      verify: ['Verify your address', 'Follow the link in the mail we sent.', 'Send it again'],
      plan: ['Choose a plan with API access', 'FREE stores files; programs need STARTER or more.', 'See plans'],
      key: ['Create an API key', 'One for each program.', 'Create key'],
      request: ['Make the first request', 'It stands beside a new key, in curl, Python and TypeScript.', 'Open the quick start'],
      upload: ['Upload the first file', 'By a program, or by dropping one into the Files tab.', 'Open files'],
    },
    done: 'Done',
    sent: 'A mail is on its way',
  },
  numbers: {
    requests: 'Requests in the last 7 days',
    errors: 'Refused or failed',
    speed: 'Average answer',
    none: '–',
    milliseconds: (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`,
    share: (part: number, whole: number) => `${((part / whole) * 100).toFixed(1)} % of all`,
  },
  chart: 'Requests a day',
  quiet: 'No program has called the API in these seven days.',
  limits: {
    title: 'Against the plan',
    lead: 'The busiest key’s last minute, this month’s uploads, the storage, the keys.',
    perMinute: 'Requests a minute, busiest key',
    uploads: 'Uploads this month',
    storage: 'Storage',
    keys: 'Active keys',
    of: (used: string, limit: string | null) => (limit === null ? `${used}, unlimited` : `${used} of ${limit}`),
  },
} as const
