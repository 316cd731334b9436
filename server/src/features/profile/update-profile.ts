// Changes a person's own name and preferences.
import type { Deps } from '../../deps.ts'
import { ApiError, validationError } from '../../http/errors.ts'
import { updateUser } from '../accounts/queries.ts'
import { storableJson } from '../audit/chain.ts'
import { lockPreferences } from './queries.ts'

const preferencesBytesMax = 16 * 1024
const preferencesDepthMax = 8

export async function updateProfile(
  { db, clock, changes }: Pick<Deps, 'db' | 'clock' | 'changes'>,
  userId: string,
  input: { name?: string | null; preferences?: Record<string, unknown> | null },
): Promise<void> {
  const name = input.name === undefined || input.name === null ? undefined : oneLine(input.name)
  if (name === '') throw validationError([{ loc: ['body', 'name'], msg: 'Must not be blank', type: 'string_too_short' }])
  await db.transaction().execute(async (trx) => {
    const held = await lockPreferences(trx, userId)
    if (!held) throw new ApiError('NOT_FOUND', 'There is no such account any more.')
    await updateUser(trx, userId, {
      ...(name !== undefined && { name }),
      ...(input.preferences && { preferences: merged(held, input.preferences) }),
      updated_at: new Date(clock.now()),
    })
    await changes.publish(trx, { kind: 'user', id: userId })
  })
  changes.apply({ kind: 'user', id: userId })
}

function merged(held: Record<string, unknown>, given: Record<string, unknown>): string {
  const text = JSON.stringify(
    Object.fromEntries(Object.entries({ ...held, ...storableJson(given) }).filter(([, value]) => value !== null)),
  )
  const fault =
    Buffer.byteLength(text) > preferencesBytesMax
      ? `Preferences may take ${preferencesBytesMax} bytes in all`
      : depthOf(given) > preferencesDepthMax
        ? `Preferences may be nested ${preferencesDepthMax} levels deep`
        : null
  if (fault) throw validationError([{ loc: ['body', 'preferences'], msg: fault, type: 'value_error' }])
  return text
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

/** Names are shown in lists, mails and logs: no control character forges a line there (S41). */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim()
}
