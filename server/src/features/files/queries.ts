// All SQL on files. Every statement names the tenant: an id alone opens nothing.
import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'
import type { MediaType } from './content-types.ts'

export type FileRow = Selectable<Database['files']>
export type NewFile = Omit<FileRow, 'title' | 'tags' | 'deleted_at' | 'variant_count' | 'variant_error'>

export async function insertFile(trx: Trx, file: NewFile): Promise<void> {
  await trx.insertInto('files').values(file).execute()
}

export async function findFile(conn: Connection, tenantId: string, id: string): Promise<FileRow | undefined> {
  return conn
    .selectFrom('files')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/** At most two of those whose id begins with these eight digits. */
export async function findFilesByPrefix(conn: Connection, tenantId: string, prefix: string): Promise<FileRow[]> {
  return conn
    .selectFrom('files')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '>=', `${prefix}-0000-0000-0000-000000000000`)
    .where('id', '<=', `${prefix}-ffff-ffff-ffff-ffffffffffff`)
    .where('deleted_at', 'is', null)
    .limit(2)
    .execute()
}

export interface FileFilter {
  readonly tenantId: string
  readonly search: string | null
  readonly tags: readonly string[]
  readonly from: Date | null
  readonly to: Date | null
  readonly ids: readonly string[] | null
  readonly mediaTypes: readonly MediaType[] | null
}

export interface FilePage {
  readonly sort: 'created_at' | 'title' | 'size_bytes'
  readonly order: 'asc' | 'desc'
  readonly limit: number
  readonly offset: number
}

export async function selectFiles(conn: Connection, filter: FileFilter, page: FilePage): Promise<FileRow[]> {
  return conn
    .selectFrom('files')
    .selectAll()
    .where((eb) => matching(eb, filter))
    .orderBy(page.sort, (by) => (page.order === 'asc' ? by.asc() : by.desc()).nullsLast())
    .orderBy('id')
    .limit(page.limit)
    .offset(page.offset)
    .execute()
}

export async function countFiles(conn: Connection, filter: FileFilter): Promise<number> {
  const row = await conn
    .selectFrom('files')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where((eb) => matching(eb, filter))
    .executeTakeFirstOrThrow()
  return row.count
}

function matching(eb: ExpressionBuilder<Database, 'files'>, filter: FileFilter) {
  const conditions = [eb('tenant_id', '=', filter.tenantId), eb('deleted_at', 'is', null)]
  if (filter.search !== null) {
    const pattern = `%${filter.search.replace(/[\\%_]/g, '\\$&')}%`
    conditions.push(
      eb.or([
        eb('title', 'ilike', pattern),
        eb('filename', 'ilike', pattern),
        sql<boolean>`EXISTS (SELECT 1 FROM unnest(tags) AS tag WHERE tag ILIKE ${pattern})`,
      ]),
    )
  }
  if (filter.tags.length) conditions.push(sql<boolean>`tags @> ${[...filter.tags]}::text[]` as never)
  if (filter.from) conditions.push(eb('created_at', '>=', filter.from))
  if (filter.to) conditions.push(eb('created_at', '<=', filter.to))
  if (filter.ids) conditions.push(sql<boolean>`id = ANY(${[...filter.ids]}::uuid[])` as never)
  if (filter.mediaTypes) conditions.push(sql<boolean>`media_type = ANY(${[...filter.mediaTypes]}::text[])` as never)
  return eb.and(conditions)
}

export async function updateFile(
  trx: Trx,
  tenantId: string,
  id: string,
  changes: { title?: string | null; tags?: string[]; updated_at: Date },
): Promise<FileRow | undefined> {
  return trx
    .updateTable('files')
    .set(changes)
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

/** The ids that this deletion hid: those that were there and not hidden before. */
export async function hideFiles(
  trx: Trx,
  tenantId: string,
  ids: readonly string[],
  at: Date,
  mediaTypes: readonly MediaType[],
): Promise<string[]> {
  const rows = await trx
    .updateTable('files')
    .set({ deleted_at: at, updated_at: at })
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`id = ANY(${[...ids]}::uuid[])`)
    .where('media_type', 'in', mediaTypes)
    .where('deleted_at', 'is', null)
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}

export async function lockFile(trx: Trx, tenantId: string, id: string): Promise<FileRow | undefined> {
  const file = await lockFileEvenHidden(trx, tenantId, id)
  return file?.deleted_at ? undefined : file
}

export async function lockFileEvenHidden(trx: Trx, tenantId: string, id: string): Promise<FileRow | undefined> {
  return trx.selectFrom('files').selectAll().where('tenant_id', '=', tenantId).where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function unhideFile(trx: Trx, tenantId: string, id: string, at: Date): Promise<void> {
  await trx
    .updateTable('files')
    .set({ deleted_at: null, updated_at: at })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
}

/** Of these hashes, the ones that a file of this tenant has. */
export async function selectKnownHashes(conn: Connection, tenantId: string, hashes: readonly string[]): Promise<string[]> {
  const rows = await conn
    .selectFrom('files')
    .select('sha256')
    .distinct()
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`sha256 = ANY(${[...hashes]}::text[])`)
    .where('deleted_at', 'is', null)
    .execute()
  return rows.map((row) => row.sha256)
}

/** Across tenants: those hidden before `before`, for the purge. Locked; what another purge holds is passed over. */
export async function lockHiddenBefore(trx: Trx, before: Date): Promise<FileRow | undefined> {
  return trx
    .selectFrom('files')
    .selectAll()
    .where('deleted_at', '<', before)
    .orderBy('deleted_at')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
}

export async function deleteFileRow(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('files').where('id', '=', id).execute()
}
