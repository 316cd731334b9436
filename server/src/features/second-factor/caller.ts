// What the routes of this feature share: their parts, their access, and the person of a session.
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { sessionOf } from '../../http/principal.ts'
import { findUserById, type UserRow } from '../accounts/queries.ts'
import { sessionEnded } from './reauthenticate.ts'

export type RouteDeps = Pick<
  Deps,
  'db' | 'clock' | 'audit' | 'changes' | 'secrets' | 'jobs' | 'limiter' | 'config' | 'passwords' | 'delays' | 'publicUrl'
>

export const own = (extra: { fresh?: true } = {}): { access: Access } => ({
  access: { credential: 'session', permission: 'SELF', unverified: true, ...extra },
})

export async function callerOf({ db }: Pick<Deps, 'db'>, request: Parameters<typeof sessionOf>[0]): Promise<UserRow> {
  const user = await findUserById(db, sessionOf(request).userId)
  if (!user) throw sessionEnded()
  return user
}
