// The process: words of the command line → a command → an exit code.
import { readFileSync } from 'node:fs'
import { Aionvision } from '@aionvision/sdk'
import { parse } from './arguments.ts'
import type { Context } from './command.ts'
import { commands } from './commands.ts'
import { type Credential, Credentials } from './credentials.ts'
import { type ExitCode, exitCodes, Failure } from './exit-codes.ts'
import { failureOf } from './failure-of.ts'
import { helpFor, overview } from './help.ts'
import { Output } from './output.ts'
import { Prompt } from './prompt.ts'
import { Settings } from './settings.ts'
import { json, text } from './text.ts'

const { env, stdin, stdout, stderr } = process

async function main(words: readonly string[]): Promise<ExitCode> {
  let output = newOutput(words.includes('--json'))
  try {
    const { command, helpFor: wanted, input } = parse(words, commands)
    output = newOutput(input.flag('json'))
    if (input.flag('version')) {
      output.plain(version())
      return exitCodes.ok
    }
    if (wanted !== null) {
      output.print(helpFor(wanted, commands) ?? overview(commands))
      return exitCodes.ok
    }
    if (!command) {
      output.note(overview(commands))
      return exitCodes.usage
    }
    const settings = new Settings(env, { baseUrl: input.value('base-url'), tenant: input.value('tenant') })
    const apiKey = input.value('api-key')
    if (apiKey) output.warn(text`a key among the arguments can be read by others on this machine: use AIONVISION_API_KEY.`)
    const credentials = new Credentials(settings.directory, env, { baseUrl: () => settings.baseUrl, apiKey })
    return (await command.run(newContext(output, settings, credentials), input)) ?? exitCodes.ok
  } catch (error) {
    return told(output, failureOf(error))
  }
}

function newOutput(json: boolean): Output {
  return new Output({ stdout, stderr, json, noColor: Boolean(env.NO_COLOR) || env.TERM === 'dumb' })
}

function newContext(output: Output, settings: Settings, credentials: Credentials): Context {
  let interrupt: AbortController | undefined
  const connect = ({ kind, secret }: Credential) => {
    const { baseUrl, tenant, maxRetries } = settings
    const common = { baseUrl, maxRetries }
    // A key is of one workspace.
    return new Aionvision(
      kind === 'key' ? { apiKey: secret, ...common } : { sessionToken: secret, tenantId: tenant ?? undefined, ...common },
    )
  }
  const needed = (credential: Credential | null, otherwise: string) => {
    if (!credential) throw new Failure(exitCodes.notSignedIn, otherwise)
    return connect(credential)
  }
  return {
    env,
    output,
    prompt: new Prompt(stdin, output),
    settings,
    credentials,
    now: Date.now,
    // Who does not look at it is ended by Ctrl-C at once, as any program.
    get signal() {
      interrupt ??= endInOrder()
      return interrupt.signal
    },
    connect,
    session: () => needed(credentials.session(), 'You are not signed in: run `aion login`. (A key is not enough for this.)'),
    either: () => needed(credentials.either(), 'You are not signed in: run `aion login`, or set AIONVISION_API_KEY.'),
  }
}

/** The first Ctrl-C asks to end in order, the second ends. */
function endInOrder(): AbortController {
  const interrupt = new AbortController()
  process.once('SIGINT', () => {
    interrupt.abort(new Failure(exitCodes.interrupted, 'Interrupted.'))
    process.once('SIGINT', () => process.exit(exitCodes.interrupted))
  })
  return interrupt
}

function told(output: Output, { exitCode, message, code, requestId }: Failure): ExitCode {
  if (output.jsonAsked) output.note(json({ error: { code, message }, exit_code: exitCode, request_id: requestId }))
  else {
    output.note(text`${output.noteStyled('red', 'aion:')} ${message}`)
    if (code) output.note(text`${output.noteStyled('dim', [code, requestId].filter(Boolean).join('  request '))}`)
  }
  return exitCode
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
}

// A reader that has seen enough (`aion … | head`) is no fault of ours.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok)
  throw error
})
process.exitCode = await main(process.argv.slice(2))
