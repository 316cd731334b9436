// What can go wrong, as one class that narrows on `code`: the server's own codes, and those of a call that got no answer.
import type { components } from './contract.ts'

/** Every code of docs/errors. */
export type ServerCode = components['schemas']['Error']['error']['code']
/** Of this library: no connection, no answer in time, an answer that is not the API's, and a caller that gave up. */
export type ClientCode = 'NETWORK_ERROR' | 'TIMEOUT' | 'INVALID_RESPONSE' | 'ABORTED'
export type ErrorCode = ServerCode | ClientCode

/** As the last answer's headers gave it. */
export interface RateLimit {
  /** Requests in any rolling minute. */
  readonly limit: number
  readonly remaining: number
  /** When a slot is free: epoch milliseconds, now when there is one. */
  readonly resetAt: number
}

export interface ErrorDetails {
  readonly code: ErrorCode
  /** HTTP status; null where there was no answer. */
  readonly status?: number | null
  readonly requestId?: string | null
  readonly details?: Readonly<Record<string, unknown>>
  readonly rateLimit?: RateLimit | null
  /** Milliseconds, from Retry-After. */
  readonly retryAfter?: number | null
  readonly cause?: unknown
}

export class AionvisionError extends Error {
  override readonly name = 'AionvisionError'
  readonly code: ErrorCode
  readonly status: number | null
  readonly requestId: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly rateLimit: RateLimit | null
  readonly retryAfter: number | null

  constructor(message: string, { cause, code, status, requestId, details, rateLimit, retryAfter }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.status = status ?? null
    this.requestId = requestId ?? null
    this.details = details ?? {}
    this.rateLimit = rateLimit ?? null
    this.retryAfter = retryAfter ?? null
  }
}
