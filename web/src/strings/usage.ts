// The Usage tab.
export const usage = {
  title: 'Usage',
  lead: 'Requests of API keys, refused ones too. Times are yours; days and hours are counted in UTC.',
  period: { label: 'Period', day: 'Last 24 hours', week: 'Last 7 days', month: 'Last 30 days', year: 'Last 12 months' },
  key: {
    label: 'Key',
    all: 'All keys',
    gone: 'A key that is gone',
    option: (name: string, prefix: string) => `${name} · ${prefix}`,
  },
  numbers: {
    requests: 'Requests',
    errors: 'Refused or failed',
    speed: 'Average answer',
    uploads: 'Uploads this month',
    milliseconds: (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`,
    share: (part: number, whole: number) => (whole === 0 ? 'of none' : `${((part / whole) * 100).toFixed(1)} %`),
    of: (limit: number) => (limit < 0 ? 'unlimited' : `of ${limit.toLocaleString('en')}`),
    projected: (count: number) => `${count.toLocaleString('en')} expected by the end of the month`,
    willExceed: 'That is more than the plan has.',
  },
  limit: {
    title: 'Busiest minute against the limit',
    text: (used: number, limit: number) => `${used} of ${limit} requests in the last minute, on the busiest key`,
  },
  chart: {
    title: 'Requests over time',
    requests: 'Requests',
    failed: 'Refused or failed',
    asTable: 'Show as table',
    asChart: 'Show as chart',
    when: 'When',
  },
  endpoints: {
    title: 'Top endpoints',
    lead: 'By number of requests in this period.',
    columns: { endpoint: 'Endpoint', requests: 'Requests', failed: 'Refused or failed', speed: 'Average' },
    none: 'No requests in this period.',
  },
  log: {
    title: 'Request log',
    lead: 'The newest 10,000 requests of this workspace.',
    columns: { when: 'When', method: 'Method', endpoint: 'Endpoint', status: 'Status', key: 'Key', speed: 'Time' },
    search: 'Search endpoint, error code or key',
    status: {
      label: 'Status',
      any: 'Every status',
      '2': '2xx succeeded',
      '4': '4xx refused',
      '429': '429 over the limit',
      '5': '5xx failed',
    },
    method: { label: 'Method', any: 'Every method' },
    count: (shown: number, all: number) =>
      shown === all
        ? `${all.toLocaleString('en')} requests`
        : `${shown.toLocaleString('en')} of ${all.toLocaleString('en')} requests`,
    limited: (count: number) => `${count.toLocaleString('en')} of them were over the limit (429)`,
    csv: 'Download as CSV',
    empty: 'No requests yet. They show here within seconds of the first one.',
    reload: 'Reload',
  },
} as const
