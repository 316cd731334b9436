// Sign-up: a person, their workspace, and a mail. A known address gets the same answer after the same work, and a different mail.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import { validationError } from '../../http/errors.ts'
import type { Trx } from '../../platform/database/database.ts'
import { type Client, type StartedSession, startSession } from '../sessions/start-session.ts'
import { createTenant } from '../tenants/create-tenant.ts'
import { checkNewPassword } from './check-new-password.ts'
import { requireEmail } from './email-address.ts'
import { onTheBeat } from './even-time.ts'
import { spend } from './limits.ts'
import { issueToken } from './one-time-token.ts'
import { findUserByEmail, insertUser } from './queries.ts'
import { mailAlreadyRegistered, mailOneTimeToken } from './send-mail.ts'

/** Well above the work itself (one Argon2id and one commit), so that all answers leave on the same beat. */
const beatMs = 100

export interface Registration {
  readonly email: string
  readonly password: string
  readonly name: string
  readonly organization_name?: string | null
  readonly auto_login?: boolean
}

export interface Registered {
  readonly userId: string
  readonly tenantId: string
  readonly email: string
  readonly name: string
  readonly session: StartedSession | null
}

export type RegisterDeps = Pick<Deps, 'db' | 'audit' | 'clock' | 'passwords' | 'secrets' | 'jobs' | 'limiter' | 'config'>

export async function register(deps: RegisterDeps, input: Registration, client: Client): Promise<Registered> {
  const email = requireEmail(input.email)
  await spend(deps, 'register', client.ip, email)
  const name = oneLine(input.name)
  await checkNewPassword(deps, input.password, ['body', 'password'])
  for (const [field, text] of Object.entries({ name, organization_name: input.organization_name }))
    if (text !== undefined && text !== null && oneLine(text) === '')
      throw validationError([{ loc: ['body', field], msg: 'Must not be blank', type: 'string_too_short' }])
  return onTheBeat(beatMs, () => write(deps, { ...input, email, name }, client))
}

async function write(deps: RegisterDeps, input: Registration, client: Client): Promise<Registered> {
  const { db, clock, passwords } = deps
  const { email, name } = input
  const password_hash = await passwords.hash(input.password)
  const now = clock.now()
  return db.transaction().execute(async (trx) => {
    const userId = randomUUID()
    if (await insertUser(trx, { id: userId, email, name, password_hash, at: new Date(now) })) {
      const { tenantId, tokenId } = await furnish(trx, deps, input, userId, client, now)
      await mailOneTimeToken(deps, trx, tokenId)
      const session = input.auto_login ? await startSession(trx, { userId, rememberMe: false, client, now }) : null
      return { userId, tenantId, email, name, session }
    }
    // The same statements, undone: what remains of a known address's attempt is the mail to its owner.
    await sameWork(trx, deps, { ...input, password_hash }, client, now)
    const owner = await findUserByEmail(trx, email)
    if (owner) await mailAlreadyRegistered(deps, trx, owner.id)
    return { userId, tenantId: randomUUID(), email, name, session: null }
  })
}

async function furnish(
  trx: Trx,
  deps: RegisterDeps,
  input: Registration,
  userId: string,
  client: Client,
  now: number,
): Promise<{ tenantId: string; tokenId: string }> {
  const { tenantId } = await createTenant(trx, deps, {
    name: oneLine(input.organization_name ?? '') || `${input.name}'s workspace`,
    ownerUserId: userId,
    at: now,
    ip: client.ip,
  })
  return { tenantId, tokenId: await issueToken(trx, deps.secrets, { purpose: 'verify_email', userId, now }) }
}

/** Names are shown in lists, mails and logs: no control character forges a line there (S41). */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim()
}

/** Under an address that nobody can have, and rolled back whole. */
async function sameWork(
  trx: Trx,
  deps: RegisterDeps,
  input: Registration & { password_hash: string },
  client: Client,
  now: number,
): Promise<void> {
  const userId = randomUUID()
  await sql`SAVEPOINT same_work`.execute(trx)
  await insertUser(trx, {
    id: userId,
    email: `${userId}@invalid`,
    name: input.name,
    password_hash: input.password_hash,
    at: new Date(now),
  })
  await furnish(trx, deps, input, userId, client, now)
  await sql`ROLLBACK TO SAVEPOINT same_work`.execute(trx)
}
