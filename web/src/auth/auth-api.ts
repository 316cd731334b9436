// The API for pages that stand before a session: without what only a dashboard needs, and with one attempt: a limit is told at once instead of waited out.
import { AionvisionError, type ErrorCode, Requester } from '@aionvision/sdk'
import { auth as text } from '../strings/auth.ts'
import { explain } from '../ui/surface.tsx'

export function openApi(): Requester {
  return new Requester({ session: 'cookie', baseUrl: location.origin, maxRetries: 0 })
}

export function isRefusal(error: unknown, ...codes: readonly ErrorCode[]): error is AionvisionError {
  return error instanceof AionvisionError && codes.includes(error.code)
}

/** What belongs to no field, in a sentence. */
export function sentenceFor(error: unknown): string {
  if (isRefusal(error, 'RATE_LIMIT_ERROR') && error.retryAfter !== null) return text.wait(Math.ceil(error.retryAfter / 1000))
  return explain(error).message
}
