// The trail a page at a time, newest first, and the people in it by name.
import type { AuditEntry } from '@aionvision/sdk'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useApi } from '../../api.ts'
import { audit as text } from '../../strings/audit.ts'
import { boundsOf, type Filters } from './audit-filters.ts'

const pageSize = 100

export function useTrail(filters: Filters) {
  const api = useApi()
  const { event, actor, result } = filters
  const trail = useInfiniteQuery({
    queryKey: ['audit', 'trail', filters],
    queryFn: ({ pageParam: { offset, newest }, signal }) =>
      api.request('GET', '/api/v2/tenant/audit-logs', {
        query: {
          limit: pageSize,
          offset,
          ...boundsOf(filters, Date.now()),
          // Rows that come while somebody reads must not push the others from one page to the next.
          ...(newest && { date_to: newest }),
          ...(event && { event_type: event }),
          ...(actor && { user_id: actor }),
          ...(result && { result }),
        },
        signal,
      }),
    initialPageParam: { offset: 0, newest: '' },
    getNextPageParam: (last, all) =>
      last.has_more ? { offset: all.length * pageSize, newest: all[0]?.entries[0]?.event_timestamp ?? '' } : undefined,
  })
  const entries = useMemo<readonly AuditEntry[]>(() => trail.data?.pages.flatMap((page) => page.entries) ?? [], [trail.data])
  return { ...trail, entries, total: trail.data?.pages[0]?.total_count ?? 0 }
}

/** Their names by their ids; who has left is known by the id alone. */
export function useNames() {
  const api = useApi()
  const members = useQuery({
    queryKey: ['audit', 'members'],
    queryFn: () => api.request('GET', '/api/v2/tenant/members'),
    staleTime: 60_000,
  })
  return useMemo(() => {
    const joined = (members.data ?? []).filter(({ status }) => status === 'member')
    const names = new Map(joined.map(({ id, name, email }) => [id, name || email]))
    return { people: joined, nameOf: (id: string) => names.get(id) ?? text.somebody(id) }
  }, [members.data])
}
