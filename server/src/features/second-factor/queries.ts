// All SQL on second factors: secrets, codes, passkeys and their ceremonies, pending sign-ins, and what they set on people and sessions.
import { type Selectable, sql } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'
import { lockSessionsOf } from '../sessions/queries.ts'

export type PasskeyRow = Selectable<Database['passkeys']>
export type PendingLoginRow = Selectable<Database['pending_logins']>
export type ChallengeRow = Selectable<Database['passkey_challenges']>
export type Purpose = ChallengeRow['purpose']

export interface Factors {
  readonly totp: boolean
  readonly passkeys: readonly PasskeyRow[]
  readonly recoveryCodes: number
}

export async function findFactors(conn: Connection, userId: string): Promise<Factors> {
  const [secret, passkeys, recoveryCodes] = [
    await findSecret(conn, userId),
    await listPasskeys(conn, userId),
    await countRecoveryCodes(conn, userId),
  ]
  return { totp: Boolean(secret?.secret), passkeys, recoveryCodes }
}

export async function findSecret(conn: Connection, userId: string): Promise<Selectable<Database['totp_secrets']> | null> {
  return (await conn.selectFrom('totp_secrets').selectAll().where('user_id', '=', userId).executeTakeFirst()) ?? null
}

/** The one in use stays until a code of this one is confirmed. */
export async function putCandidate(conn: Connection, userId: string, candidate: Buffer, at: Date): Promise<void> {
  await conn
    .insertInto('totp_secrets')
    .values({ user_id: userId, candidate, created_at: at })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ candidate, created_at: at }))
    .execute()
}

/** False when another confirmation came first, or a new candidate. */
export async function confirmCandidate(trx: Trx, userId: string, candidate: Buffer, step: number, at: Date): Promise<boolean> {
  const row = await trx
    .updateTable('totp_secrets')
    .set({ secret: candidate, candidate: null, confirmed_at: at, last_step: step })
    .where('user_id', '=', userId)
    .where('candidate', '=', candidate)
    .returning('user_id')
    .executeTakeFirst()
  return row !== undefined
}

/** Of parallel uses of one code one gets the step; an older step is spent with it. */
export async function spendStep(trx: Trx, userId: string, secret: Buffer, step: number): Promise<boolean> {
  const row = await trx
    .updateTable('totp_secrets')
    .set({ last_step: step })
    .where('user_id', '=', userId)
    .where('secret', '=', secret)
    .where((where) => where.or([where('last_step', 'is', null), where('last_step', '<', step)]))
    .returning('user_id')
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteSecret(trx: Trx, userId: string): Promise<boolean> {
  const row = await trx
    .deleteFrom('totp_secrets')
    .where('user_id', '=', userId)
    .where('secret', 'is not', null)
    .returning('user_id')
    .executeTakeFirst()
  return row !== undefined
}

export async function replaceRecoveryCodes(trx: Trx, userId: string, hashes: readonly Buffer[]): Promise<void> {
  await trx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
  if (hashes.length === 0) return
  await trx
    .insertInto('recovery_codes')
    .values(hashes.map((code_hash) => ({ user_id: userId, code_hash })))
    .execute()
}

export async function countRecoveryCodes(conn: Connection, userId: string): Promise<number> {
  const { left } = await conn
    .selectFrom('recovery_codes')
    .select(({ fn }) => fn.countAll<number>().as('left'))
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow()
  return left
}

/** Of any number of parallel redemptions one gets the row (S27). */
export async function spendRecoveryCode(trx: Trx, userId: string, hash: Buffer, at: Date): Promise<boolean> {
  const row = await trx
    .updateTable('recovery_codes')
    .set({ used_at: at })
    .where('user_id', '=', userId)
    .where('code_hash', '=', hash)
    .where('used_at', 'is', null)
    .returning('user_id')
    .executeTakeFirst()
  return row !== undefined
}

/** Oldest first. */
export async function listPasskeys(conn: Connection, userId: string): Promise<PasskeyRow[]> {
  return conn.selectFrom('passkeys').selectAll().where('user_id', '=', userId).orderBy('created_at').orderBy('id').execute()
}

export async function findPasskey(conn: Connection, id: string): Promise<PasskeyRow | null> {
  return (await conn.selectFrom('passkeys').selectAll().where('id', '=', id).executeTakeFirst()) ?? null
}

/** False when the credential is registered already, here or with another account. */
export async function insertPasskey(trx: Trx, passkey: PasskeyRow): Promise<boolean> {
  const row = await trx
    .insertInto('passkeys')
    .values(passkey)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function renamePasskey(trx: Trx, userId: string, id: string, name: string): Promise<PasskeyRow | null> {
  const row = await trx
    .updateTable('passkeys')
    .set({ name })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returningAll()
    .executeTakeFirst()
  return row ?? null
}

export async function deletePasskey(trx: Trx, userId: string, id: string): Promise<boolean> {
  const row = await trx
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** A count that does not grow is a copy at work (WebAuthn §6.1.1); authenticators that do not count send 0 always. */
export async function advanceCounter(
  trx: Trx,
  use: { id: string; counter: number; backedUp: boolean; at: Date },
): Promise<'advanced' | 'regressed' | 'removed'> {
  const { id, counter } = use
  const row = await trx
    .updateTable('passkeys')
    .set({ counter, backed_up: use.backedUp, last_used_at: use.at })
    .where('id', '=', id)
    .where((where) => where.or([where('counter', '<', counter), where.and([where('counter', '=', 0), where.val(counter === 0)])]))
    .returning('id')
    .executeTakeFirst()
  if (row) return 'advanced'
  return (await findPasskey(trx, id)) ? 'regressed' : 'removed'
}

export async function insertChallenge(conn: Connection, challenge: ChallengeRow): Promise<void> {
  await conn.insertInto('passkey_challenges').values(challenge).execute()
}

/** Once, by the person and for the purpose it was drawn for, within its time. */
export async function takeChallenge(
  conn: Connection,
  ceremony: { id: string; userId: string | null; purpose: Purpose; now: Date },
): Promise<string | null> {
  const row = await conn
    .deleteFrom('passkey_challenges')
    .where('id', '=', ceremony.id)
    .where(sql<boolean>`user_id IS NOT DISTINCT FROM ${ceremony.userId}::uuid`)
    .where('purpose', '=', ceremony.purpose)
    .where('expires_at', '>', ceremony.now)
    .returning('challenge')
    .executeTakeFirst()
  return row?.challenge ?? null
}

export async function insertPendingLogin(conn: Connection, pending: PendingLoginRow): Promise<void> {
  await conn.insertInto('pending_logins').values(pending).execute()
}

export async function findPendingLogin(conn: Connection, hash: Buffer, now: Date): Promise<PendingLoginRow | null> {
  const row = await conn
    .selectFrom('pending_logins')
    .selectAll()
    .where('token_hash', '=', hash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row ?? null
}

/** Counted before the proof is looked at, so that parallel guesses cannot outrun the count. */
export async function countAttempt(
  conn: Connection,
  hash: Buffer,
  now: Date,
  attemptsMax: number,
): Promise<PendingLoginRow | null> {
  const row = await conn
    .updateTable('pending_logins')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('token_hash', '=', hash)
    .where('expires_at', '>', now)
    .where('attempts', '<', attemptsMax)
    .returningAll()
    .executeTakeFirst()
  return row ?? null
}

export async function takePendingLogin(trx: Trx, id: string): Promise<boolean> {
  const row = await trx.deleteFrom('pending_logins').where('id', '=', id).returning('id').executeTakeFirst()
  return row !== undefined
}

export async function deleteExpired(conn: Connection, now: Date, candidatesBefore: Date): Promise<void> {
  await conn.deleteFrom('pending_logins').where('expires_at', '<', now).execute()
  await conn.deleteFrom('passkey_challenges').where('expires_at', '<', now).execute()
  await conn.deleteFrom('totp_secrets').where('secret', 'is', null).where('created_at', '<', candidatesBefore).execute()
}

export async function setFactorEnrolled(trx: Trx, userId: string, at: Date | null): Promise<void> {
  await trx.updateTable('users').set({ factor_enrolled_at: at }).where('id', '=', userId).execute()
}

/** False when the session has ended meanwhile. `factorAt` undefined leaves the factor as it is. */
export async function markProved(
  trx: Trx,
  session: { id: string; userId: string; authenticatedAt?: Date; factorAt?: Date },
): Promise<{ factor_at: Date | null } | null> {
  const row = await trx
    .updateTable('sessions')
    .set({
      ...(session.authenticatedAt && { authenticated_at: session.authenticatedAt }),
      ...(session.factorAt && { factor_at: session.factorAt }),
    })
    .where('id', '=', session.id)
    .where('user_id', '=', session.userId)
    .returning('factor_at')
    .executeTakeFirst()
  return row ?? null
}

/** Without a factor no session has proved one: a workspace that asks for one later asks all of them. */
export async function unmarkSessions(trx: Trx, userId: string): Promise<void> {
  await lockSessionsOf(trx, userId)
  await trx.updateTable('sessions').set({ factor_at: null }).where('user_id', '=', userId).execute()
}

/** Whether some workspace this person is in asks every member for a factor. */
export async function factorIsRequired(conn: Connection, userId: string): Promise<boolean> {
  const row = await conn
    .selectFrom('memberships')
    .innerJoin('tenants', 'tenants.id', 'memberships.tenant_id')
    .select('tenants.id')
    .where('memberships.user_id', '=', userId)
    .where('tenants.is_active', '=', true)
    .where('tenants.factor_required', '=', true)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Of the providers that are set up here. */
export async function hasIdentity(conn: Connection, userId: string, issuers: readonly string[]): Promise<boolean> {
  if (issuers.length === 0) return false
  const row = await conn
    .selectFrom('identities')
    .select('subject')
    .where('user_id', '=', userId)
    .where('issuer', 'in', issuers)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
