// What `aion --help` and `aion help COMMAND` say, from the table of commands.
import { globalOptions } from './arguments.ts'
import type { Command, Option, Positional } from './command.ts'
import { join, Text } from './text.ts'

export function overview(commands: readonly Command[]): Text {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return new Text(
    [
      'aion: keys, files and people of an Aionvision server, from a terminal.',
      '',
      'Usage: aion COMMAND [OPTIONS]',
      '',
      'Commands:',
      ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
      '',
      'Everywhere:',
      ...optionLines(globalOptions),
      '',
      'Example:',
      '  aion login && aion upload --recursive photos',
      '',
      'More on one: aion help COMMAND',
    ].join('\n'),
  )
}

/** Of a command, or of all that begin with a word; null when there is none. */
export function helpFor(wanted: string, commands: readonly Command[]): Text | null {
  const found = commands.filter(({ name }) => wanted !== '' && (name === wanted || name.startsWith(`${wanted} `)))
  return found.length ? join(found.map(helpOf), '\n\n') : null
}

function helpOf(command: Command): Text {
  const { name, summary, positionals = [], options = {}, example, notes = [] } = command
  const usage = ['aion', name, ...(Object.keys(options).length ? ['[OPTIONS]'] : []), ...positionals.map(placeholder)].join(' ')
  const width = Math.max(0, ...positionals.map((positional) => positional.name.length))
  const sections = [
    [`Usage: ${usage}`, '', `${summary[0]?.toUpperCase()}${summary.slice(1)}.`, ...notes],
    positionals.length ? positionals.map((positional) => `  ${positional.name.padEnd(width)}  ${positional.says}`) : null,
    Object.keys(options).length ? ['Options:', ...optionLines(options)] : null,
    ['Everywhere:', ...optionLines(globalOptions)],
    ['Example:', `  ${example}`],
  ]
  return new Text(
    sections
      .filter((section) => section !== null)
      .map((section) => section.join('\n'))
      .join('\n\n'),
  )
}

function placeholder({ name, many, optional }: Positional): string {
  const shown = many ? `${name}…` : name
  return optional ? `[${shown}]` : shown
}

function optionLines(options: Readonly<Record<string, Option>>): string[] {
  const left = Object.entries(options).map(([name, { short, value, type }]) =>
    [short ? `-${short}, --${name}` : `    --${name}`, type === 'boolean' ? '' : (value ?? 'VALUE')].join(' ').trimEnd(),
  )
  const width = Math.max(...left.map(({ length }) => length))
  return Object.values(options).map(({ says, choices, type }, at) => {
    const more = choices ? `: ${choices.join(', ')}` : type === 'strings' ? '; may stand several times' : ''
    return `  ${(left[at] ?? '').padEnd(width)}  ${says}${more}`
  })
}
