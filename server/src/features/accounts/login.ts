// Signs a person in: unknown addresses cost and answer the same as wrong passwords, and guessing slows down.
import type { Deps } from '../../deps.ts'
import { ApiError, rateLimited } from '../../http/errors.ts'
import { type AuditEvent, extend, recordEvent } from '../audit/record-event.ts'
import { challengeIfEnrolled } from '../second-factor/challenge.ts'
import { insertSession, type SessionRow } from '../sessions/queries.ts'
import { type Client, newSession, type StartedSession } from '../sessions/start-session.ts'
import { normaliseEmail } from './email-address.ts'
import { untilTheBeat } from './even-time.ts'
import { digest, spend } from './limits.ts'
import type { LoginDelays } from './login-delays.ts'
import { beginSession, findHead, findLogin, type LoginRow } from './login-queries.ts'
import { primaryTenant, stampLogin, type UserRow } from './queries.ts'
import { recordFailure } from './record-own-deed.ts'

export type LoginDeps = Pick<Deps, 'db' | 'pool' | 'clock' | 'audit' | 'passwords' | 'limiter' | 'config'> & {
  readonly delays: LoginDelays
  /** Runs work once the answer is out; a server that stops waits for it. */
  readonly afterwards: (work: () => Promise<void>) => void
}

/** Failures leave on the beat, so that nothing about the account shows in how long they took. */
const beatMs = 100
const wrong = () => new ApiError('INVALID_CREDENTIALS', 'The e-mail address or the password is not right.')

export interface LoginInput {
  readonly email: string
  readonly password: string
  readonly remember_me?: boolean
}

export async function login(
  deps: LoginDeps,
  input: LoginInput,
  client: Client,
): Promise<{ user: UserRow; session: StartedSession }> {
  await spend(deps, 'login', client.ip, null)
  const email = normaliseEmail(input.email)
  const account = digest(email ?? input.email)
  if (!deps.config.limits.login) return attempt(deps, email, input, client)
  return deps.delays.inTurn(account, async () => {
    const waitMs = deps.delays.wait(account)
    if (waitMs > 0)
      throw rateLimited(
        'Too many failed attempts on this account. Wait as long as Retry-After says, or reset the password.',
        waitMs,
      )
    try {
      const signedIn = await attempt(deps, email, input, client)
      deps.delays.succeed(account)
      return signedIn
    } catch (error) {
      if (error instanceof ApiError && error.code === 'INVALID_CREDENTIALS') deps.delays.fail(account)
      throw error
    }
  })
}

async function attempt(
  deps: LoginDeps,
  email: string | null,
  input: LoginInput,
  client: Client,
): Promise<{ user: UserRow; session: StartedSession }> {
  const { pool, passwords, clock } = deps
  const began = performance.now()
  const found = email ? await findLogin(pool, email) : null
  // Always one verification: without an account it is against a password that nobody has.
  const matches = await passwords.verify(found?.user.password_hash ?? null, input.password)
  if (!found || !matches || !found.user.is_active) {
    // After the answer, so that only accounts that exist do not take longer.
    await untilTheBeat(beatMs, began)
    if (found) deps.afterwards(() => recordFailure(deps, found.user.id, 'session.start', client))
    throw wrong()
  }
  const rememberMe = input.remember_me ?? false
  await challengeIfEnrolled(deps, found.user, { method: 'password', rememberMe })
  const now = clock.now()
  const { row, token } = newSession({ userId: found.user.id, rememberMe, client, now })
  await begin(deps, found, row, loginEvent(row, now))
  return { user: { ...found.user, last_login_at: new Date(now) }, session: { id: row.id, token } }
}

const loginEvent = (session: SessionRow, at: number): Omit<AuditEvent, 'tenantId'> => ({
  eventType: 'auth.login',
  action: 'session.start',
  result: 'success',
  userId: session.user_id,
  ip: session.ip_address,
  resourceType: 'session',
  resourceId: session.id,
  at,
})

/** Others of the same workspace may write to its trail meanwhile: tried again so often before the trail is locked. */
const attemptsMax = 3

/** Begins the session if the password that was verified still stands: one that was replaced meanwhile lets nobody in. */
async function begin(
  { db, pool, audit }: LoginDeps,
  { user, tenantId, head }: LoginRow,
  session: SessionRow,
  event: Omit<AuditEvent, 'tenantId'>,
): Promise<void> {
  const verifiedHash = user.password_hash ?? ''
  for (let attempt = 0; tenantId && attempt < attemptsMax; attempt++) {
    const present = attempt === 0 ? head : await findHead(pool, tenantId)
    const extension = present && extend(audit, present, { ...event, tenantId })
    if (!extension) break
    const outcome = await beginSession(pool, session, verifiedHash, extension)
    if (outcome === 'begun') return
    if (outcome === 'changed') throw wrong()
  }
  await db.transaction().execute(async (trx) => {
    if (!(await stampLogin(trx, user.id, verifiedHash, session.created_at))) throw wrong()
    await insertSession(trx, session)
    const tenantId = await primaryTenant(trx, user.id)
    if (tenantId) await recordEvent(trx, audit, { ...event, tenantId })
  })
}
