// One file: its picture, its facts, the words people give it, and what can be done with it.
import type { UserFileDetails } from '@aionvision/sdk'
import { Download, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { fileWords } from '../../strings/files.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { explain, Failure, Skeleton } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'
import { nameOf, useDeleteFiles, useDownload, useFile, useRefreshFiles } from './file-queries.ts'
import { Preview } from './preview.tsx'

const text = fileWords.details
const tagsMax = 40
const tagLengthMax = 50

interface Props {
  readonly id: string
  /** Why it cannot be changed. */
  readonly reason: string | null
  readonly onClose: () => void
}

export function FileDialog({ id, reason, onClose }: Props) {
  const file = useFile(id)
  const download = useDownload()
  const remove = useDeleteFiles()
  const name = file.data ? nameOf(file.data) : text.facts
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title={<span className="[overflow-wrap:anywhere]">{name}</span>} wide>
      {file.isError ? (
        <Failure error={file.error} onRetry={() => void file.refetch()} />
      ) : !file.data ? (
        <Skeleton className="h-96" />
      ) : (
        <div className="grid gap-5">
          <div className="h-56 overflow-hidden rounded-card bg-sunken sm:h-80">
            <Preview file={file.data} variant="medium_750" alt={name} contain />
          </div>
          <div className="flex flex-wrap gap-2">
            <Button kind="primary" onClick={() => void download(id)}>
              <Download aria-hidden size={16} />
              {fileWords.download}
            </Button>
            <Button
              kind="danger"
              disabledReason={reason}
              onClick={() => {
                onClose()
                void remove([id], name)
              }}
            >
              <Trash2 aria-hidden size={16} />
              {fileWords.remove}
            </Button>
          </div>
          <Words key={`${file.data.title}\n${file.data.tags.join()}`} file={file.data} reason={reason} />
          <Facts file={file.data} reason={reason} />
        </div>
      )}
    </Dialog>
  )
}

function Words({ file, reason }: { readonly file: UserFileDetails; readonly reason: string | null }) {
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshFiles()
  const form = useApiForm<{ title: string; tags: string }>(
    async ({ title, tags }) => {
      await api.files.update(file.id, { title, tags: listed(tags) })
      await refresh()
      toast({ title: text.saved })
    },
    { defaultValues: { title: file.title ?? '', tags: file.tags.join(', ') } },
  )
  return (
    <form onSubmit={form.submit} className="grid gap-4">
      <TextField
        label={text.title}
        hint={text.titleHint}
        maxLength={255}
        readOnly={reason !== null}
        error={form.errorOf('title')}
        {...form.register('title')}
      />
      <TextField
        label={text.tags}
        hint={text.tagsHint}
        readOnly={reason !== null}
        error={form.errorOf('tags')}
        {...form.register('tags', { validate: faultInTags })}
      />
      {form.fault && (
        <p role="alert" className="text-danger">
          {form.fault}
        </p>
      )}
      <div>
        <Button type="submit" pending={form.formState.isSubmitting} disabledReason={reason}>
          {text.save}
        </Button>
      </div>
    </form>
  )
}

function listed(tags: string): string[] {
  const each = tags.split(',').map((tag) => tag.trim())
  return [...new Set(each.filter(Boolean))]
}

function faultInTags(tags: string): string | true {
  const all = listed(tags)
  if (all.length > tagsMax) return text.tagsMany
  return all.some((tag) => tag.length > tagLengthMax) ? text.tagLong : true
}

function Facts({ file, reason }: { readonly file: UserFileDetails; readonly reason: string | null }) {
  const { width, height } = file.dimensions as { width?: number; height?: number }
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 border-t border-line pt-5 [&>dd]:min-w-0 [&>dd]:[overflow-wrap:anywhere] [&>dt]:text-muted">
      <dt>{text.name}</dt>
      <dd>{file.original_filename}</dd>
      <dt>{text.type}</dt>
      <dd>{file.content_type}</dd>
      <dt>{text.size}</dt>
      <dd>{text.bytes(file.size_bytes)}</dd>
      {width !== undefined && height !== undefined && (
        <>
          <dt>{text.dimensions}</dt>
          <dd>{text.pixels(width, height)}</dd>
        </>
      )}
      {file.media_type === 'image' && (
        <>
          <dt>{text.variants}</dt>
          <dd>
            <Variants file={file} reason={reason} />
          </dd>
        </>
      )}
      <dt>{text.created}</dt>
      <dd>
        <Time at={file.created_at} />
      </dd>
      {file.updated_at && file.updated_at !== file.created_at && (
        <>
          <dt>{text.changed}</dt>
          <dd>
            <Time at={file.updated_at} />
          </dd>
        </>
      )}
      <dt>{text.hash}</dt>
      <dd>
        <Copied value={file.hash} label={text.copyHash} />
      </dd>
      <dt>{text.id}</dt>
      <dd>
        <Copied value={file.id} label={text.copyId} />
      </dd>
    </dl>
  )
}

function Copied({ value, label }: { readonly value: string; readonly label: string }): ReactNode {
  return (
    <span className="flex items-start justify-between gap-2">
      <code className="min-w-0 pt-1 [overflow-wrap:anywhere]">{value}</code>
      <CopyButton text={value} label={label} iconOnly />
    </span>
  )
}

function Variants({ file, reason }: { readonly file: UserFileDetails; readonly reason: string | null }) {
  const api = useApi()
  const toast = useToast()
  const refresh = useRefreshFiles()
  const states = text.variantStates
  const status = file.variant_status ?? 'pending'
  const again = () =>
    api.request('POST', '/api/v2/user-files/{image_id}/trigger-variants', { params: { image_id: file.id } }).then(
      () => {
        toast({ title: text.makingAgain })
        return refresh()
      },
      (error: unknown) => toast({ title: explain(error).message, kind: 'failed' }),
    )
  if (status === 'completed') return states.completed(file.variant_count ?? 0)
  return (
    <span className="flex flex-wrap items-center gap-2">
      {status === 'failed' ? states.failed : status === 'processing' ? states.processing : states.pending}
      {status === 'failed' && (
        <Button size="small" disabledReason={reason} onClick={() => void again()}>
          {text.makeAgain}
        </Button>
      )}
    </span>
  )
}
