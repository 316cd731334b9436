// What of the files is shown and in which order, as it stands in the address.
import { useNavigate, useSearch } from '@tanstack/react-router'

export const orders = {
  newest: { sort_by: 'created_at', sort_order: 'desc' },
  oldest: { sort_by: 'created_at', sort_order: 'asc' },
  title: { sort_by: 'title', sort_order: 'asc' },
  largest: { sort_by: 'size_bytes', sort_order: 'desc' },
  smallest: { sort_by: 'size_bytes', sort_order: 'asc' },
} as const
export type Order = keyof typeof orders
export type MediaType = 'image' | 'document'

export interface FileFilter {
  readonly q: string
  readonly type: MediaType | null
  readonly order: Order
}

interface FileAddress extends FileFilter {
  readonly view: 'gallery' | 'list'
  /** The file whose details are open. */
  readonly file: string | null
}

export function useFileAddress(): readonly [FileAddress, (change: Partial<FileAddress>) => void] {
  const search = useSearch({ strict: false }) as Readonly<Record<string, unknown>>
  const navigate = useNavigate()
  const address: FileAddress = {
    q: search.q === undefined ? '' : String(search.q),
    type: search.type === 'image' || search.type === 'document' ? search.type : null,
    order: typeof search.order === 'string' && Object.hasOwn(orders, search.order) ? (search.order as Order) : 'newest',
    view: search.view === 'list' ? 'list' : 'gallery',
    file: typeof search.file === 'string' ? search.file : null,
  }
  const change = (next: Partial<FileAddress>) => {
    const { q, type, order, view, file } = { ...address, ...next }
    const search = {
      ...(q && { q }),
      ...(type && { type }),
      ...(order !== 'newest' && { order }),
      ...(view !== 'gallery' && { view }),
      ...(file && { file }),
    }
    // The back button closes what was opened; it does not take letters out of a search.
    const replace = next.file === undefined
    void navigate({ to: '.', search, replace, resetScroll: false } as never)
  }
  return [address, change]
}
