// A signed-in person says yes or no to a command line that asks; what it asks and from where was shown to them.
import { randomBytes } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import { type CliLoginRow, findWaiting, lockWaiting, updateCliLogin } from './queries.ts'
import { digest } from './start-cli-login.ts'
import { readUserCode } from './user-code.ts'

export const noSuchCode = () =>
  new ApiError('TOKEN_EXPIRED', 'This code is not waiting: it was mistyped, decided already, or is older than ten minutes.')

export async function lookAtCliLogin({ db, clock }: Pick<Deps, 'db' | 'clock'>, userCode: string): Promise<CliLoginRow> {
  const code = readUserCode(userCode)
  const row = code && (await findWaiting(db, code, new Date(clock.now())))
  if (!row) throw noSuchCode()
  return row
}

/** Answers where to send the browser: the command line's own address with a code that only this browser carries. */
export async function decideCliLogin(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  session: SessionPrincipal,
  input: { readonly user_code: string; readonly approve: boolean },
): Promise<{ row: CliLoginRow; redirectTo: string | null }> {
  const code = readUserCode(input.user_code)
  if (!code) throw noSuchCode()
  return db.transaction().execute(async (trx) => {
    const now = new Date(clock.now())
    const row = await lockWaiting(trx, code, now)
    if (!row) throw noSuchCode()
    if (!input.approve) {
      await updateCliLogin(trx, row.id, { denied_at: now })
      return { row, redirectTo: row.redirect_uri && withQuery(row.redirect_uri, { error: 'access_denied' }) }
    }
    const redirectCode = row.redirect_uri === null ? null : randomBytes(32).toString('base64url')
    await updateCliLogin(trx, row.id, {
      approved_by: session.userId,
      approving_session: session.sessionId,
      redirect_code_hash: redirectCode === null ? null : digest(redirectCode),
    })
    return { row, redirectTo: row.redirect_uri && withQuery(row.redirect_uri, { code: redirectCode ?? '' }) }
  })
}

function withQuery(uri: string, query: Record<string, string>): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url.href
}
