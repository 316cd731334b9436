// What the tab asks the server: pages of the list as they come into sight, one file, and what the plan leaves.
import type { UserFile } from '@aionvision/sdk'
import { keepPreviousData, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { useApi } from '../../api.ts'
import { fileWords as text } from '../../strings/files.ts'
import { useToast } from '../../ui/toast.tsx'
import { type FileFilter, orders } from './file-filter.ts'

export const pageSize = 60
const undoAtOnce = 5
/** Of one request to delete. */
const batchMax = 100

/** Pictures of what has just come are on their way. */
const previewsMs = 2_000
const isComing = ({ variant_status }: Pick<UserFile, 'variant_status'>) =>
  variant_status === 'pending' || variant_status === 'processing'

/** `at(index)` is undefined while its page is on the way; only pages between `first` and `last` are asked for. */
export function useFiles({ q, type, order }: FileFilter, [first, last]: readonly [number, number]) {
  const api = useApi()
  const page = (number: number) => ({
    queryKey: ['files', 'list', q, type, order, number],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      api.request('GET', '/api/v2/user-files', {
        query: {
          ...orders[order],
          ...(q && { search: q }),
          ...(type && { media_types: [type] }),
          limit: pageSize,
          offset: number * pageSize,
        },
        signal,
      }),
    refetchInterval: ({ state }: { state: { data?: { readonly files: readonly UserFile[] } | undefined } }) =>
      state.data?.files.some(isComing) ? previewsMs : (false as const),
  })
  // The first page tells how many there are; while another filter is asked for, what was found before stays.
  const head = useQuery({ ...page(0), placeholderData: keepPreviousData })
  const total = head.data?.total_count ?? 0
  const from = Math.max(1, Math.floor(first / pageSize))
  const to = Math.min(Math.ceil(total / pageSize) - 1, Math.floor(last / pageSize))
  const rest = useQueries({
    queries: Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => page(from + index)),
  })
  const at = (index: number): UserFile | undefined => {
    const number = Math.floor(index / pageSize)
    const data = number === 0 ? head.data : rest[number - from]?.data
    return data?.files[index % pageSize]
  }
  return { ...head, total, at, stale: head.isPlaceholderData }
}

/** By its id. */
export function useFile(id: string) {
  const api = useApi()
  return useQuery({
    queryKey: ['files', 'one', id],
    queryFn: () => api.files.get(id),
    // Until the smaller copies are there.
    refetchInterval: ({ state }) => (state.data && isComing(state.data) ? previewsMs : false),
  })
}

/** -1 is without a limit. */
export function useLimits() {
  const api = useApi()
  return useQuery({ queryKey: ['limits'], queryFn: () => api.request('GET', '/api/v2/tenant/limits') })
}

export function useRefreshFiles(): () => Promise<unknown> {
  const queries = useQueryClient()
  return useCallback(
    () => Promise.all(['files', 'limits', 'first-steps'].map((area) => queries.invalidateQueries({ queryKey: [area] }))),
    [queries],
  )
}

export const nameOf = (file: Pick<UserFile, 'title' | 'id'> & { filename?: string | null; original_filename?: string | null }) =>
  file.title || file.filename || file.original_filename || file.id.slice(0, 8)

/** Deletes, and offers the way back. `name` is for when it is one. */
export function useDeleteFiles(): (ids: readonly string[], name: string) => Promise<void> {
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshFiles()
  return useCallback(
    async (ids, name) => {
      const restore = async (deleted: readonly string[]) => {
        const left = [...deleted]
        const work = async () => {
          for (let id = left.pop(); id; id = left.pop()) await api.files.restore(id)
        }
        try {
          await Promise.all(Array.from({ length: undoAtOnce }, work))
          toast({ title: text.restored(deleted.length) })
        } catch (error) {
          toast({ title: error instanceof Error ? error.message : String(error), kind: 'failed' })
        }
        await refresh()
      }
      const deleted: string[] = []
      try {
        for (let from = 0; from < ids.length; from += batchMax) {
          const answer = await api.request('POST', '/api/v2/user-files/batch-delete', {
            body: { file_ids: ids.slice(from, from + batchMax) },
          })
          deleted.push(...answer.deleted.map(({ id }) => id))
        }
        if (deleted.length < ids.length) toast({ title: text.notRemoved(ids.length - deleted.length), kind: 'failed' })
      } catch (error) {
        toast({ title: error instanceof Error ? error.message : String(error), kind: 'failed' })
      }
      if (deleted.length > 0)
        toast({ title: text.removed(deleted.length, name), detail: text.removedDetail, undo: () => void restore(deleted) })
      await refresh()
    },
    [api, toast, refresh],
  )
}

/** Signed for a moment, and handed to the browser, which writes it to the disk as it comes. */
export function useDownload(): (id: string) => Promise<void> {
  const api = useApi()
  const toast = useToast()
  return useCallback(
    async (id) => {
      try {
        const { original_url } = await api.files.get(id)
        if (!original_url) return
        const link = document.createElement('a')
        link.href = original_url
        link.download = ''
        link.click()
      } catch (error) {
        toast({ title: error instanceof Error ? error.message : String(error), kind: 'failed' })
      }
    },
    [api, toast],
  )
}
