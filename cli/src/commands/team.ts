// aion team: who is in the workspace, and as what.
import type { Aionvision, Member } from '@aionvision/sdk'
import type { Command } from '../command.ts'
import { exitCodes, Failure } from '../exit-codes.ts'
import { withFreshProof } from '../fresh-proof.ts'
import { text } from '../text.ts'
import { readableTime } from '../units.ts'

type Role = 'viewer' | 'editor' | 'admin'
const roles: readonly Role[] = ['viewer', 'editor', 'admin']
const member = { name: 'MEMBER', says: 'their address or id' }

export const teamList: Command = {
  name: 'team list',
  summary: 'list members and open invitations',
  example: 'aion team list',
  async run({ output, session }) {
    output.list(
      await all(session()),
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'ADDRESS', value: (row) => row.email },
        { title: 'ROLE', value: (row) => row.role },
        { title: 'STATE', value: (row) => row.status },
        { title: 'LAST ACTIVE', value: (row) => readableTime(row.last_active_at) },
        { title: 'ID', value: (row) => row.id },
      ],
      'Nobody is here.',
    )
    return exitCodes.ok
  },
}

export const teamInvite: Command = {
  name: 'team invite',
  summary: 'invite somebody by mail',
  positionals: [{ name: 'ADDRESS', says: 'where the invitation goes' }],
  options: { role: { type: 'string', value: 'ROLE', says: 'what they may do (viewer)', choices: roles } },
  example: 'aion team invite grace@example.com --role editor',
  async run(context, input) {
    const client = context.session()
    const role = (input.value('role') ?? 'viewer') as Role
    const invited = await withFreshProof(context, client, () => client.members.invite({ email: input.at(0), role }))
    context.output.done(invited, text`Invited ${invited.email} as ${invited.role}.`)
    return exitCodes.ok
  },
}

export const teamRole: Command = {
  name: 'team role',
  summary: 'change what a member may do',
  positionals: [member, { name: 'ROLE', says: roles.join(', '), choices: roles }],
  example: 'aion team role grace@example.com admin',
  async run(context, input) {
    const client = context.session()
    const { id } = await find(client, input.at(0))
    const changed = await withFreshProof(context, client, () => client.members.changeRole(id, { role: input.at(1) as Role }))
    context.output.done(changed, text`${changed.email} is ${changed.role} now.`)
    return exitCodes.ok
  },
}

export const teamRemove: Command = {
  name: 'team remove',
  summary: 'remove a member, or take an invitation back',
  positionals: [member],
  options: { yes: { type: 'boolean', short: 'y', says: 'do not ask' } },
  example: 'aion team remove grace@example.com --yes',
  notes: ['Keys that they made end with their membership.'],
  async run(context, input) {
    const client = context.session()
    const { id, email } = await find(client, input.at(0))
    await context.prompt.confirm(text`Remove ${email}? Keys that they made end at once.`, input.flag('yes'))
    await withFreshProof(context, client, () => client.members.remove(id))
    context.output.done({ id, email, removed: true }, text`Removed ${email}.`)
    return exitCodes.ok
  },
}

async function all(client: Aionvision): Promise<Member[]> {
  const members: Member[] = []
  for await (const each of client.members.list()) members.push(each)
  return members
}

async function find(client: Aionvision, wanted: string): Promise<Member> {
  const found = (await all(client)).find(({ id, email }) => id === wanted || email.toLowerCase() === wanted.toLowerCase())
  if (!found) throw new Failure(exitCodes.notFound, `There is no member "${wanted}". \`aion team list\` shows them.`)
  return found
}
