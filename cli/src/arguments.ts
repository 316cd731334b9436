// Words of the command line → a command and its arguments, by node:util's parser.
import { parseArgs } from 'node:util'
import type { Command, Option } from './command.ts'
import { usageFailure } from './exit-codes.ts'

export const globalOptions = {
  json: { type: 'boolean', says: 'answer in JSON (as a pipe gets anyway)' },
  'base-url': { type: 'string', value: 'URL', says: 'the server, instead of the one configured' },
  tenant: { type: 'string', value: 'ID', says: 'the workspace to act in' },
  'api-key': { type: 'string', value: 'KEY', says: 'a key; better in AIONVISION_API_KEY, others see arguments' },
  help: { type: 'boolean', short: 'h', says: 'say how a command is used' },
  version: { type: 'boolean', says: 'say the version' },
} as const satisfies Record<string, Option>

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

export class Arguments {
  readonly positionals: readonly string[]
  readonly #values: Values

  constructor(positionals: readonly string[], values: Values) {
    this.positionals = positionals
    this.#values = values
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  value(name: string): string | null {
    const value = this.#values[name]
    return typeof value === 'string' ? value : null
  }

  values(name: string): string[] {
    const value = this.#values[name]
    return Array.isArray(value) ? value.map(String) : []
  }

  /** A whole number; `fallback` where the option is absent. */
  number(name: string, fallback: number, min: number, max: number): number {
    const value = this.value(name)
    if (value === null) return fallback
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < min || number > max)
      throw usageFailure(`--${name} takes a whole number from ${min} to ${max}, not "${value}".`)
    return number
  }

  /** The positional that the command's description demands. */
  at(index: number): string {
    const value = this.positionals[index]
    if (value === undefined) throw new Error(`There is no argument ${index}`)
    return value
  }
}

export interface Parsed {
  /** Null when none was named. */
  readonly command: Command | null
  /** Whose help is asked for: a command, a group of them, or "" for all; null when none is. */
  readonly helpFor: string | null
  readonly input: Arguments
}

/** Reads what stands anywhere on the line, and fails with a sentence for what no command knows. */
export function parse(words: readonly string[], commands: readonly Command[]): Parsed {
  const { tokens } = parseArgs({
    args: [...words],
    options: nodeOptions(globalOptions),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const positions = tokens.flatMap((token) => (token.kind === 'positional' ? [token] : []))
  const [first, second] = positions
  const two = commands.find(({ name }) => name === `${first?.value} ${second?.value}`)
  const command = two ?? commands.find(({ name }) => name === first?.value) ?? null
  if (first && !command) {
    const group = commands.some(({ name }) => name.startsWith(`${first.value} `))
    if (!group || !asksForHelp(words)) throw usageFailure(unknown(first.value, second?.value, commands))
    return { command: null, helpFor: first.value, input: new Arguments([], { help: true }) }
  }
  const taken = new Set([first?.index, two ? second?.index : undefined])
  const rest = words.filter((_, index) => !taken.has(index))
  const { values, positionals } = strictly(rest, { ...globalOptions, ...command?.options })
  const input = new Arguments(positionals, values)
  if (command && !input.flag('help')) check(command, input)
  return { command, helpFor: input.flag('help') ? (command?.name ?? '') : null, input }
}

const asksForHelp = (words: readonly string[]) => words.includes('--help') || words.includes('-h')

function strictly(args: readonly string[], options: Readonly<Record<string, Option>>): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options: nodeOptions(options), allowPositionals: true })
  } catch (error) {
    throw usageFailure((error as Error).message.split('. ')[0] ?? '')
  }
}

function nodeOptions(options: Readonly<Record<string, Option>>) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short }]) => [
      name,
      {
        type: type === 'boolean' ? ('boolean' as const) : ('string' as const),
        multiple: type === 'strings',
        ...(short && { short }),
      },
    ]),
  )
}

function unknown(first: string, second: string | undefined, commands: readonly Command[]): string {
  const group = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name.slice(first.length + 1))
  if (group.length === 0) return `There is no command "${first}". \`aion --help\` lists them.`
  const begin = second === undefined ? `"${first}" needs a word more` : `"${first}" has no "${second}"`
  return `${begin}: ${group.join(', ')}.`
}

function check(command: Command, input: Arguments): void {
  const wanted = command.positionals ?? []
  const given = input.positionals.length
  const missing = wanted.find((positional, index) => !positional.optional && index >= given)
  if (missing) throw usageFailure(`${missing.name} is missing: ${missing.says}.`)
  if (given > wanted.length && !wanted.some(({ many }) => many))
    throw usageFailure(`"${input.positionals[wanted.length]}" is one word too many.`)
  for (const [name, { choices }] of Object.entries(command.options ?? {}))
    for (const value of [input.value(name) ?? [], input.values(name)].flat())
      if (choices && !choices.includes(value)) throw usageFailure(`--${name} is one of ${choices.join(', ')}, not "${value}".`)
  for (const [index, { name, choices }] of wanted.entries()) {
    const value = input.positionals[index]
    if (choices && value !== undefined && !choices.includes(value))
      throw usageFailure(`${name} is one of ${choices.join(', ')}, not "${value}".`)
  }
}
