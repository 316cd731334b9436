// The Files tab: everything that was uploaded, found, shown, taken in and thrown out.
import type { UserFile } from '@aionvision/sdk'
import { Upload } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { usePageTitle } from '../../page-title.ts'
import { fileWords as text } from '../../strings/files.ts'
import { Button } from '../../ui/button.tsx'
import { Empty, Failure, PageHeader, Skeleton } from '../../ui/surface.tsx'
import { holds, useSession } from '../session.ts'
import { DropArea } from './drop-area.tsx'
import { FileDialog } from './file-dialog.tsx'
import { useFileAddress } from './file-filter.ts'
import { FileList } from './file-list.tsx'
import { nameOf, pageSize, useDeleteFiles, useDownload, useFiles } from './file-queries.ts'
import { FileToolbar } from './file-toolbar.tsx'
import { Gallery } from './gallery.tsx'
import { PlanMeters } from './plan-meters.tsx'
import { SelectionBar } from './selection-bar.tsx'
import { UploadPanel } from './upload-panel.tsx'
import { useUploads } from './uploads.tsx'

export function FilesPage() {
  usePageTitle(text.title)
  const { workspace } = useSession()
  const reason = holds(workspace, 'editor') ? null : text.needsEditor
  const [address, change] = useFileAddress()
  const [pages, setPages] = useState<readonly [number, number]>([0, 0])
  const onRange = useCallback((first: number, last: number) => {
    const next = [Math.floor(first / pageSize), Math.floor(last / pageSize)] as const
    setPages((before) => (before[0] === next[0] && before[1] === next[1] ? before : next))
  }, [])
  const files = useFiles(address, [pages[0] * pageSize, pages[1] * pageSize])
  const { add } = useUploads()
  const chooser = useRef<HTMLInputElement>(null)
  const [selected, setSelected] = useState<ReadonlyMap<string, UserFile>>(new Map())
  const anchor = useRef(0)
  const remove = useDeleteFiles()
  const download = useDownload()

  // What is selected is in sight: another search starts anew.
  // biome-ignore lint/correctness/useExhaustiveDependencies: by filter
  useEffect(() => setSelected(new Map()), [address.q, address.type, workspace.id])

  const onSelect = useStable((index: number, extend: boolean) => {
    const next = new Map(selected)
    const file = files.at(index)
    if (!file) return
    if (extend) {
      for (let each = Math.min(index, anchor.current); each <= Math.max(index, anchor.current); each++) {
        const between = files.at(each)
        if (between) next.set(between.id, between)
      }
    } else if (!next.delete(file.id)) next.set(file.id, file)
    anchor.current = index
    setSelected(next)
  })
  const onOpen = useStable((id: string) => change({ file: id }))
  const onDownload = useStable((id: string) => void download(id))
  const onDelete = useStable((id: string, name: string) => void remove([id], name))
  const uploadButton = (
    <Button kind="primary" disabledReason={reason} onClick={() => chooser.current?.click()}>
      <Upload aria-hidden size={16} />
      {text.upload}
    </Button>
  )
  const shared = {
    total: files.total,
    at: files.at,
    onRange,
    isSelected: (id: string) => selected.has(id),
    onSelect,
    onOpen,
  }
  const filtered = address.q !== '' || address.type !== null
  return (
    <DropArea onFiles={reason === null ? add : null}>
      <PageHeader title={text.title} lead={text.lead} actions={uploadButton} />
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        aria-label={text.choose}
        onChange={({ target }) => {
          add(Array.from(target.files ?? []))
          target.value = ''
        }}
      />
      <PlanMeters />
      <UploadPanel />
      {files.isError ? (
        <Failure error={files.error} onRetry={() => void files.refetch()} />
      ) : !files.data ? (
        <Blank />
      ) : files.total === 0 && !filtered ? (
        <Empty title={text.empty.title} action={uploadButton}>
          <p>{text.empty.text}</p>
          <p className="mt-1 text-[0.8125rem]">{text.taken}</p>
        </Empty>
      ) : (
        <>
          <FileToolbar address={address} onChange={change} total={files.total} />
          {files.total === 0 ? (
            <Empty
              title={text.nothing.title}
              action={<Button onClick={() => change({ q: '', type: null })}>{text.nothing.clear}</Button>}
            >
              {text.nothing.text}
            </Empty>
          ) : (
            <div className={files.stale ? 'opacity-60 transition-opacity' : 'transition-opacity'}>
              {address.view === 'gallery' ? (
                <Gallery {...shared} />
              ) : (
                <FileList
                  {...shared}
                  order={address.order}
                  onOrder={(order) => change({ order })}
                  onDownload={onDownload}
                  onDelete={onDelete}
                  reason={reason}
                />
              )}
            </div>
          )}
        </>
      )}
      {selected.size > 0 && (
        <SelectionBar
          selected={selected}
          reason={reason}
          onClear={() => setSelected(new Map())}
          onDownload={async () => {
            for (const id of selected.keys()) await download(id)
          }}
          onDelete={async () => {
            const [only] = selected.values()
            await remove([...selected.keys()], only ? nameOf(only) : '')
            setSelected(new Map())
          }}
        />
      )}
      {address.file && <FileDialog key={address.file} id={address.file} reason={reason} onClose={() => change({ file: null })} />}
    </DropArea>
  )
}

/** The same function for as long as the page lives, which does what the newest one does. */
function useStable<Given extends readonly unknown[]>(deed: (...given: Given) => void): (...given: Given) => void {
  const newest = useRef(deed)
  newest.current = deed
  return useCallback((...given: Given) => newest.current(...given), [])
}

function Blank() {
  return (
    <div className="grid grid-cols-2 gap-4 sm:grid-cols-4 lg:grid-cols-5">
      {[0, 1, 2, 3, 4, 5, 6, 7].map((place) => (
        <Skeleton key={place} className="h-44 rounded-card" />
      ))}
    </div>
  )
}
