// Gives a file another title or other tags.
import type { Deps } from '../../deps.ts'
import { type Issue, validationError } from '../../http/errors.ts'
import { type Actor, recordDeed } from './actor.ts'
import { noSuchFile } from './find-file.ts'
import { type FileRow, updateFile } from './queries.ts'

const tagLengthMax = 50

export interface FileChange {
  /** null leaves it as it is, empty removes it. */
  readonly title: string | null
  readonly tags: readonly string[] | null
}

export async function changeFile(
  deps: Pick<Deps, 'db' | 'clock' | 'audit'>,
  actor: Actor,
  id: string,
  change: FileChange,
): Promise<FileRow> {
  const tags = change.tags === null ? null : readTags(change.tags)
  const title = change.title === null ? undefined : change.title.trim() || null
  return deps.db.transaction().execute(async (trx) => {
    const file = await updateFile(trx, actor.tenantId, id, {
      ...(title !== undefined && { title }),
      ...(tags && { tags }),
      updated_at: new Date(deps.clock.now()),
    })
    if (!file) throw noSuchFile()
    await recordDeed(trx, deps, actor, {
      eventType: 'file.updated',
      action: 'file.update',
      resourceType: 'file',
      resourceId: id,
      metadata: { fields: [...(title === undefined ? [] : ['title']), ...(tags ? ['tags'] : [])] },
    })
    return file
  })
}

function readTags(given: readonly string[]): string[] {
  const tags = given.map((tag) => tag.trim())
  const issues = tags.flatMap((tag, index): Issue[] => {
    if (tag !== '' && tag.length <= tagLengthMax) return []
    return [
      {
        loc: ['body', 'tags', index],
        msg: `A tag has 1 to ${tagLengthMax} characters`,
        type: tag === '' ? 'string_too_short' : 'string_too_long',
      },
    ]
  })
  if (issues.length) throw validationError(issues)
  return [...new Set(tags)]
}
