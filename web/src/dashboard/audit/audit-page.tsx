// The audit trail: filtered, read, proved, taken along.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { RefreshCw } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import { usePageTitle } from '../../page-title.ts'
import { audit as text } from '../../strings/audit.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty, Failure, PageHeader, SkeletonRows } from '../../ui/surface.tsx'
import { holds, useSession } from '../session.ts'
import { auditColumns } from './audit-columns.tsx'
import { type Filters, filtersOf, noFilters, toSearch } from './audit-filters.ts'
import { useNames, useTrail } from './audit-queries.ts'
import { EntryDialog } from './entry-dialog.tsx'
import { ExportMenu } from './export-menu.tsx'
import { FilterBar } from './filter-bar.tsx'
import { useVerify, VerifyResult } from './verify.tsx'

export function AuditPage() {
  usePageTitle(text.title)
  const { workspace } = useSession()
  if (holds(workspace, 'admin')) return <Trail />
  return (
    <>
      <PageHeader title={text.title} lead={text.lead} />
      <Empty title={text.adminsOnly}>{text.adminsOnlyText}</Empty>
    </>
  )
}

function Trail() {
  const search = useSearch({ strict: false }) as Record<string, unknown>
  const navigate = useNavigate()
  const filters = useMemo(() => filtersOf(search), [search])
  const opened = typeof search.entry === 'string' ? search.entry : null
  const trail = useTrail(filters)
  const { people, nameOf } = useNames()
  const verify = useVerify()

  const go = useCallback(
    (next: Filters, entry: string | null = null) =>
      void navigate({ to: '/dashboard/audit', search: { ...toSearch(next), ...(entry && { entry }) } as never }),
    [navigate],
  )
  const open = useCallback((id: string | null) => go(filters, id), [go, filters])
  const columns = useMemo(() => auditColumns({ nameOf, open }), [nameOf, open])
  const { hasNextPage, isFetching, fetchNextPage } = trail
  const more = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage()
  }, [hasNextPage, isFetching, fetchNextPage])
  return (
    <>
      <PageHeader
        title={text.title}
        lead={text.lead}
        actions={
          <>
            <Button pending={verify.isPending} onClick={() => verify.mutate()}>
              {verify.isPending ? text.verify.pending : text.verify.button}
            </Button>
            <ExportMenu filters={filters} />
          </>
        }
      />
      <VerifyResult verify={verify} onOpen={open} />
      <FilterBar filters={filters} people={people} onChange={go} />
      {trail.isError ? (
        <Failure error={trail.error} onRetry={() => void trail.refetch()} />
      ) : trail.isPending ? (
        <SkeletonRows rows={10} />
      ) : (
        <>
          <div className="mb-2 flex items-center justify-between gap-3">
            <p role="status" className="text-[0.8125rem] text-muted tabular-nums">
              {text.count(trail.entries.length, trail.total)}
            </p>
            <Button size="small" kind="quiet" pending={trail.isRefetching} onClick={() => void trail.refetch()}>
              <RefreshCw aria-hidden size={14} />
              {text.refresh}
            </Button>
          </div>
          <DataTable
            label={text.list}
            rows={trail.entries}
            columns={columns}
            rowId={({ id }) => id}
            onEnd={more}
            empty={text.none}
          />
        </>
      )}
      <EntryDialog
        id={opened}
        entries={trail.entries}
        nameOf={nameOf}
        onClose={() => open(null)}
        onOnly={(part) => go({ ...noFilters, ...part })}
      />
    </>
  )
}
