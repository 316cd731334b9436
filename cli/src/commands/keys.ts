// aion keys: API keys of the workspace.
import type { Aionvision, ApiKey } from '@aionvision/sdk'
import type { Command, Context } from '../command.ts'
import { exitCodes, Failure, usageFailure } from '../exit-codes.ts'
import { withFreshProof } from '../fresh-proof.ts'
import { text } from '../text.ts'
import { readableTime, readSpan } from '../units.ts'

const key = { name: 'KEY', says: 'its id, its first 14 characters, or its name' }

export const keysList: Command = {
  name: 'keys list',
  summary: 'list the API keys of the workspace',
  options: { all: { type: 'boolean', says: 'those that are revoked or expired as well' } },
  example: 'aion keys list',
  async run(context, input) {
    const keys = await all(context.session(), input.flag('all'))
    context.output.list(
      keys,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'BEGINS WITH', value: (row) => row.key_prefix },
        { title: 'SCOPES', value: (row) => row.scopes.join(' ') || 'all of its creator' },
        { title: 'LAST USED', value: (row) => readableTime(row.last_used_at) ?? 'never' },
        { title: 'EXPIRES', value: (row) => readableTime(row.expires_at) ?? 'never' },
        { title: 'STATE', value: (row) => (row.is_active ? 'active' : 'ended') },
        { title: 'ID', value: (row) => row.id },
      ],
      'There are no keys. `aion keys create NAME` makes one.',
    )
    return exitCodes.ok
  },
}

export const keysCreate: Command = {
  name: 'keys create',
  summary: 'make an API key; it is shown once',
  positionals: [{ name: 'NAME', says: 'what you will know it by' }],
  options: {
    scope: { type: 'strings', value: 'SCOPE', says: 'what it may do, such as uploads:write; none: all its creator may' },
    expires: { type: 'string', value: 'SPAN|DATE', says: 'when it ends: 90d, 12h, or 2027-01-31' },
    description: { type: 'string', value: 'TEXT', says: 'what it is for' },
    environment: { type: 'string', value: 'KIND', says: 'a label', choices: ['live', 'test'] },
    'allow-ip': { type: 'strings', value: 'CIDR', says: 'where it may be used from' },
    'rate-limit': { type: 'string', value: 'N', says: 'requests a minute, at most the number of the plan' },
  },
  example: 'aion keys create "nightly import" --scope uploads:write --expires 90d',
  async run(context, input) {
    const client = context.session()
    const expires = input.value('expires')
    const rate = input.value('rate-limit')
    const body = {
      name: input.at(0),
      ...(input.values('scope').length && { scopes: input.values('scope') }),
      ...(input.value('description') !== null && { description: input.value('description') }),
      ...(input.value('environment') && { environment: input.value('environment') as 'live' | 'test' }),
      ...(input.values('allow-ip').length && { allowed_ips: input.values('allow-ip') }),
      ...(rate !== null && { rate_limit_per_minute: input.number('rate-limit', 0, 1, 1_000_000) }),
      ...(expires && { expires_at: endOf(expires, context.now()) }),
    }
    show(context, await withFreshProof(context, client, () => client.apiKeys.create(body)))
    return exitCodes.ok
  },
}

export const keysRotate: Command = {
  name: 'keys rotate',
  summary: 'replace a key; the old one works for a while yet',
  positionals: [key],
  options: { overlap: { type: 'string', value: 'SPAN', says: 'how long the old one works: 0s to 7d (1d)' } },
  example: 'aion keys rotate "nightly import" --overlap 1h',
  async run(context, input) {
    const client = context.session()
    // A predecessor has the same name and cannot be rotated again.
    const { id } = await find(client, input.at(0), ({ rotated_to }) => rotated_to === null)
    const overlap = input.value('overlap')
    const seconds = overlap === null ? null : readSpan(overlap)
    if (overlap !== null && seconds === null) throw usageFailure(`--overlap is a span such as 1h or 7d, not "${overlap}".`)
    const body = seconds === null ? {} : { overlap_seconds: seconds }
    show(context, await withFreshProof(context, client, () => client.apiKeys.rotate(id, body)))
    return exitCodes.ok
  },
}

export const keysRevoke: Command = {
  name: 'keys revoke',
  summary: 'end a key at once and for good',
  positionals: [key],
  options: {
    reason: { type: 'string', value: 'TEXT', says: 'kept with the key' },
    yes: { type: 'boolean', short: 'y', says: 'do not ask' },
  },
  example: 'aion keys revoke "nightly import" --reason "no longer used" --yes',
  async run(context, input) {
    const client = context.session()
    const { id, name, key_prefix } = await find(client, input.at(0))
    await context.prompt.confirm(text`Revoke ${name} (${key_prefix}…)? Programs that use it stop working.`, input.flag('yes'))
    const reason = input.value('reason')
    await withFreshProof(context, client, () => client.apiKeys.revoke(id, reason === null ? {} : { reason }))
    context.output.done({ id, name, revoked: true }, text`Revoked ${name} (${key_prefix}…).`)
    return exitCodes.ok
  },
}

function show({ output }: Context, created: { api_key: string; name: string; id: string; expires_at: string | null }): void {
  const { api_key, name, id, expires_at } = created
  output.record(created, [
    ['Key', output.styled('bold', api_key)],
    ['Name', name],
    ['Expires', readableTime(expires_at) ?? 'never'],
    ['Id', id],
  ])
  if (!output.json) output.note(text`Keep it safe now: it cannot be shown again.`)
}

async function all(client: Aionvision, inactive: boolean): Promise<ApiKey[]> {
  const keys: ApiKey[] = []
  for await (const each of client.apiKeys.list({ include_inactive: inactive })) keys.push(each)
  return keys
}

/** By id, by how it begins, or by a name that only one has. */
async function find(client: Aionvision, wanted: string, fits: (key: ApiKey) => boolean = () => true): Promise<ApiKey> {
  const keys = await all(client, false)
  const exact = keys.filter(({ id, key_prefix }) => id === wanted || key_prefix === wanted)
  const found = exact.length ? exact : keys.filter((each) => each.name === wanted && fits(each))
  if (found.length > 1)
    throw usageFailure(`"${wanted}" is the name of ${found.length} keys: ${found.map(({ id }) => id).join(', ')}.`)
  const [only] = found
  if (!only) throw new Failure(exitCodes.notFound, `There is no active key "${wanted}". \`aion keys list\` shows them.`)
  return only
}

function endOf(text: string, now: number): string {
  const seconds = readSpan(text)
  const at = seconds === null ? Date.parse(text) : now + seconds * 1000
  if (Number.isNaN(at) || (seconds === null && !/^\d{4}-\d\d-\d\d/.test(text)))
    throw usageFailure(`--expires is a span such as 90d or a date such as 2027-01-31, not "${text}".`)
  return new Date(at).toISOString()
}
