// aion completion: a script for the shell, made from the table of commands.
import { globalOptions } from '../arguments.ts'
import type { Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { Text } from '../text.ts'

const shells = ['bash', 'zsh', 'fish'] as const

/** Takes the table when it runs: the table holds this command as well. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'print the script that completes commands in your shell',
    positionals: [{ name: 'SHELL', says: shells.join(', '), choices: shells }],
    example: 'source <(aion completion bash)',
    async run({ output }, input) {
      const shell = input.at(0) as (typeof shells)[number]
      output.print(new Text({ bash, zsh, fish }[shell](commands())))
      return exitCodes.ok
    },
  }
}

interface Words {
  /** "keys list", "keys" or "". */
  readonly after: string
  readonly words: readonly string[]
}

/** What may follow which words. */
function follow(commands: readonly Command[]): Words[] {
  const groups = groupsOf(commands)
  const first: Words = { after: '', words: [...groups, '--help', '--version'] }
  const seconds = groups.flatMap((group) => {
    const words = membersOf(commands, group)
    return words.length ? [{ after: group, words }] : []
  })
  const options = commands.map((command) => ({
    after: command.name,
    words: [
      ...(command.positionals?.flatMap(({ choices }) => choices ?? []) ?? []),
      ...Object.keys({ ...command.options, ...globalOptions }).map((option) => `--${option}`),
    ],
  }))
  return [first, ...seconds, ...options]
}

function groupsOf(commands: readonly Command[]): string[] {
  return [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))]
}

function membersOf(commands: readonly Command[], group: string): string[] {
  return commands.flatMap(({ name }) => (name.startsWith(`${group} `) ? name.slice(group.length + 1) : []))
}

/** Choices of an option's value, by option. */
function choices(commands: readonly Command[]): Words[] {
  const found = new Map<string, readonly string[]>()
  for (const { options = {} } of commands)
    for (const [option, { choices: words }] of Object.entries(options)) if (words) found.set(`--${option}`, words)
  return [...found].map(([after, words]) => ({ after, words }))
}

const cases = (words: readonly Words[], indent: string) =>
  words.map(({ after, words: list }) => `${indent}'${after}') words='${list.join(' ')}' ;;`).join('\n')

function bash(commands: readonly Command[]): string {
  return `# bash completion for aion
_aion() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words='' path='' word index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    [[ $word == -* ]] && continue
    case "\${path:+$path }$word" in
      ${follow(commands)
        .filter(({ after }) => after)
        .map(({ after }) => `'${after}'`)
        .join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$previous" in
${cases(choices(commands), '    ')}
  esac
  [[ $words ]] || case "$path" in
${cases(follow(commands), '    ')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _aion aion`
}

function zsh(commands: readonly Command[]): string {
  return `#compdef aion
# zsh completion for aion, by the bash script
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`
}

function fish(commands: readonly Command[]): string {
  const quoted = (words: string) => `'${words.replace(/[\\']/g, '\\$&')}'`
  const summaryOf = (first: string) =>
    commands.find(({ name }) => name === first)?.summary ?? membersOf(commands, first).join(', ')
  const lines = groupsOf(commands).map(
    (group) => `complete -c aion -f -n __fish_use_subcommand -a ${group} -d ${quoted(summaryOf(group))}`,
  )
  for (const { name, summary, options = {}, positionals = [] } of commands) {
    const [first, second] = name.split(' ')
    if (second) lines.push(`complete -c aion -f -n '__fish_seen_subcommand_from ${first}' -a ${second} -d ${quoted(summary)}`)
    const seen = `'__fish_seen_subcommand_from ${first}${second ? `; and __fish_seen_subcommand_from ${second}` : ''}'`
    for (const [option, { says, short, type, choices: words }] of Object.entries(options))
      lines.push(
        `complete -c aion -n ${seen} -l ${option}${short ? ` -s ${short}` : ''}${type === 'boolean' ? '' : ' -r'}${words ? ` -f -a ${quoted(words.join(' '))}` : ''} -d ${quoted(says)}`,
      )
    for (const { choices: words } of positionals)
      if (words) lines.push(`complete -c aion -f -n ${seen} -a ${quoted(words.join(' '))}`)
  }
  for (const [option, { says, type }] of Object.entries(globalOptions))
    lines.push(`complete -c aion -l ${option}${type === 'boolean' ? '' : ' -r'} -d ${quoted(says)}`)
  return ['# fish completion for aion', ...lines].join('\n')
}
