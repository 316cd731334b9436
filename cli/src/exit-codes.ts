// How a command ends, for scripts: the numbers of docs/guide/command-line.md.

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notSignedIn: 3,
  refused: 4,
  limited: 5,
  notFound: 6,
  partly: 7,
  unreachable: 8,
  /** 128 + SIGINT, as shells count. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Of an answer of the server that is no success. */
export function exitCodeOfStatus(status: number): ExitCode {
  if (status === 401) return exitCodes.notSignedIn
  if (status === 404) return exitCodes.notFound
  if (status === 429) return exitCodes.limited
  if (status >= 400 && status < 500) return exitCodes.refused
  return exitCodes.failed
}

export interface Why {
  /** The API's code and its id of the request, where it is the API's refusal. */
  readonly code?: string
  readonly requestId?: string | null
  readonly cause?: unknown
}

/** Ends a command with a sentence that says what to do. */
export class Failure extends Error {
  readonly exitCode: ExitCode
  readonly code: string | null
  readonly requestId: string | null

  constructor(exitCode: ExitCode, message: string, { code, requestId, cause }: Why = {}) {
    super(message, { cause })
    this.exitCode = exitCode
    this.code = code ?? null
    this.requestId = requestId ?? null
  }
}

export const usageFailure = (message: string) => new Failure(exitCodes.usage, message)
