// Where a part runs: on this machine as it is, or in a network namespace of its own.
export interface Place {
  /** What stands before a program's name to run it there. */
  readonly command: readonly string[]
  /** The address it listens on, and is reached at. */
  readonly host: string
}

export const here: Place = { command: [], host: '127.0.0.1' }
