// Proving again who one is, within a session: what sensitive routes ask for when the last proof is too old.
import type { Deps } from '../../deps.ts'
import { ApiError, rateLimited } from '../../http/errors.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import type { Trx } from '../../platform/database/database.ts'
import type { UserRow } from '../accounts/queries.ts'
import { recordOwnDeed } from '../accounts/record-own-deed.ts'
import { verifyPassword } from '../accounts/verify-password.ts'
import type { Client } from '../sessions/start-session.ts'
import { type FactorDeps, type FactorProof, withFactor } from './prove-factor.ts'
import { markProved } from './queries.ts'

type Proof = FactorProof | { readonly method: 'password'; readonly password: string }

const passwordsMax = 10
const passwordWindowMs = 15 * 60_000

/** A password refreshes the proof of who this is, and is no factor. Returns whether this session has proved one. */
export async function reauthenticate(
  deps: FactorDeps & Pick<Deps, 'passwords' | 'delays' | 'config'>,
  caller: SessionPrincipal,
  user: UserRow,
  proof: Proof,
  client: Client,
): Promise<{ authenticatedAt: Date; factor: boolean }> {
  const at = new Date(deps.clock.now())
  const session = { id: caller.sessionId, userId: user.id, authenticatedAt: at }
  const mark = async (trx: Trx, factorAt: { factorAt?: Date }) => {
    const marked = await markProved(trx, { ...session, ...factorAt })
    if (!marked) throw sessionEnded()
    await deps.changes.publish(trx, { kind: 'session', id: session.id })
    await recordOwnDeed(trx, deps, {
      userId: user.id,
      ip: client.ip,
      eventType: 'auth.reauthenticated',
      action: 'session.reauthenticate',
      sessionId: session.id,
      metadata: { method: proof.method },
    })
    return marked.factor_at !== null
  }
  let factor: boolean
  if (proof.method === 'password') {
    await checkPassword(deps, user, proof.password, client)
    factor = await deps.db.transaction().execute((trx) => mark(trx, {}))
  } else factor = await withFactor(deps, { user, proof, purpose: 'reauthenticate', client }, (trx) => mark(trx, { factorAt: at }))
  deps.changes.apply({ kind: 'session', id: session.id })
  return { authenticatedAt: at, factor }
}

async function checkPassword(
  deps: Pick<Deps, 'limiter'> & Parameters<typeof verifyPassword>[0],
  user: UserRow,
  password: string,
  client: Client,
): Promise<void> {
  const name = `reauthenticate:${user.id}`
  const decision = await deps.limiter.decide(name, passwordsMax, passwordWindowMs)
  if (!decision.allowed)
    throw rateLimited('Too many wrong passwords for this account. Wait as long as Retry-After says.', decision.retryAfterMs)
  await verifyPassword(deps, user, password, client)
  await deps.limiter.forget(name)
}

export const sessionEnded = () => new ApiError('INVALID_SESSION', 'This session is not valid or has ended. Sign in again.')
