// aion help COMMAND.
import type { Command } from '../command.ts'
import { exitCodes, usageFailure } from '../exit-codes.ts'
import { helpFor, overview } from '../help.ts'

/** Takes the table when it runs: the table holds this command as well. */
export function helpCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'help',
    summary: 'say how a command is used',
    positionals: [{ name: 'COMMAND', says: 'its words, such as: keys create', many: true, optional: true }],
    example: 'aion help keys create',
    async run({ output }, { positionals }) {
      const wanted = positionals.join(' ')
      const page = wanted ? helpFor(wanted, commands()) : overview(commands())
      if (!page) throw usageFailure(`There is no command "${wanted}". \`aion --help\` lists them.`)
      output.print(page)
      return exitCodes.ok
    },
  }
}
