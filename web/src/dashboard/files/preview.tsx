// A picture of a file: an image's smaller copy while it is in sight, an icon for everything else.
import { FileText, ImageIcon, ImageOff } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useApi } from '../../api.ts'
import { fileWords as text } from '../../strings/files.ts'
import { classes } from '../../ui/classes.ts'

/** What passes by while scrolling is not worth a request. */
const settleMs = 90

interface Props {
  readonly file: {
    readonly id: string
    readonly media_type: string | null
    readonly variant_status: string | null
    readonly document_type: string | null
  }
  readonly variant: 'tiny_64' | 'small_256' | 'medium_750'
  readonly alt: string
  readonly contain?: boolean
  /** No room for words. */
  readonly small?: boolean
}

export function Preview({ file, variant, alt, contain, small }: Props) {
  const isImage = file.media_type === 'image'
  const url = useVariant(file.id, variant, isImage && file.variant_status === 'completed')
  if (typeof url === 'string')
    return (
      <img
        src={url}
        alt={alt}
        decoding="async"
        draggable={false}
        className={classes('size-full', contain ? 'object-contain' : 'object-cover')}
      />
    )
  const Icon = !isImage ? FileText : file.variant_status === 'failed' || url === false ? ImageOff : ImageIcon
  const said = !isImage
    ? (file.document_type ?? '').toUpperCase()
    : file.variant_status === 'failed' || url === false
      ? text.previewFailed
      : file.variant_status === 'completed'
        ? ''
        : text.previewComing
  return (
    // The type of a document stands beside its name as well.
    <span aria-hidden={!isImage} className="grid size-full place-content-center justify-items-center gap-1.5 text-muted">
      <Icon aria-hidden size={small ? 18 : 28} strokeWidth={1.5} />
      {!small && said && <span className="text-[0.75rem]">{said}</span>}
    </span>
  )
}

/** A blob URL that lives as long as what shows it; null while it comes, false when it does not. */
function useVariant(id: string, variant: Props['variant'], wanted: boolean): string | null | false {
  const api = useApi()
  const [url, setUrl] = useState<string | null | false>(null)
  useEffect(() => {
    if (!wanted) return
    const stop = new AbortController()
    let made: string | null = null
    const timer = setTimeout(() => {
      api.files.variant(id, variant, { signal: stop.signal }).then(
        (blob) => {
          if (stop.signal.aborted) return
          made = URL.createObjectURL(blob)
          setUrl(made)
        },
        () => stop.signal.aborted || setUrl(false),
      )
    }, settleMs)
    return () => {
      clearTimeout(timer)
      stop.abort()
      if (made) URL.revokeObjectURL(made)
      setUrl(null)
    }
  }, [api, id, variant, wanted])
  return url
}
