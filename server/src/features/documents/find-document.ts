// One document by its id, in the caller's tenant.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { type FileRow, findFile } from '../files/queries.ts'
import { isUuid } from '../files/wire.ts'

export async function requireDocument({ db }: Pick<Deps, 'db'>, tenantId: string, id: string): Promise<FileRow> {
  const file = isUuid(id) ? await findFile(db, tenantId, id) : undefined
  if (file?.media_type !== 'document') throw noSuchDocument()
  return file
}

export function noSuchDocument(): ApiError {
  return new ApiError('NOT_FOUND', 'There is no such document.')
}
