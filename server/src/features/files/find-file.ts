// One file by its id, or by the first eight characters of it, in the caller's tenant.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { type FileRow, findFile, findFilesByPrefix } from './queries.ts'
import { isUuid } from './wire.ts'

export async function requireFile({ db }: Pick<Deps, 'db'>, tenantId: string, id: string): Promise<FileRow> {
  if (isUuid(id)) {
    const file = await findFile(db, tenantId, id)
    if (file) return file
  } else if (/^[0-9a-f]{8}$/i.test(id)) {
    const files = await findFilesByPrefix(db, tenantId, id.toLowerCase())
    if (files.length > 1) throw new ApiError('CONFLICT', 'More than one file begins with these characters: use the whole id.')
    if (files[0]) return files[0]
  }
  throw noSuchFile()
}

export function noSuchFile(): ApiError {
  return new ApiError('NOT_FOUND', 'There is no such file.')
}
