// Calls before there is a credential to trust: the way to get one, and the doctor's look at server and credential.
import { exitCodeOfStatus, exitCodes, Failure } from './exit-codes.ts'

const timeoutMs = 30_000

export interface PublicAnswer {
  readonly status: number
  readonly headers: Headers
  /** Undefined when the body is no JSON. */
  readonly body: unknown
}

/** The answer, whatever its status; fails when none came. */
export async function publicCall(
  baseUrl: string,
  method: 'GET' | 'POST',
  path: string,
  { body, token }: { readonly body?: unknown; readonly token?: string } = {},
): Promise<PublicAnswer> {
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  const request: RequestInit = { method, headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) }
  if (body !== undefined) request.body = JSON.stringify(body)
  let response: Response
  let raw: string
  try {
    response = await fetch(baseUrl + path, request)
    raw = await response.text()
  } catch (error) {
    throw unreachable(baseUrl, error)
  }
  return { status: response.status, headers: response.headers, body: parsed(raw) }
}

export function unreachable(baseUrl: string, error: unknown): Failure {
  return new Failure(exitCodes.unreachable, `${baseUrl} cannot be reached: ${reasonOf(error)}. Try \`aion doctor\`.`, {
    cause: error,
  })
}

/** An error of the envelope that every refusal has. */
export function refusalOf({ status, body }: PublicAnswer): Failure {
  const { error, request_id: requestId } = (body ?? {}) as { error?: { code: string; message: string }; request_id?: string }
  const message = error?.message ?? `The server answered ${status}. Try \`aion doctor\`.`
  return new Failure(exitCodeOfStatus(status), message, { code: error?.code, requestId })
}

/** fetch hides why behind "fetch failed": the innermost cause says it. */
export function innermost(error: unknown): NodeJS.ErrnoException {
  let deepest = error
  for (;;) {
    if (deepest instanceof AggregateError && deepest.errors.length) deepest = deepest.errors[0]
    else if (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause
    else return deepest instanceof Error ? deepest : new Error(String(deepest))
  }
}

export function reasonOf(error: unknown): string {
  const { message, code } = innermost(error)
  return message || code || 'no reason was given'
}

function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}
