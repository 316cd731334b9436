// What the tab asks the server, and what is asked anew after a change.
import type { ApiKey } from '@aionvision/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useAllPages } from '../../all-pages.ts'
import { useApi } from '../../api.ts'
import { useSession } from '../session.ts'

export function useKeys(includeInactive: boolean) {
  const api = useApi()
  return useAllPages<ApiKey>(
    ['keys', 'all', includeInactive],
    async (offset, limit, signal) => {
      const { api_keys, total } = await api.request('GET', '/api/v2/api-keys', {
        query: { include_inactive: includeInactive, limit, offset },
        signal,
      })
      return { items: api_keys, total }
    },
    // The server gives a thousand at most; of half as many a phone still takes each page in its stride.
    { pageSize: 500 },
  )
}

export function useRefreshKeys(): () => Promise<void> {
  const queries = useQueryClient()
  return useCallback(() => queries.invalidateQueries({ queryKey: ['keys'] }), [queries])
}

/** Names by user id. */
export function useMemberNames(): ReadonlyMap<string, string> {
  const api = useApi()
  const { user } = useSession()
  const members = useQuery({ queryKey: ['members'], queryFn: () => api.request('GET', '/api/v2/tenant/members') })
  // The same one until it changes: tables are made anew with it.
  return useMemo(
    () => new Map([[user.user_id, user.name], ...(members.data ?? []).map(({ id, name }) => [id, name] as const)]),
    [user, members.data],
  )
}

export function usePolicy(enabled: boolean) {
  const api = useApi()
  return useQuery({ queryKey: ['policy'], queryFn: () => api.request('GET', '/api/v2/tenant/policy'), enabled })
}

/** Usage may be asked for 30 times a minute. */
const watchMs = 10_000

/** A key as it is now: what a list says about its last use may be minutes old. */
export function useKeyNow(listed: ApiKey): ApiKey {
  const api = useApi()
  const { data } = useQuery({
    queryKey: ['keys', 'one', listed.id],
    queryFn: () => api.request('GET', '/api/v2/api-keys/{api_key_id}', { params: { api_key_id: listed.id } }),
    staleTime: 0,
    refetchInterval: watchMs,
  })
  return data ?? listed
}

/** Requests with a key since an instant; asked again while it is on the screen. */
export function useRequestsSince(keyId: string, since: string | undefined) {
  const api = useApi()
  return useQuery({
    queryKey: ['keys', 'since', keyId, since],
    enabled: since !== undefined,
    refetchInterval: watchMs,
    queryFn: async () => {
      const query = { api_key_id: keyId, ...(since !== undefined && { start_date: since }) }
      const { last_used_at } = await api.request('GET', '/api/v2/api-keys/{api_key_id}', { params: { api_key_id: keyId } })
      // Usage is counted by the minute: what came just before, in the same minute, is not since.
      if (since === undefined || last_used_at === null || Date.parse(last_used_at) <= Date.parse(since)) return 0
      const { usage } = await api.request('GET', '/api/v2/usage/summary', { query })
      return Math.max(1, usage.total_requests)
    },
  })
}
