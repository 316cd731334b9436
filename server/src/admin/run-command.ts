// The operator's deeds, each in one transaction with its row in the trail, through the same rules that the routes use.

import { primaryTenant, voidTokens } from '../features/accounts/queries.ts'
import { recordEvent } from '../features/audit/record-event.ts'
import { verifyChain, verifyChains } from '../features/audit/verify-chain.ts'
import { changePlan } from '../features/billing/change-plan.ts'
import { rotateKey } from '../features/own-bucket/rotate-key.ts'
import type { Plans } from '../features/plans/plan-table.ts'
import { addMember } from '../features/tenants/add-member.ts'
import { findOwnedTenants, findUser } from '../features/tenants/queries.ts'
import { ApiError } from '../http/errors.ts'
import type { Change } from '../platform/changes.ts'
import type { Db, Trx } from '../platform/database/database.ts'
import type { Secrets } from '../platform/secrets.ts'
import type { Command } from './parse-command.ts'
import { markVerified } from './queries.ts'

export interface AdminDeps {
  readonly db: Db
  readonly audit: Buffer
  readonly secrets: Secrets
  readonly plans: Plans
  readonly now: () => number
  /** Commits the deed, tells every running server of the change, and returns when all have taken it. */
  readonly commit: <T>(change: Change, deed: (trx: Trx) => Promise<T>) => Promise<T>
  readonly say: (line: string) => void
}

/** Those that change or read rows; the others are about the whole. */
export type DeedCommand = Exclude<Command, { kind: 'help' | 'backup' | 'restore' | 'move database' }>
type Deed<K extends Command['kind']> = Extract<Command, { kind: K }>

/** What `commit` publishes itself, once per deed. */
const told = { publish: async () => {} }

/** False when the answer is a no: a trail that is broken. Anything not done throws. */
export async function runCommand(deps: AdminDeps, command: DeedCommand): Promise<boolean> {
  switch (command.kind) {
    case 'plan set':
      return setPlan(deps, command)
    case 'user verify':
      return verifyUser(deps, command)
    case 'member add':
      return giveRole(deps, command)
    case 'audit verify':
      return verifyTrails(deps, command)
    case 'secrets rotate':
      return rotateSecrets(deps)
  }
}

async function setPlan({ db, audit, plans, now, commit, say }: AdminDeps, { owner, plan }: Deed<'plan set'>): Promise<boolean> {
  const tenantId = owner.includes('@') ? await tenantOwnedBy(db, owner) : owner
  const { from } = await commit({ kind: 'tenant', id: tenantId }, (trx) =>
    changePlan(trx, { audit, changes: told }, { tenantId, action: 'set', actor: null, at: now(), decide: () => plan }),
  )
  say(`Tenant ${tenantId} is on ${plans[plan].title} (before: ${plans[from].title}).`)
  return true
}

async function tenantOwnedBy(db: Db, email: string): Promise<string> {
  const owned = await findOwnedTenants(db, email)
  const [only] = owned
  if (!only) {
    if (await findUser(db, email)) throw new ApiError('NOT_FOUND', `${email} owns no tenant.`)
    throw new ApiError('NOT_FOUND', `Nobody has signed up as ${email}.`)
  }
  if (owned.length > 1)
    throw new ApiError(
      'CONFLICT',
      `${email} owns ${owned.length} tenants, name one by its id: ${owned.map(({ id, name }) => `${id} (${name})`).join(', ')}.`,
    )
  return only.id
}

async function verifyUser({ db, audit, now, commit, say }: AdminDeps, { email }: Deed<'user verify'>): Promise<boolean> {
  const user = await findUser(db, email)
  if (!user) throw new ApiError('NOT_FOUND', `Nobody has signed up as ${email}.`)
  const changed = await commit({ kind: 'user', id: user.id }, async (trx) => {
    const at = now()
    if (!(await markVerified(trx, user.id, new Date(at)))) return false
    await voidTokens(trx, user.id, 'verify_email', new Date(at))
    const tenantId = await primaryTenant(trx, user.id)
    if (!tenantId) return true
    await recordEvent(trx, audit, {
      tenantId,
      eventType: 'auth.email_verified',
      action: 'user.verify',
      result: 'success',
      userId: user.id,
      resourceType: 'user',
      resourceId: user.id,
      metadata: { by: 'operator' },
      at,
    })
    return true
  })
  say(changed ? `${email} is verified.` : `${email} was verified already.`)
  return true
}

async function giveRole(
  { audit, now, commit, say, db }: AdminDeps,
  { tenantId, email, role }: Deed<'member add'>,
): Promise<boolean> {
  const user = await findUser(db, email)
  if (!user) throw new ApiError('NOT_FOUND', `Nobody has signed up as ${email}.`)
  const { before } = await commit({ kind: 'user', id: user.id }, (trx) =>
    addMember(trx, { audit, changes: told }, { tenantId, email, role, at: now() }),
  )
  say(`${email} is ${role} of tenant ${tenantId}${before ? ` (before: ${before})` : ''}.`)
  return true
}

/** Running servers derive whichever key a row names, so none has to be told. */
async function rotateSecrets({ db, secrets, now, say }: AdminDeps): Promise<boolean> {
  const { version, resealed } = await rotateKey(db, secrets, now())
  say(`Key ${version} seals the credentials of buckets from now on; ${resealed} ${resealed === 1 ? 'was' : 'were'} sealed anew.`)
  return true
}

async function verifyTrails({ db, audit, say }: AdminDeps, { tenantId }: Deed<'audit verify'>): Promise<boolean> {
  let trails = 0
  let rows = 0
  let broken = 0
  const verdicts = tenantId === null ? verifyChains(db, audit) : [await verifyChain(db, audit, tenantId)]
  for await (const verdict of verdicts) {
    trails++
    rows += verdict.rows
    if (verdict.intact) continue
    broken++
    say(
      `BROKEN tenant ${verdict.tenantId} at row ${verdict.sequence}${verdict.eventId ? ` (${verdict.eventId})` : ''}: ${verdict.problem}.`,
    )
  }
  if (broken > 0) say(`${broken} of ${trails} trails are broken.`)
  else say(`${trails === 1 ? 'The trail is' : `All ${trails} trails are`} intact: ${rows} rows.`)
  return broken === 0
}
