// Keeps the uploads above the tabs, so that going to another one stops none; leaving the dashboard warns while they run.
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { useApi } from '../../api.ts'
import { uploadWords as text } from '../../strings/files.ts'
import { useSession } from '../session.ts'
import { type Upload, UploadQueue } from './upload-queue.ts'

const QueueContext = createContext<UploadQueue | null>(null)
/** Many files end in one second; the lists are asked anew once. */
const refreshEveryMs = 1_000

export function UploadsProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient()
  // The cache of the workspace that is shown now, whichever an upload belongs to.
  const shown = useRef(queries)
  shown.current = queries
  const queue = useMemo(() => {
    let asked = false
    return new UploadQueue(() => {
      if (asked) return
      asked = true
      setTimeout(() => {
        asked = false
        for (const area of ['files', 'limits', 'first-steps']) void shown.current.invalidateQueries({ queryKey: [area] })
      }, refreshEveryMs)
    })
  }, [])
  return (
    <QueueContext value={queue}>
      <WarnBeforeLeaving queue={queue} />
      {children}
    </QueueContext>
  )
}

function useQueue(): UploadQueue {
  const queue = useContext(QueueContext)
  if (!queue) throw new Error('There is no UploadsProvider around this.')
  return queue
}

const isUnderWay = ({ state }: Upload) => state === 'waiting' || state === 'sending'

/** Of this workspace. */
export function useUploads() {
  const queue = useQueue()
  const api = useApi()
  const { id } = useSession().workspace
  const all = useSyncExternalStore(queue.subscribe, queue.uploads)
  return useMemo(
    () => ({
      uploads: all.filter(({ workspaceId }) => workspaceId === id),
      cancel: (upload: number) => queue.cancel(upload),
      retry: (upload: number) => queue.retry(upload),
      clear: () => queue.clear(id),
      add: (files: readonly File[]) => queue.add(api, id, files),
    }),
    [all, queue, api, id],
  )
}

function WarnBeforeLeaving({ queue }: { readonly queue: UploadQueue }) {
  const busy = useSyncExternalStore(queue.subscribe, () => queue.uploads().some(isUnderWay))
  useEffect(() => {
    if (!busy) return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [busy])
  return null
}

/** For every other tab: that something still goes up, and the way to it. */
export function UploadsUnderWay() {
  const queue = useQueue()
  const left = useSyncExternalStore(queue.subscribe, () => queue.uploads().filter(isUnderWay).length)
  if (left === 0) return null
  return (
    <Link to={'/dashboard/files' as never} className="rounded-control bg-accent-soft px-2.5 py-2 text-[0.8125rem] text-accent">
      {text.underWay(left)}
    </Link>
  )
}
