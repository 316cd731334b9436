// Files as pictures; only those in sight are in the page.
import type { UserFile } from '@aionvision/sdk'
import { memo, useEffect, useRef } from 'react'
import { fileWords as text } from '../../strings/files.ts'
import { formatBytes } from '../../ui/bytes.ts'
import { classes } from '../../ui/classes.ts'
import { Skeleton } from '../../ui/surface.tsx'
import { nameOf } from './file-queries.ts'
import type { FileViewProps } from './file-views.ts'
import { Preview } from './preview.tsx'
import { useVirtualRows, useWidth } from './virtual-rows.ts'

const gap = 16
const cardWidthMin = 168
const captionHeight = 60

export function Gallery({ total, at, onRange, isSelected, onSelect, onOpen }: FileViewProps) {
  const box = useRef<HTMLUListElement>(null)
  const width = useWidth(box)
  const columns = Math.max(2, Math.floor((width + gap) / (cardWidthMin + gap)))
  const cardWidth = Math.max(0, Math.floor((width - gap * (columns - 1)) / columns))
  const pictureHeight = Math.round(cardWidth * 0.75)
  const height = pictureHeight + captionHeight + gap
  const { rows, first, last, totalHeight } = useVirtualRows(box, width === 0 ? 0 : Math.ceil(total / columns), height)
  useEffect(() => onRange(first * columns, (last + 1) * columns - 1), [onRange, first, last, columns])
  return (
    <ul ref={box} aria-label={text.gallery} className="relative" style={{ height: Math.max(0, totalHeight - gap) }}>
      {rows.flatMap(({ index: row, top }) =>
        Array.from({ length: Math.min(columns, total - row * columns) }, (_, column) => {
          const index = row * columns + column
          const file = at(index)
          return (
            <li
              key={file?.id ?? `blank-${index}`}
              aria-setsize={total}
              aria-posinset={index + 1}
              className="absolute top-0 left-0"
              style={{
                width: cardWidth,
                height: height - gap,
                transform: `translate(${column * (cardWidth + gap)}px, ${top}px)`,
              }}
            >
              {file ? (
                <FileCard
                  file={file}
                  pictureHeight={pictureHeight}
                  index={index}
                  selected={isSelected(file.id)}
                  onSelect={onSelect}
                  onOpen={onOpen}
                />
              ) : (
                <Skeleton className="h-full w-full rounded-card" />
              )}
            </li>
          )
        }),
      )}
    </ul>
  )
}

/** Scrolling draws only those that come into sight. */
const FileCard = memo(function FileCard({
  file,
  index,
  pictureHeight,
  selected,
  onSelect,
  onOpen,
}: {
  readonly file: UserFile
  readonly index: number
  readonly pictureHeight: number
  readonly selected: boolean
} & Pick<FileViewProps, 'onSelect' | 'onOpen'>) {
  const name = nameOf(file)
  return (
    <div
      className={classes(
        'group/card h-full overflow-hidden rounded-card border bg-raised',
        selected ? 'border-accent ring-1 ring-accent' : 'border-line hover:border-edge',
      )}
    >
      <button type="button" onClick={() => onOpen(file.id)} className="block w-full rounded-card text-left -outline-offset-2">
        <span className="sr-only">{text.openLabel}</span>
        <span className="block bg-sunken" style={{ height: pictureHeight }}>
          <Preview file={file} variant="small_256" alt="" />
        </span>
        <span className="block px-3 py-2 leading-snug">
          <span className="block truncate font-medium" title={name}>
            {name}
          </span>
          <span className="flex justify-between gap-2 text-[0.75rem] text-muted tabular-nums">
            <span className="truncate">{(file.format ?? '').toUpperCase()}</span>
            <span className="shrink-0">{formatBytes(file.size_bytes)}</span>
          </span>
        </span>
      </button>
      <label
        className={classes(
          'absolute top-1.5 left-1.5 grid size-8 cursor-pointer place-content-center rounded-control border border-line bg-raised',
          !selected && 'opacity-0 group-hover/card:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100',
        )}
      >
        <span className="sr-only">{text.select(name)}</span>
        <input
          type="checkbox"
          checked={selected}
          onChange={(event) => onSelect(index, (event.nativeEvent as MouseEvent).shiftKey)}
          className="size-4 accent-accent"
        />
      </label>
    </div>
  )
})
