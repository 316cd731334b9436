// A table of any length: sorted by its headers, filtered from outside, and only the rows in sight are in the page.
import {
  columnFilteringFeature,
  createColumnHelper,
  createFilteredRowModel,
  createSortedRowModel,
  filterFns,
  globalFilteringFeature,
  type RowData,
  rowSortingFeature,
  sortFns,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { common } from '../strings/common.ts'
import { classes } from './classes.ts'

const features = tableFeatures({
  columnFilteringFeature,
  globalFilteringFeature,
  rowSortingFeature,
  filteredRowModel: createFilteredRowModel(),
  sortedRowModel: createSortedRowModel(),
  filterFns,
  sortFns,
})

export interface Column<Row> {
  readonly id: string
  readonly header: string
  /** What it sorts by; a column without one does not sort. */
  readonly value?: (row: Row) => string | number | null
  readonly cell: (row: Row) => ReactNode
  /** Share of the width, as CSS grid has it: `minmax(10rem, 2fr)`. */
  readonly width?: string
  readonly align?: 'right'
  /** Nothing to read above it, such as a menu. The last one stays in sight, however narrow the page is. */
  readonly headerHidden?: boolean
}

export interface Sort {
  readonly column: string
  readonly descending: boolean
}

interface Props<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly rowId: (row: Row) => string
  readonly sort?: Sort | undefined
  /** Told when somebody sorts otherwise, for pages that keep it in their address. */
  readonly onSort?: ((sort: Sort | undefined) => void) | undefined
  /** Called when the last rows come into sight, for lists that load as they are read. */
  readonly onEnd?: (() => void) | undefined
  readonly empty?: ReactNode
  /** A CSS length; a shorter table takes less. */
  readonly maxHeight?: string
  /** Pixels of a usual row; each is measured once it is in sight. */
  readonly rowHeight?: number
}

export function DataTable<Row extends RowData>({
  label,
  rows,
  columns,
  rowId,
  sort,
  onSort,
  onEnd,
  empty,
  maxHeight = '70vh',
  rowHeight = 48,
}: Props<Row>) {
  const scroller = useRef<HTMLDivElement>(null)
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>()
    return columns.map((column) =>
      helper.accessor((row: Row): unknown => column.value?.(row) ?? '', {
        id: column.id,
        header: column.header,
        enableSorting: column.value !== undefined,
      }),
    )
  }, [columns])
  const table = useTable({
    features,
    data: rows as Row[],
    columns: definitions,
    getRowId: rowId,
    initialState: { sorting: sort ? [{ id: sort.column, desc: sort.descending }] : [] },
  })
  const shown = table.getRowModel().rows
  const sortBy = (column: string, next: false | 'asc' | 'desc') => {
    const sorting = next ? [{ id: column, desc: next === 'desc' }] : []
    table.setSorting(sorting)
    onSort?.(next ? { column, descending: next === 'desc' } : undefined)
  }
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    // A row keeps its height wherever sorting puts it.
    getItemKey: (index) => shown[index]?.id ?? index,
    overscan: 6,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (onEnd && shown.length > 0 && last >= shown.length - 20) onEnd()
  }, [last, shown.length, onEnd])

  // Columns that do not fit are hinted at: a shadow lies over the side where they go on.
  const [beyond, setBeyond] = useState(false)
  const look = useCallback(() => {
    const box = scroller.current
    if (box) setBeyond(box.scrollWidth - box.clientWidth - box.scrollLeft > 1)
  }, [])
  useEffect(() => {
    const sizes = new ResizeObserver(look)
    if (scroller.current) sizes.observe(scroller.current)
    return () => sizes.disconnect()
  }, [look])

  const template = { gridTemplateColumns: columns.map(({ width }) => width ?? 'minmax(7rem, 1fr)').join(' ') }
  const menu = columns.at(-1)
  const pinned = menu?.headerHidden ? menu : undefined
  const headers = table.getHeaderGroups()[0]?.headers ?? []
  return (
    <div className="relative">
      <div
        ref={scroller}
        onScroll={look}
        tabIndex={0}
        role="region"
        aria-label={label}
        style={{ maxHeight }}
        className="overflow-auto rounded-card border border-line bg-raised"
      >
        <div role="table" aria-label={label} aria-rowcount={shown.length + 1} className="min-w-max sm:min-w-full">
          <div role="rowgroup" className="sticky top-0 z-10 border-b border-line bg-sunken">
            <div role="row" aria-rowindex={1} className="grid items-center" style={template}>
              {headers.map((header, index) => {
                const column = columns[index]
                const sorted = header.column.getIsSorted()
                const Arrow = sorted === 'desc' ? ArrowDown : ArrowUp
                return (
                  <div
                    key={header.id}
                    role="columnheader"
                    aria-sort={sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined}
                    className={classes(
                      'px-3 py-2 text-[0.8125rem] font-medium text-muted',
                      column?.align === 'right' && 'text-right',
                      column && column === pinned && 'sticky right-0 self-stretch bg-sunken',
                    )}
                  >
                    {column?.value ? (
                      <button
                        type="button"
                        onClick={() => sortBy(header.column.id, header.column.getNextSortingOrder())}
                        className="inline-flex items-center gap-1 text-left whitespace-nowrap"
                        title={common.sortBy(column.header)}
                      >
                        {column.header}
                        <Arrow aria-hidden size={13} className={sorted ? '' : 'opacity-0'} />
                      </button>
                    ) : (
                      <span className={column?.headerHidden ? 'sr-only' : ''}>{column?.header}</span>
                    )}
                  </div>
                )
              })}
            </div>
          </div>
          <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const row = shown[item.index]
              if (!row) return null
              return (
                <div
                  key={row.id}
                  role="row"
                  aria-rowindex={item.index + 2}
                  data-index={item.index}
                  ref={virtual.measureElement}
                  className="group absolute top-0 left-0 grid w-full items-center border-b border-line last:border-b-0 hover:bg-sunken"
                  style={{ ...template, minHeight: rowHeight, transform: `translateY(${item.start}px)` }}
                >
                  {columns.map((column) => (
                    <div
                      key={column.id}
                      role="cell"
                      className={classes(
                        'min-w-0 px-3 py-2',
                        column.align === 'right' && 'text-right tabular-nums',
                        column === pinned && 'sticky right-0 grid items-center self-stretch bg-raised group-hover:bg-sunken',
                      )}
                    >
                      {column.cell(row.original)}
                    </div>
                  ))}
                </div>
              )
            })}
          </div>
        </div>
        {shown.length === 0 && <div className="px-4 py-8 text-center text-muted">{empty ?? common.nothingFound}</div>}
      </div>
      <div
        aria-hidden
        style={{ right: pinned?.width }}
        className={classes(
          'pointer-events-none absolute inset-y-0 right-0 w-10 bg-linear-to-l from-ink/20 to-transparent transition-opacity',
          !pinned && 'rounded-r-card',
          !beyond && 'opacity-0',
        )}
      />
    </div>
  )
}
