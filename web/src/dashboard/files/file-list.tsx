// Files as a table, sorted by its headers; only the rows in sight are in the page.
import type { UserFile } from '@aionvision/sdk'
import { ArrowDown, ArrowUp, Download, Trash2 } from 'lucide-react'
import { memo, type ReactNode, useEffect, useRef } from 'react'
import { common } from '../../strings/common.ts'
import { fileWords as text } from '../../strings/files.ts'
import { formatBytes } from '../../ui/bytes.ts'
import { classes } from '../../ui/classes.ts'
import { Skeleton } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import type { Order } from './file-filter.ts'
import { nameOf } from './file-queries.ts'
import type { FileViewProps } from './file-views.ts'
import { Preview } from './preview.tsx'
import { useVirtualRows } from './virtual-rows.ts'

const rowHeight = 56
const template =
  'grid grid-cols-[2.75rem_minmax(0,1fr)_5.5rem] items-center sm:grid-cols-[2.75rem_minmax(0,1fr)_5.5rem_6rem_8.5rem_5.5rem]'

interface Props extends FileViewProps {
  readonly order: Order
  readonly onOrder: (order: Order) => void
  readonly onDownload: (id: string) => void
  readonly onDelete: (id: string, name: string) => void
  /** Why nothing can be deleted. */
  readonly reason: string | null
}

export function FileList({
  total,
  at,
  onRange,
  isSelected,
  onSelect,
  onOpen,
  order,
  onOrder,
  onDownload,
  onDelete,
  reason,
}: Props) {
  const box = useRef<HTMLDivElement>(null)
  const { rows, first, last, totalHeight } = useVirtualRows(box, total, rowHeight)
  useEffect(() => onRange(first, last), [onRange, first, last])
  return (
    <div role="table" aria-label={text.gallery} aria-rowcount={total + 1} className="rounded-card border border-line bg-raised">
      <div
        role="rowgroup"
        className="sticky top-0 z-10 rounded-t-card border-b border-line bg-sunken text-[0.8125rem] font-medium text-muted"
      >
        <div role="row" aria-rowindex={1} className={template}>
          <div role="columnheader">
            <span className="sr-only">{common.more}</span>
          </div>
          <Header label={text.columns.name} ascending="title" order={order} onOrder={onOrder} />
          <Header label={text.columns.type} className="max-sm:hidden" />
          <Header
            label={text.columns.size}
            descending="largest"
            ascending="smallest"
            order={order}
            onOrder={onOrder}
            className="max-sm:hidden"
          />
          <Header
            label={text.columns.created}
            descending="newest"
            ascending="oldest"
            order={order}
            onOrder={onOrder}
            className="max-sm:hidden"
          />
          <Header label={<span className="sr-only">{text.columns.actions}</span>} />
        </div>
      </div>
      <div ref={box} role="rowgroup" className="relative" style={{ height: totalHeight }}>
        {rows.map(({ index, top }) => {
          const file = at(index)
          return (
            <div
              key={file?.id ?? `blank-${index}`}
              role="row"
              aria-rowindex={index + 2}
              className={classes(
                template,
                'absolute inset-x-0 top-0 border-b border-line',
                index === total - 1 && 'border-b-0',
                file && isSelected(file.id) ? 'bg-accent-soft' : 'hover:bg-sunken',
              )}
              style={{ height: rowHeight, transform: `translateY(${top}px)` }}
            >
              {file ? (
                <Cells
                  file={file}
                  index={index}
                  selected={isSelected(file.id)}
                  reason={reason}
                  onSelect={onSelect}
                  onOpen={onOpen}
                  onDownload={onDownload}
                  onDelete={onDelete}
                />
              ) : (
                <div role="cell" className="col-span-full px-3">
                  <Skeleton className="h-6" />
                </div>
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** Scrolling draws only those that come into sight. */
const Cells = memo(function Cells({
  file,
  index,
  selected,
  reason,
  onSelect,
  onOpen,
  onDownload,
  onDelete,
}: {
  readonly file: UserFile
  readonly index: number
  readonly selected: boolean
} & Pick<Props, 'reason' | 'onSelect' | 'onOpen' | 'onDownload' | 'onDelete'>) {
  const name = nameOf(file)
  return (
    <>
      <div role="cell">
        <label className="grid size-11 cursor-pointer place-content-center">
          <span className="sr-only">{text.select(name)}</span>
          <input
            type="checkbox"
            checked={selected}
            onChange={(event) => onSelect(index, (event.nativeEvent as MouseEvent).shiftKey)}
            className="size-4 accent-accent"
          />
        </label>
      </div>
      <div role="cell" className="min-w-0">
        <button type="button" onClick={() => onOpen(file.id)} className="flex w-full items-center gap-3 text-left">
          <span className="sr-only">{text.openLabel}</span>
          <span className="size-10 shrink-0 overflow-hidden rounded-control bg-sunken">
            <Preview file={file} variant="tiny_64" alt="" small />
          </span>
          <span className="min-w-0">
            <span className="block truncate font-medium" title={name}>
              {name}
            </span>
            <span className="block truncate text-[0.75rem] text-muted sm:hidden">{formatBytes(file.size_bytes)}</span>
            {file.tags.length > 0 && (
              <span className="block truncate text-[0.75rem] text-muted max-sm:hidden">{file.tags.join(', ')}</span>
            )}
          </span>
        </button>
      </div>
      <div role="cell" className="px-3 text-muted max-sm:hidden">
        {(file.format ?? '').toUpperCase()}
      </div>
      <div role="cell" className="px-3 tabular-nums max-sm:hidden">
        {formatBytes(file.size_bytes)}
      </div>
      <div role="cell" className="px-3 text-muted max-sm:hidden">
        <Time at={file.created_at} />
      </div>
      <div role="cell" className="flex justify-end gap-1 pr-2">
        <IconButton label={text.downloadNamed(name)} onClick={() => onDownload(file.id)}>
          <Download aria-hidden size={16} />
        </IconButton>
        <IconButton
          label={text.removeNamed(name)}
          title={reason ?? text.remove}
          off={reason !== null}
          onClick={() => onDelete(file.id, name)}
        >
          <Trash2 aria-hidden size={16} />
        </IconButton>
      </div>
    </>
  )
})

function IconButton({
  label,
  title = label,
  off = false,
  onClick,
  children,
}: {
  readonly label: string
  readonly title?: string
  readonly off?: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}) {
  return (
    <button
      type="button"
      aria-label={label}
      title={title}
      aria-disabled={off || undefined}
      onClick={off ? undefined : onClick}
      className="rounded-control p-2 text-muted hover:bg-line hover:text-ink aria-disabled:cursor-not-allowed aria-disabled:opacity-60"
    >
      {children}
    </button>
  )
}

function Header({
  label,
  ascending,
  descending,
  order,
  onOrder,
  className,
}: {
  readonly label: ReactNode
  readonly ascending?: Order
  readonly descending?: Order
  readonly order?: Order
  readonly onOrder?: (order: Order) => void
  readonly className?: string
}) {
  const sorted =
    order === undefined ? undefined : order === ascending ? 'ascending' : order === descending ? 'descending' : undefined
  const standard = descending ?? ascending
  const Arrow = sorted === 'ascending' ? ArrowUp : ArrowDown
  return (
    <div role="columnheader" aria-sort={sorted} className={classes('px-3 py-2 first:px-0', className)}>
      {standard && onOrder ? (
        <button
          type="button"
          className="inline-flex items-center gap-1"
          onClick={() => onOrder(order === descending && ascending ? ascending : standard)}
        >
          {label}
          <Arrow aria-hidden size={13} className={sorted ? '' : 'opacity-0'} />
        </button>
      ) : (
        label
      )}
    </div>
  )
}
