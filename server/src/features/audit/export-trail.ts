// The trail as lines, a page at a time: the reader's pace decides, and memory holds one page however long the trail is.
import type { Reports } from '../../platform/database/reports.ts'
import { csvHeader, csvLine, ndjsonLine } from './present-entry.ts'
import { readHead } from './queries.ts'
import { readEntries } from './read-queries.ts'

const pageSize = 500

/** Ends with the row that is newest when it begins. Each chunk is one page, oldest first. */
export async function* exportTrail(
  reports: Reports,
  tenantId: string,
  format: 'csv' | 'ndjson',
  period: { from: Date | null; to: Date | null },
): AsyncGenerator<string> {
  const toLine = format === 'csv' ? csvLine : ndjsonLine
  const upTo = (await reports.read((db) => readHead(db, tenantId)))?.sequence ?? 0
  if (format === 'csv') yield csvHeader
  for (let after = 0; ; ) {
    const page = await reports.read((db) => readEntries(db, tenantId, { after, upTo, ...period, limit: pageSize }))
    if (page.length > 0) yield page.map(toLine).join('')
    if (page.length < pageSize) return
    after = page.at(-1)?.sequence ?? upTo
  }
}
