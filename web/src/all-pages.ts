// A list as long as it is: the first page at once, the others as they come, several at a time.
import { type QueryKey, useQuery } from '@tanstack/react-query'
import { useState } from 'react'

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly total: number
}

const atOnce = 6

/** `rows` grows while `loading`; `pagesMax` is where a list ends that the server cuts off. */
export function useAllPages<Item>(
  queryKey: QueryKey,
  load: (offset: number, limit: number, signal: AbortSignal) => Promise<Page<Item>>,
  {
    pagesMax = 1_000,
    pageSize = 100,
    enabled = true,
    watchMs,
  }: {
    readonly pagesMax?: number
    readonly pageSize?: number
    readonly enabled?: boolean
    /** How soon it is asked again; false for not at all. */
    readonly watchMs?: (rows: readonly Item[]) => number | false
  } = {},
) {
  const [partial, setPartial] = useState<readonly Item[] | null>(null)
  const query = useQuery<readonly Item[]>({
    queryKey,
    enabled,
    refetchInterval: ({ state: { data } }) => (data && watchMs ? watchMs(data) : false),
    queryFn: async ({ signal }) => {
      const first = await load(0, pageSize, signal)
      let rows: readonly Item[] = first.items
      const pages = Math.min(pagesMax, Math.ceil(first.total / pageSize))
      if (pages > 1) setPartial(rows)
      for (let next = 1; next < pages; next += atOnce) {
        const some = Array.from({ length: Math.min(atOnce, pages - next) }, (_, index) => next + index)
        const loaded = await Promise.all(some.map((page) => load(page * pageSize, pageSize, signal)))
        rows = rows.concat(...loaded.map(({ items }) => items))
        setPartial(rows)
      }
      setPartial(null)
      return rows
    },
  })
  return { ...query, rows: query.data ?? partial, loading: query.isFetching }
}
