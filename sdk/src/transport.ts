// One call: credentials, deadline, retries with full jitter, the pace of the limit, and the answer or one kind of error.
import { AionvisionError, type ErrorCode, type RateLimit } from './errors.ts'
import { Pace } from './pace.ts'

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for all attempts together. */
  readonly timeout?: number | undefined
  /** May be sent again when nobody knows whether it arrived: reads are, and what carries an idempotency key. */
  readonly idempotent?: boolean
}

export interface TransportOptions {
  readonly baseUrl: string
  /** Null leaves it to the browser's cookie. */
  readonly token: string | null
  readonly tenantId: string | null
  readonly timeout: number
  readonly maxRetries: number
  readonly retryDelay: number
  readonly pollingInterval: number
  readonly pollingTimeout: number
  readonly pace: boolean
  readonly etagCache: boolean
  readonly fetch: typeof fetch
}

type Take<Result> = (response: Response) => Promise<Result>
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const longestDelayMs = 60_000
const retried = new Set([408, 429, 500, 502, 503, 504])
const cachedAnswersMax = 500

export class Transport {
  readonly options: TransportOptions
  readonly #pace: Pace | null
  readonly #answers = new Map<string, { etag: string; body: unknown }>()
  #rateLimit: RateLimit | null = null

  constructor(options: TransportOptions) {
    this.options = options
    this.#pace = options.pace && options.token?.startsWith('aion_') ? new Pace(Date.now, pause) : null
  }

  /** Of the newest answer that had one. */
  get rateLimit(): RateLimit | null {
    return this.#rateLimit
  }

  async json<Result>(method: Method, path: string, call: CallOptions = {}): Promise<Result> {
    const { etagCache } = this.options
    const url = this.url(path, call.query)
    const cached = etagCache && method === 'GET' ? this.#answers.get(url) : undefined
    const headers = cached ? { ...call.headers, 'if-none-match': cached.etag } : call.headers
    return this.#call(method, url, { ...call, ...(headers && { headers }) }, async (response) => {
      if (cached && response.status === 304) return cached.body as Result
      if (response.status === 204) return undefined as Result
      const body = await readJson(response)
      const etag = response.headers.get('etag')
      if (etagCache && method === 'GET' && etag) this.#remember(url, { etag, body })
      return body as Result
    })
  }

  /** The response itself, once it is one of success; null as body of what has none. */
  send(method: Method, url: string, call: CallOptions = {}): Promise<Response> {
    return this.#call(method, url, call, async (response) => response)
  }

  /** `take` belongs to an attempt: an answer that breaks off in the middle is none. */
  async #call<Result>(method: Method, url: string, call: CallOptions, take: Take<Result>): Promise<Result> {
    const { token, tenantId, maxRetries } = this.options
    const headers: Record<string, string> = { accept: 'application/json', ...call.headers }
    if (token) headers.authorization = `Bearer ${token}`
    if (tenantId) headers['x-tenant-id'] = tenantId
    if (call.body !== undefined) headers['content-type'] = 'application/json'
    const init: RequestInit = {
      method,
      headers,
      // A signed URL elsewhere must not be followed with the credential: who wants the bytes asks for them.
      redirect: 'follow',
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      ...(token === null && { credentials: 'same-origin' as const }),
    }
    const idempotent = call.idempotent ?? (method === 'GET' || method === 'PUT' || method === 'DELETE')
    const timeout = call.timeout ?? this.options.timeout
    const deadline = deadlineOf(call.signal, timeout)
    try {
      for (let attempt = 0; ; attempt++) {
        // A connection that stalls has its share of the time, where there may be another attempt.
        const share = idempotent && attempt < maxRetries ? timeout / (maxRetries + 1) : timeout
        const outcome = await this.#attempt(url, init, { take, signal: deadline.signal, ms: share })
        if ('taken' in outcome) return outcome.taken
        const { failure } = outcome
        // A limit and a server that says it is not there did nothing; of anything else nobody knows.
        const safe = idempotent || failure.status === 429 || (failure.status === 503 && failure.retryAfter !== null)
        if (attempt >= maxRetries || !safe || !isTransient(failure)) throw failure
        await pause(this.#delay(attempt, failure), deadline.signal)
      }
    } catch (error) {
      throw deadline.explain(error)
    } finally {
      deadline.clear()
    }
  }

  async #attempt<Result>(
    url: string,
    init: RequestInit,
    { take, signal, ms }: { take: Take<Result>; signal: AbortSignal; ms: number },
  ): Promise<{ taken: Result } | { failure: AionvisionError }> {
    await this.#pace?.enter(signal)
    const share = deadlineOf(signal, ms)
    let rate: RateLimit | null = null
    let refusedFor: number | null = null
    try {
      const response = await this.options.fetch(url, { ...init, signal: share.signal })
      rate = rateLimitOf(response.headers)
      if (rate) this.#rateLimit = rate
      if (response.ok || response.status === 304) return { taken: await take(response) }
      const error = await errorOf(response, rate)
      if (response.status === 429 && error.code === 'RATE_LIMIT_ERROR') refusedFor = error.retryAfter
      return { failure: error }
    } catch (error) {
      if (signal.aborted || error instanceof AionvisionError) throw error
      const message = `No answer from ${new URL(url).origin}: ${reasonOf(error)}`
      return { failure: new AionvisionError(message, { code: 'NETWORK_ERROR', cause: error }) }
    } finally {
      share.clear()
      this.#pace?.settle(rate, refusedFor)
    }
  }

  /** Exponential backoff with full jitter; what the server asks for comes first. */
  #delay(attempt: number, { retryAfter }: AionvisionError): number {
    const jittered = Math.random() * Math.min(longestDelayMs, this.options.retryDelay * 2 ** attempt)
    return retryAfter === null ? jittered : retryAfter + Math.random() * 100
  }

  url(path: string, query: CallOptions['query'] = {}): string {
    const url = new URL(this.options.baseUrl + path)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined && value !== null)
        for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(each))
    return url.href
  }

  #remember(url: string, answer: { etag: string; body: unknown }): void {
    this.#answers.delete(url)
    this.#answers.set(url, answer)
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= cachedAnswersMax) break
      this.#answers.delete(oldest)
    }
  }

  forget(): void {
    this.#answers.clear()
  }
}

export function isTransient({ status, code }: AionvisionError): boolean {
  // Used up for the month: waiting a moment does not help.
  return code === 'NETWORK_ERROR' || (status !== null && retried.has(status) && code !== 'USAGE_LIMIT_EXCEEDED')
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}

/** The caller's signal and the deadline as one signal, and the error that tells which of them it was. */
export function deadlineOf(given: AbortSignal | undefined, ms: number) {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Error('timeout')), ms)
  const follow = () => controller.abort(given?.reason)
  if (given?.aborted) follow()
  else given?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer)
      given?.removeEventListener('abort', follow)
    },
    explain(error: unknown): unknown {
      // A step that saw this deadline's signal says that it was given up.
      const known = error instanceof AionvisionError && error.code !== 'ABORTED'
      if (known || !controller.signal.aborted) return error
      return given?.aborted
        ? new AionvisionError('The call was given up.', { code: 'ABORTED', cause: given.reason })
        : new AionvisionError(`No answer within ${ms / 1000} seconds.`, { code: 'TIMEOUT', cause: error })
    },
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (error) {
    // It broke off, or was given up.
    if (!(error instanceof SyntaxError)) throw error
    throw new AionvisionError('The answer is not JSON: is this an Aionvision server?', {
      code: 'INVALID_RESPONSE',
      status: response.status,
      cause: error,
    })
  }
}

interface Envelope {
  readonly error?: { readonly code?: ErrorCode; readonly message?: string; readonly details?: Record<string, unknown> }
  readonly request_id?: string
}

export async function errorOf(response: Response, rateLimit: RateLimit | null): Promise<AionvisionError> {
  const body = (await response.json().catch(() => null)) as Envelope | null
  return new AionvisionError(body?.error?.message ?? `The server answered ${response.status}.`, {
    code: body?.error?.code ?? 'INVALID_RESPONSE',
    status: response.status,
    requestId: body?.request_id ?? response.headers.get('x-request-id'),
    ...(body?.error?.details && { details: body.error.details }),
    rateLimit,
    retryAfter: retryAfterOf(response.headers),
  })
}

/** RFC 9110 §10.2.3: seconds or a date. */
function retryAfterOf(headers: Headers): number | null {
  const text = headers.get('retry-after')
  if (text === null) return null
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? null : Math.max(0, ms)
}

function rateLimitOf(headers: Headers): RateLimit | null {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`))
  if (!limit || !remaining || !reset) return null
  return { limit: Number(limit), remaining: Number(remaining), resetAt: Number(reset) * 1000 }
}

/** fetch says "fetch failed" and hides why in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : cause.name) : String(cause)
}
