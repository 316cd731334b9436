// The trail of the chosen period as a file.
import { useMutation } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useApi } from '../../api.ts'
import { audit } from '../../strings/audit.ts'
import { buttonClass } from '../../ui/button.tsx'
import { Menu } from '../../ui/menu.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { explain } from '../../ui/surface.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useSession } from '../session.ts'
import { boundsOf, type Filters } from './audit-filters.ts'

const text = audit.export

export function ExportMenu({ filters }: { readonly filters: Filters }) {
  const api = useApi()
  const toast = useToast()
  const { workspace } = useSession()
  const save = useMutation({
    mutationFn: async (format: 'csv' | 'ndjson') => {
      const now = Date.now()
      const bytes = await api.audit.export({ format, ...boundsOf(filters, now) })
      const safe = workspace.name.replace(/[^\p{L}\p{N}]+/gu, '-').toLowerCase()
      const name = text.fileName(safe, new Date(now).toISOString().slice(0, 10), format)
      saveFile(bytes, name)
      return name
    },
    onSuccess: (name) => toast({ title: text.done(name), detail: text.note }),
    onError: (error) => toast({ title: explain(error).message, kind: 'failed' }),
  })
  return (
    <Menu
      trigger={
        <button type="button" className={buttonClass('secondary')} aria-busy={save.isPending || undefined}>
          <Download aria-hidden size={15} />
          {text.button}
        </button>
      }
      items={[
        { label: text.csv, onSelect: () => save.mutate('csv') },
        { label: text.ndjson, onSelect: () => save.mutate('ndjson') },
      ]}
    />
  )
}
