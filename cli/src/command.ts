// What a command is: the one description that parsing, help and completion come from, and what it is given to run.
import type { Aionvision } from '@aionvision/sdk'
import type { Arguments } from './arguments.ts'
import type { Credential, Credentials } from './credentials.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Output } from './output.ts'
import type { Prompt } from './prompt.ts'
import type { Settings } from './settings.ts'

export interface Option {
  readonly type: 'boolean' | 'string' | 'strings'
  readonly short?: string
  /** What stands for the value in help. */
  readonly value?: string
  readonly says: string
  /** The only values allowed; completion offers them. */
  readonly choices?: readonly string[]
}

export interface Positional {
  readonly name: string
  readonly says: string
  readonly many?: true
  readonly optional?: true
  /** What completion offers. */
  readonly choices?: readonly string[]
}

export interface Command {
  /** The words that call it: "login", "keys list". */
  readonly name: string
  readonly summary: string
  readonly positionals?: readonly Positional[]
  readonly options?: Readonly<Record<string, Option>>
  /** A line that can be typed. */
  readonly example: string
  /** More to say in its help, one sentence a line. */
  readonly notes?: readonly string[]
  run(context: Context, input: Arguments): Promise<ExitCode | undefined>
}

export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly output: Output
  readonly prompt: Prompt
  readonly settings: Settings
  readonly credentials: Credentials
  readonly now: () => number
  /** Aborted by Ctrl-C: who reads it ends in order. */
  readonly signal: AbortSignal
  /** A person's session: what keys may not do. Fails with "not signed in" when there is none. */
  session(): Aionvision
  /** A key or a session, whichever is given; a key from the environment first. */
  either(): Aionvision
  connect(credential: Credential): Aionvision
}
