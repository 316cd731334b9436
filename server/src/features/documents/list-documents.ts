// A page of a tenant's documents, the newest first.
import type { Deps } from '../../deps.ts'
import { countFiles, type FileRow, selectFiles } from '../files/queries.ts'

export async function listDocuments(
  { db }: Pick<Deps, 'db'>,
  tenantId: string,
  { page, pageSize, status }: { page: number; pageSize: number; status: string | null },
): Promise<{ documents: FileRow[]; total: number }> {
  // Nothing extracts text yet, so no document has come further.
  if (status !== null && status !== 'pending') return { documents: [], total: 0 }
  const filter = { tenantId, search: null, tags: [], from: null, to: null, ids: null, mediaTypes: ['document'] as const }
  const [documents, total] = await Promise.all([
    selectFiles(db, filter, { sort: 'created_at', order: 'desc', limit: pageSize, offset: (page - 1) * pageSize }),
    countFiles(db, filter),
  ])
  return { documents, total }
}
