// aion tenants and aion use: the workspaces of a person, and which of them commands act in.
import type { Command } from '../command.ts'
import { exitCodes, Failure, usageFailure } from '../exit-codes.ts'
import { text } from '../text.ts'

export const tenants: Command = {
  name: 'tenants',
  summary: 'list your workspaces',
  example: 'aion tenants',
  async run({ output, session, settings }) {
    const mine = (await session().user.tenants()).tenants
    const used = settings.tenant ?? mine[0]?.id
    output.list(
      mine.map((tenant) => ({ ...tenant, in_use: tenant.id === used })),
      [
        { title: 'USED', value: (row) => (row.in_use ? '*' : ' ') },
        { title: 'NAME', value: (row) => row.name },
        { title: 'ROLE', value: (row) => row.role },
        { title: 'PLAN', value: (row) => row.plan },
        { title: 'MEMBERS', value: (row) => row.member_count },
        { title: 'ID', value: (row) => row.id },
      ],
      'You are in no workspace.',
    )
    return exitCodes.ok
  },
}

export const use: Command = {
  name: 'use',
  summary: 'act in another of your workspaces from now on',
  positionals: [{ name: 'TENANT', says: 'its id or name' }],
  example: 'aion use "Ada and friends"',
  async run({ output, session, settings }, input) {
    const wanted = input.at(0)
    const mine = (await session().user.tenants()).tenants
    const byId = mine.filter(({ id }) => id === wanted)
    const found = byId.length ? byId : mine.filter(({ name }) => name === wanted)
    if (found.length > 1)
      throw usageFailure(`Several of your workspaces have this name: use the id, as \`aion tenants\` shows it.`)
    const [tenant] = found
    if (!tenant) throw new Failure(exitCodes.notFound, `You are in no workspace "${wanted}". \`aion tenants\` lists yours.`)
    settings.set('tenant', tenant.id)
    output.done(
      { id: tenant.id, name: tenant.name, role: tenant.role },
      text`Using ${tenant.name}, where you are ${tenant.role}.`,
    )
    return exitCodes.ok
  },
}
