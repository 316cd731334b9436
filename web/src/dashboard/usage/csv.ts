// The log as RFC 4180 has it; a cell that a spreadsheet would run is made text (S21).
import type { KeyNames, LoggedRequest } from './usage-queries.ts'

const header = ['timestamp', 'method', 'endpoint', 'status_code', 'error_code', 'response_time_ms', 'api_key_id', 'api_key_name']

export function toCsv(rows: readonly LoggedRequest[], names: KeyNames | undefined): string {
  const lines = rows.map((row) => [
    row.timestamp,
    row.method,
    row.endpoint,
    row.status_code,
    row.error_code ?? '',
    row.response_time_ms,
    row.api_key_id,
    names?.get(row.api_key_id)?.name ?? '',
  ])
  return [header, ...lines].map((cells) => `${cells.map(cell).join(',')}\r\n`).join('')
}

function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
