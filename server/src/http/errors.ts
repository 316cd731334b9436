// A refusal is a value with a stable code; this file turns any of them, and anything unforeseen, into the one envelope.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { type ErrorCode, errorTable } from './error-table.ts'

export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Record<string, unknown> = {},
    readonly headers: Record<string, string> = {},
  ) {
    // A refusal is an answer, not a fault: capturing a stack would cost more than the answer.
    const depth = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(message)
    Error.stackTraceLimit = depth
  }
}

/** 429 with the wait in whole seconds, at least one and never too early. */
export function rateLimited(message: string, retryAfterMs: number, details: Record<string, unknown> = {}): ApiError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return new ApiError('RATE_LIMIT_ERROR', message, { ...details, retry_after: seconds }, { 'Retry-After': String(seconds) })
}

export function sendError(reply: FastifyReply, error: ApiError): FastifyReply {
  const body: Record<string, unknown> = {
    error: { code: error.code, message: error.message, details: error.details },
    request_id: reply.request.id,
  }
  // FastAPI's list stands beside the envelope because existing clients read it.
  if (error.code === 'VALIDATION_ERROR') body.detail = error.details.issues ?? []
  reply.request.errorCode = error.code
  // RFC 9110 §15.5.2: a 401 says how to do better.
  if (errorTable[error.code] === 401) reply.header('www-authenticate', 'Bearer realm="aionvision"')
  return reply
    .code(errorTable[error.code])
    .headers(error.headers)
    .header('content-type', 'application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .serializer(identity)
    .send(JSON.stringify(body))
}

const identity = (payload: unknown) => payload as string

/** One entry of `detail[]`: where, what, and pydantic's kind of fault. */
export interface Issue {
  loc: (string | number)[]
  msg: string
  type: string
}

export function validationError(issues: Issue[]): ApiError {
  const first = issues[0]
  const where = first ? `${first.loc.join('.')}: ${first.msg}` : 'The request is not valid.'
  return new ApiError('VALIDATION_ERROR', `The request is not valid: ${where}`, { issues })
}

export function installErrorHandler(log: Logger) {
  return (error: FastifyError | ApiError, request: FastifyRequest, reply: FastifyReply) => {
    const answer = error instanceof ApiError ? error : translate(error)
    // That the database is gone is said once, when it goes: not with each request that is told so.
    if (
      errorTable[answer.code] >= 500 &&
      answer.code !== 'STORAGE_NOT_CONFIGURED' &&
      !(error instanceof ApiError) &&
      error.name !== 'DatabaseGoneError'
    )
      log.error({
        err: { type: error.name, message: error.message, stack: error.stack },
        request_id: request.id,
        route: request.routeOptions.url,
      })
    return sendError(reply, answer)
  }
}

function translate(error: FastifyError): ApiError {
  if (error.validation) {
    // Of an optional field's alternatives only the one that was meant says anything: "must be null" helps nobody.
    const told = error.validation.filter(
      ({ keyword, params }) => keyword !== 'anyOf' && !(keyword === 'type' && params.type === 'null'),
    )
    const faults = told.length > 0 ? told : error.validation
    return validationError(faults.map((fault) => toIssue(fault, error.validationContext ?? 'body')))
  }
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json, and say so in Content-Type.')
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('PAYLOAD_TOO_LARGE', 'The request body is larger than this route accepts.')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ApiError('BAD_REQUEST', 'The body is not as long as Content-Length says.')
  }
  if (isUnavailable(error)) return unavailable()
  if (error.name === 'BucketRefusedError') return new ApiError('BUCKET_NOT_ACCESSIBLE', error.message)
  if (error.name === 'BucketMissingError') return new ApiError('STORAGE_NOT_CONFIGURED', error.message)
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500)
    return new ApiError('BAD_REQUEST', 'The request could not be read.')
  return new ApiError('INTERNAL_ERROR', 'Something went wrong on our side. Quote the request id when you report it.')
}

export function unavailable(): ApiError {
  return new ApiError('UNAVAILABLE', 'The service cannot answer right now. Try again in a moment.', {}, { 'Retry-After': '2' })
}

/**
 * Connection refused, reset or timed out, PostgreSQL shutting down, closed, out of connections, a standby by now or too slow; whatever
 * it belongs to is being deleted just now, which the next try finds; too many passwords at once; an object store that is gone.
 */
function isUnavailable(error: FastifyError): boolean {
  const code = String(error.code ?? '')
  if (
    /^(ECONN|ETIMEDOUT|EPIPE|ENOENT$|ERR_STREAM_DESTROYED)/.test(code) ||
    /^(08|23503|25006|40P01|53|55000|55P03|57)/.test(code)
  )
    return true
  if (error.name === 'PasswordsBusyError' || error.name === 'StoreUnavailableError') return true
  return /Connection terminated|is not queryable|timeout exceeded when trying to connect|Cannot use a pool after calling end/.test(
    error.message,
  )
}

const pydanticTypes: Record<string, string> = {
  required: 'missing',
  minLength: 'string_too_short',
  maxLength: 'string_too_long',
  pattern: 'string_pattern_mismatch',
  minItems: 'too_short',
  maxItems: 'too_long',
  minimum: 'greater_than_equal',
  maximum: 'less_than_equal',
  exclusiveMinimum: 'greater_than',
  type: 'type_error',
  enum: 'enum',
  format: 'value_error',
}

function toIssue(
  fault: { instancePath: string; keyword: string; message?: string; params?: Record<string, unknown> },
  context: string,
): Issue {
  const place = context === 'querystring' ? 'query' : context === 'params' ? 'path' : context === 'headers' ? 'header' : context
  const path = fault.instancePath
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replace(/~1/g, '/').replace(/~0/g, '~')))
  if (fault.keyword === 'required') path.push(String(fault.params?.missingProperty))
  return { loc: [place, ...path], msg: inWords(fault), type: pydanticTypes[fault.keyword] ?? fault.keyword }
}

const typesInWords: Record<string, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}
const formatsInWords: Record<string, string> = {
  email: 'an e-mail address',
  uuid: 'a UUID',
  uri: 'a URL',
  date: 'a date: 2026-01-31',
  'date-time': 'a date and time with its zone: 2026-01-31T12:00:00Z',
}

/** Forms show it beside the field: the validator's own terms are for programs. */
function inWords({
  keyword,
  message,
  params = {},
}: {
  keyword: string
  message?: string
  params?: Record<string, unknown>
}): string {
  const { limit, allowedValues, type, format } = params
  const many = (noun: string, plural = `${noun}s`) => `${limit} ${limit === 1 ? noun : plural}`
  switch (keyword) {
    case 'required':
      return 'Field required'
    case 'minLength':
      return limit === 1 ? 'Must not be empty' : `Must have at least ${many('character')}`
    case 'maxLength':
      return `Must have at most ${many('character')}`
    case 'minItems':
      return limit === 1 ? 'Must not be empty' : `Must have at least ${many('entry', 'entries')}`
    case 'maxItems':
      return `Must have at most ${many('entry', 'entries')}`
    case 'minimum':
      return `Must be at least ${limit}`
    case 'maximum':
      return `Must be at most ${limit}`
    case 'exclusiveMinimum':
      return `Must be more than ${limit}`
    case 'enum':
      return `Must be one of ${[allowedValues].flat().join(', ')}`
    case 'type':
      return `Must be ${typesInWords[String(type)] ?? type}`
    case 'format':
      return `Must be ${formatsInWords[String(format)] ?? format}`
    case 'pattern':
      return 'Does not have the form that is wanted here'
  }
  return message ?? 'Is not valid'
}
