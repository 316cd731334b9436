// One row of the trail as the contract shows it, and as a line of an export.
import type { Static } from '@sinclair/typebox'
import type { Entry } from './read-queries.ts'
import type { entryResponse } from './schemas.ts'

type Shown = Static<typeof entryResponse>

export function presentEntry(row: Entry): Shown {
  const { sequence, event_timestamp, ...rest } = row
  return { ...rest, event_timestamp: event_timestamp.toISOString(), sequence }
}

const csvColumns = [
  'sequence',
  'id',
  'event_timestamp',
  'event_type',
  'severity',
  'user_id',
  'api_key_id',
  'action',
  'result',
  'ip_address',
  'resource_type',
  'resource_id',
  'error_message',
  'metadata',
] as const satisfies readonly (keyof Shown)[]

/** RFC 4180. */
export const csvHeader = `${csvColumns.join(',')}\r\n`

export function csvLine(row: Entry): string {
  const shown = presentEntry(row)
  return `${csvColumns.map((column) => csvCell(shown[column])).join(',')}\r\n`
}

export function ndjsonLine(row: Entry): string {
  return `${JSON.stringify(presentEntry(row))}\n`
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  // Against formulas (S21): a spreadsheet executes a cell that begins with one of these. OWASP, CSV injection.
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe
}
