// The filters as the address has them, and as the API wants them.
const periods = ['any', 'day', 'week', 'month', 'custom'] as const
export type Period = (typeof periods)[number]
export const results = ['success', 'failure', 'denied'] as const

export interface Filters {
  readonly event: string
  readonly actor: string
  readonly result: string
  readonly period: Period
  /** Days of the reader's zone, for `custom`: 2026-01-31. */
  readonly from: string
  readonly to: string
}

export const noFilters: Filters = { event: '', actor: '', result: '', period: 'any', from: '', to: '' }

const dayMs = 86_400_000
const lengths: Readonly<Partial<Record<Period, number>>> = { day: dayMs, week: 7 * dayMs, month: 30 * dayMs }
const isDay = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text)

export function filtersOf(search: Readonly<Record<string, unknown>>): Filters {
  const text = (name: string) => (typeof search[name] === 'string' ? search[name] : '')
  return {
    event: text('event'),
    actor: /^[0-9a-f-]{36}$/i.test(text('actor')) ? text('actor') : '',
    result: results.find((result) => result === search.result) ?? '',
    period: periods.find((period) => period === search.period) ?? 'any',
    from: isDay(text('from')) ? text('from') : '',
    to: isDay(text('to')) ? text('to') : '',
  }
}

/** Only what differs from no filter at all stands in the address. */
export function toSearch(filters: Filters): Record<string, string> {
  const { period, from, to, ...rest } = filters
  const named = { ...rest, ...(period !== 'any' && { period }), ...(period === 'custom' && { from, to }) }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== ''))
}

/** Both ends inclusive.  */
export function boundsOf({ period, from, to }: Filters, now: number): { date_from?: string; date_to?: string } {
  const length = lengths[period]
  if (length) return { date_from: new Date(now - length).toISOString() }
  if (period !== 'custom') return {}
  return {
    ...(from && { date_from: new Date(`${from}T00:00:00`).toISOString() }),
    ...(to && { date_to: new Date(`${to}T23:59:59.999`).toISOString() }),
  }
}
