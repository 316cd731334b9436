// What aion-admin is asked to do: arguments in, one command or one sentence about what is wrong out.
import { normaliseEmail } from '../features/accounts/email-address.ts'
import { isPlanName, type PlanName, planNames } from '../features/plans/plan-table.ts'

export const memberRoles = ['viewer', 'editor', 'admin'] as const
export type MemberRole = (typeof memberRoles)[number]

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'plan set'; readonly owner: string; readonly plan: PlanName }
  | { readonly kind: 'user verify'; readonly email: string }
  | { readonly kind: 'member add'; readonly tenantId: string; readonly email: string; readonly role: MemberRole }
  | { readonly kind: 'audit verify'; readonly tenantId: string | null }
  | { readonly kind: 'secrets rotate' }
  | { readonly kind: 'backup'; readonly file: string }
  | { readonly kind: 'restore'; readonly file: string }
  | { readonly kind: 'move database'; readonly url: string }

export const help = `aion-admin: deeds of the operator, from the shell.

  aion-admin plan set <owner e-mail | tenant id> <plan>   ${planNames.join(', ')}
  aion-admin user verify <e-mail>                         take the address as verified
  aion-admin member add <tenant id> <e-mail> <role>       ${memberRoles.join(', ')}
  aion-admin audit verify [tenant id]                     prove the trail, or name its first broken link
  aion-admin secrets rotate                               seal credentials of workspaces' buckets under a new key
  aion-admin backup <file>                                database, objects and secret in one archive, while servers run
  aion-admin restore <file>                               the same, back in an empty AION_DATA_DIR
  aion-admin move database <url>                          from the embedded one to an empty PostgreSQL, while no server runs
  aion-admin --help

It works on the database of the server with the same AION_DATA_DIR or DATABASE_URL, running or not, and returns
when every running server has taken the change. In production AION_SECRET must be the server's.
Exit codes: 0 done, 1 not done (or a trail that is broken), 2 not understood.`

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export class UsageError extends Error {}

export function parseCommand(argv: readonly string[]): Command {
  if (argv.some((word) => word === '--help' || word === '-h') || (argv.length === 1 && argv[0] === 'help'))
    return { kind: 'help' }
  const [noun, verb, ...rest] = argv
  if (noun === 'backup' || noun === 'restore') {
    if (verb === undefined || rest.length > 0) throw new UsageError(`Write: aion-admin ${noun} <file>`)
    return { kind: noun, file: verb }
  }
  const name = [noun, verb].filter((word) => word !== undefined).join(' ')
  switch (name) {
    case 'plan set': {
      const [owner, plan] = exactly(name, rest, '<owner e-mail | tenant id> <plan>', 2)
      const lower = plan.toLowerCase()
      if (!isPlanName(lower)) throw new UsageError(`There is no plan "${plan}": the plans are ${planNames.join(', ')}.`)
      return { kind: name, owner: uuid.test(owner) ? owner.toLowerCase() : address(owner), plan: lower }
    }
    case 'user verify': {
      const [email] = exactly(name, rest, '<e-mail>', 1)
      return { kind: name, email: address(email) }
    }
    case 'member add': {
      const [tenant, email, role] = exactly(name, rest, '<tenant id> <e-mail> <role>', 3)
      const wanted = memberRoles.find((known) => known === role.toLowerCase())
      if (!wanted) throw new UsageError(`"${role}" is not a role that can be given: the roles are ${memberRoles.join(', ')}.`)
      return { kind: name, tenantId: tenantIn(tenant), email: address(email), role: wanted }
    }
    case 'audit verify': {
      if (rest.length > 1) throw new UsageError('audit verify takes at most one tenant id.')
      return { kind: name, tenantId: rest[0] === undefined ? null : tenantIn(rest[0]) }
    }
    case 'move database': {
      if (rest.length !== 1) throw new UsageError('Write: aion-admin move database <url>')
      const url = rest[0] ?? ''
      if (!/^postgres(ql)?:\/\//.test(url)) throw new UsageError('The database to move to is a URL starting with postgres://.')
      return { kind: name, url }
    }
    case 'secrets rotate': {
      if (rest.length > 0) throw new UsageError('Write: aion-admin secrets rotate')
      return { kind: name }
    }
  }
  const only = { plan: 'set', user: 'verify', member: 'add', audit: 'verify', secrets: 'rotate', move: 'database' }[noun ?? '']
  if (only && verb === undefined) throw new UsageError(`Write: aion-admin ${noun} ${only} …`)
  throw new UsageError(argv.length === 0 ? 'Say what to do.' : `There is no command "${argv.slice(0, 2).join(' ')}".`)
}

function exactly(name: string, rest: readonly string[], form: string, count: number): [string, string, string] {
  if (rest.length !== count) throw new UsageError(`Write: aion-admin ${name} ${form}`)
  return [rest[0] ?? '', rest[1] ?? '', rest[2] ?? '']
}

/** In the one form that addresses are kept in. */
function address(text: string): string {
  const email = normaliseEmail(text)
  if (!email) throw new UsageError(`"${text}" is not an e-mail address.`)
  return email
}

function tenantIn(text: string): string {
  if (!uuid.test(text)) throw new UsageError(`"${text}" is not a tenant id: it looks like 123e4567-e89b-42d3-a456-426614174000.`)
  return text.toLowerCase()
}
