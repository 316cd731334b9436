// The newest requests one by one, filtered as they are typed for, and as a file.
import { useDeferredValue, useMemo, useState } from 'react'
import { usage } from '../../strings/usage.ts'
import { Button } from '../../ui/button.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { Badge, Card, Failure, SkeletonRows } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { toCsv } from './csv.ts'
import { type KeyNames, type LoggedRequest, useLog } from './usage-queries.ts'

const text = usage.log
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const statuses = ['2', '4', '429', '5'] as const
const none: readonly LoggedRequest[] = []

interface Props {
  readonly keyId: string | undefined
  readonly names: KeyNames | undefined
}

export function RequestLog({ keyId, names }: Props) {
  const { data, isError, error, refetch, isFetching } = useLog(keyId)
  const [wanted, setWanted] = useState('')
  const [status, setStatus] = useState('')
  const [method, setMethod] = useState('')
  // Typing stays ahead of filtering ten thousand rows.
  const looked = useDeferredValue(wanted.trim().toLowerCase())
  const rows = data ?? none
  const shown = useMemo(
    () =>
      rows.filter(
        (row) =>
          (!status || String(row.status_code).startsWith(status)) &&
          (!method || row.method === method) &&
          (!looked ||
            row.endpoint.toLowerCase().includes(looked) ||
            (row.error_code ?? '').toLowerCase().includes(looked) ||
            keyOf(row, names).toLowerCase().includes(looked)),
      ),
    [rows, status, method, looked, names],
  )
  const columns = useColumns(names)
  const limited = useMemo(() => rows.filter(({ status_code }) => status_code === 429).length, [rows])
  const save = () => saveFile(new Blob([toCsv(shown, names)], { type: 'text/csv' }), 'requests.csv')
  return (
    <Card
      title={text.title}
      lead={text.lead}
      actions={
        <div className="flex flex-wrap gap-2">
          <Button size="small" pending={isFetching} onClick={() => void refetch()}>
            {text.reload}
          </Button>
          <Button size="small" onClick={save}>
            {text.csv}
          </Button>
        </div>
      }
    >
      {isError ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <SkeletonRows />
      ) : (
        <>
          <div className="mb-3 grid grid-cols-2 gap-3 sm:grid-cols-[1fr_12rem_10rem] [&>:first-child]:col-span-2 sm:[&>:first-child]:col-span-1">
            <TextField
              type="search"
              label={text.search}
              labelHidden
              placeholder={text.search}
              value={wanted}
              onChange={(event) => setWanted(event.target.value)}
            />
            <SelectField label={text.status.label} labelHidden value={status} onChange={(event) => setStatus(event.target.value)}>
              <option value="">{text.status.any}</option>
              {statuses.map((each) => (
                <option key={each} value={each}>
                  {text.status[each]}
                </option>
              ))}
            </SelectField>
            <SelectField label={text.method.label} labelHidden value={method} onChange={(event) => setMethod(event.target.value)}>
              <option value="">{text.method.any}</option>
              {methods.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </SelectField>
          </div>
          <DataTable
            label={text.title}
            rows={shown}
            columns={columns}
            rowId={({ id }) => id}
            maxHeight="60vh"
            {...(rows.length === 0 && { empty: text.empty })}
          />
          <p role="status" className="mt-2 text-[0.8125rem] text-muted">
            {text.count(shown.length, rows.length)}
            {limited > 0 && ` · ${text.limited(limited)}`}
          </p>
        </>
      )}
    </Card>
  )
}

/** Name and prefix, as the filter of the page has them. */
function keyOf({ api_key_id }: LoggedRequest, names: KeyNames | undefined): string {
  const key = names?.get(api_key_id)
  return key ? usage.key.option(key.name, key.prefix) : ''
}

function useColumns(names: KeyNames | undefined): readonly Column<LoggedRequest>[] {
  return useMemo(
    () => [
      {
        id: 'when',
        header: text.columns.when,
        width: '9rem',
        value: ({ timestamp }) => Date.parse(timestamp),
        cell: ({ timestamp }) => <Time at={timestamp} />,
      },
      {
        id: 'method',
        header: text.columns.method,
        width: '5.5rem',
        value: ({ method }) => method,
        cell: ({ method }) => <code>{method}</code>,
      },
      {
        id: 'endpoint',
        header: text.columns.endpoint,
        width: 'minmax(14rem, 3fr)',
        value: ({ endpoint }) => endpoint,
        cell: ({ endpoint }) => <code className="block truncate">{endpoint}</code>,
      },
      {
        id: 'status',
        header: text.columns.status,
        width: 'minmax(9rem, 1.5fr)',
        value: ({ status_code }) => status_code,
        cell: ({ status_code, error_code }) => (
          <span className="flex min-w-0 items-center gap-2">
            <Badge tone={status_code < 400 ? 'ok' : status_code < 500 ? 'warn' : 'danger'}>{status_code}</Badge>
            {error_code && (
              <a href={`/docs/errors/${error_code}`} className="min-w-0 truncate text-[0.75rem] text-muted hover:underline">
                {error_code}
              </a>
            )}
          </span>
        ),
      },
      {
        id: 'key',
        header: text.columns.key,
        width: 'minmax(7rem, 1fr)',
        value: (row) => keyOf(row, names),
        cell: (row) => (
          <span className="block truncate" title={keyOf(row, names)}>
            {names?.get(row.api_key_id)?.name ?? usage.key.gone}
          </span>
        ),
      },
      {
        id: 'speed',
        header: text.columns.speed,
        width: '6rem',
        align: 'right',
        value: ({ response_time_ms }) => response_time_ms,
        cell: ({ response_time_ms }) => usage.numbers.milliseconds(response_time_ms),
      },
    ],
    [names],
  )
}
