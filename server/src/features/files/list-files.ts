// A page of a tenant's files: every filter of the contract narrows, and what cannot match yet matches nothing.
import type { Deps } from '../../deps.ts'
import { type Issue, validationError } from '../../http/errors.ts'
import { readEnd, readMoment, unreadable } from '../../http/moment.ts'
import { mediaTypes } from './content-types.ts'
import { countFiles, type FileFilter, type FilePage, type FileRow, selectFiles } from './queries.ts'

export interface FileQuery {
  search?: string
  search_mode?: 'all' | 'metadata' | 'visible_text'
  tags?: string[]
  date_from?: string
  date_to?: string
  has_description?: boolean
  ids?: string[]
  media_types?: string[]
  folder_id?: string
  limit?: number
  offset?: number
  sort_by?: string
  sort_order?: string
}

const sortFields: Readonly<Record<string, FilePage['sort']>> = {
  // Nothing reads a picture's own date yet, so every file has only the date it came.
  content_created_at: 'created_at',
  created_at: 'created_at',
  title: 'title',
  size_bytes: 'size_bytes',
}
const orders: Readonly<Record<string, FilePage['order']>> = { asc: 'asc', desc: 'desc' }
const mediaTypesOfContract = [...mediaTypes, 'video', 'link']

export async function listFiles(
  { db }: Pick<Deps, 'db'>,
  tenantId: string,
  query: FileQuery,
): Promise<{ files: FileRow[]; total: number; hasMore: boolean }> {
  const { filter, page } = readQuery(tenantId, query)
  if (!filter) return { files: [], total: 0, hasMore: false }
  const [files, total] = await Promise.all([selectFiles(db, filter, page), countFiles(db, filter)])
  return { files, total, hasMore: page.offset + files.length < total }
}

/** `filter` is null where no file can match: there are no descriptions, no texts in images, no folders yet. */
function readQuery(tenantId: string, query: FileQuery): { filter: FileFilter | null; page: FilePage } {
  const sort = Object.hasOwn(sortFields, query.sort_by ?? 'created_at') ? sortFields[query.sort_by ?? 'created_at'] : undefined
  const order = Object.hasOwn(orders, query.sort_order ?? 'desc') ? orders[query.sort_order ?? 'desc'] : undefined
  const wanted = query.media_types?.flatMap((types) => types.split(',')).map((type) => type.trim().toLowerCase())
  const [from, to] = [readMoment(query.date_from), readEnd(query.date_to)]
  const issues: Issue[] = []
  if (from === 'unreadable') issues.push(unreadable('date_from'))
  if (to === 'unreadable') issues.push(unreadable('date_to'))
  if (!sort) issues.push(unknown('sort_by', Object.keys(sortFields)))
  if (!order) issues.push(unknown('sort_order', Object.keys(orders)))
  if (wanted?.some((type) => !mediaTypesOfContract.includes(type))) issues.push(unknown('media_types', mediaTypesOfContract))
  if (!sort || !order || from === 'unreadable' || to === 'unreadable' || issues.length) throw validationError(issues)
  const page = { sort, order, limit: query.limit ?? 20, offset: query.offset ?? 0 }
  const search = query.search?.trim() || null
  if (query.has_description || query.folder_id !== undefined || (search !== null && query.search_mode === 'visible_text'))
    return { filter: null, page }
  const filter: FileFilter = {
    tenantId,
    search,
    tags: query.tags ?? [],
    from,
    to,
    ids: query.ids ?? null,
    mediaTypes: wanted ? mediaTypes.filter((type) => wanted.includes(type)) : null,
  }
  return { filter, page }
}

function unknown(field: string, allowed: readonly string[]): Issue {
  return { loc: ['query', field], msg: `Must be one of ${allowed.join(', ')}`, type: 'enum' }
}
