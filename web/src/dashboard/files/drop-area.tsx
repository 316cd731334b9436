// Files dropped anywhere on the page are taken.
import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import { fileWords as text } from '../../strings/files.ts'
import { droppedFiles } from './dropped-files.ts'

/** `onFiles` is null where nothing may be uploaded; the browser does not open what is dropped then either. */
export function DropArea({
  onFiles,
  children,
}: {
  readonly onFiles: ((files: readonly File[]) => void) | null
  readonly children: ReactNode
}) {
  const [over, setOver] = useState(false)
  // Every element below tells of coming and going.
  const depth = useRef(0)
  const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files')
  const move = (by: number) => (event: DragEvent) => {
    if (!hasFiles(event)) return
    depth.current += by
    setOver(depth.current > 0)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button does the same for the keyboard
    <div
      className="relative min-h-[calc(100dvh-8rem)]"
      onDragEnter={move(1)}
      onDragLeave={move(-1)}
      onDragOver={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        event.dataTransfer.dropEffect = onFiles ? 'copy' : 'none'
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        depth.current = 0
        setOver(false)
        if (onFiles) void droppedFiles(event.dataTransfer).then(onFiles)
      }}
    >
      {children}
      {over && onFiles && (
        <div className="pointer-events-none absolute -inset-3 z-30 rounded-card border-2 border-dashed border-accent bg-accent-soft/80">
          <p className="sticky top-[40vh] text-center text-lg font-medium text-accent">{text.drop}</p>
          <p className="sticky top-[calc(40vh+2rem)] text-center text-accent">{text.taken}</p>
        </div>
      )}
    </div>
  )
}
