// What the tab asks; usage may be asked for 30 times a minute, so nothing here asks by itself.
import type { Answer } from '@aionvision/sdk'
import { useQuery } from '@tanstack/react-query'
import { useApi } from '../../api.ts'

export type Period = 'day' | 'week' | 'month' | 'year'
export type LoggedRequest = Answer<'/api/v2/usage/log', 'get'>['events'][number]

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const spans = {
  day: { ms: 23 * hourMs, unitMs: hourMs, unit: 'hour' },
  week: { ms: 6 * dayMs, unitMs: dayMs, unit: 'day' },
  month: { ms: 29 * dayMs, unitMs: dayMs, unit: 'day' },
  year: { ms: 364 * dayMs, unitMs: dayMs, unit: 'month' },
} as const
export const unitOf = (period: Period) => spans[period].unit

/** From the beginning of its first hour or day, as the server counts them. */
function startOf(period: Period): string {
  const { ms, unitMs } = spans[period]
  return new Date(Math.floor((Date.now() - ms) / unitMs) * unitMs).toISOString()
}

export function useUsage(period: Period, keyId: string | undefined) {
  const api = useApi()
  return useQuery({
    queryKey: ['usage', 'charts', period, keyId ?? ''],
    queryFn: async () => {
      const query = { start_date: startOf(period), ...(keyId && { api_key_id: keyId }) }
      const [summary, byPeriod] = await Promise.all([
        api.request('GET', '/api/v2/usage/summary', { query }),
        api.request('GET', '/api/v2/usage/by-period', { query: { ...query, period_type: unitOf(period) } }),
      ])
      return { summary, points: byPeriod.data }
    },
  })
}

export function useTopEndpoints(period: Period) {
  const api = useApi()
  return useQuery({
    queryKey: ['usage', 'endpoints', period],
    queryFn: async () =>
      (await api.request('GET', '/api/v2/usage/top-endpoints', { query: { start_date: startOf(period), limit: 10 } })).endpoints,
  })
}

export function usePlanUsage() {
  const api = useApi()
  return useQuery({ queryKey: ['usage', 'plan'], queryFn: () => api.request('GET', '/api/v2/usage/plan') })
}

/** Before this service. */
const longAgo = '2020-01-01T00:00:00Z'

/** All that are kept, in four pages at most. */
export function useLog(keyId: string | undefined) {
  const api = useApi()
  return useQuery({
    queryKey: ['usage', 'log', keyId ?? ''],
    queryFn: async ({ signal }) => {
      const query = { start_date: longAgo, ...(keyId && { api_key_id: keyId }) }
      const rows: LoggedRequest[] = []
      for (let page = 1; ; page++) {
        const { events, pagination } = await api.request('GET', '/api/v2/usage/log', { query: { ...query, page }, signal })
        rows.push(...events)
        if (page >= pagination.total_pages) return rows
      }
    },
  })
}

/** What tells keys apart, by their id: two may have one name. */
export type KeyNames = ReadonlyMap<string, { readonly name: string; readonly prefix: string }>

export function useKeyNames() {
  const api = useApi()
  return useQuery({
    queryKey: ['keys', 'names'],
    queryFn: async (): Promise<KeyNames> => {
      const names = new Map<string, { name: string; prefix: string }>()
      for await (const { id, name, key_prefix } of api.apiKeys.list({ include_inactive: true }))
        names.set(id, { name, prefix: `${key_prefix}…` })
      return names
    },
  })
}
