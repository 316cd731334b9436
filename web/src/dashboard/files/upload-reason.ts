// Why a file did not go up, in words that say what would help.
import type { AionvisionError } from '@aionvision/sdk'
import { uploadWords } from '../../strings/files.ts'
import { explain } from '../../ui/surface.tsx'

const { reasons } = uploadWords
const day = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' })
/** Trying the same file again may go better. */
const passing = new Set([
  'NETWORK_ERROR',
  'TIMEOUT',
  'UNAVAILABLE',
  'INTERNAL_ERROR',
  'CONCURRENT_UPLOAD_LIMIT',
  'RATE_LIMIT_ERROR',
])

export function reasonOf(error: AionvisionError, file: File): string {
  const { code, details } = error
  switch (code) {
    case 'UNSUPPORTED_CONTENT_TYPE':
      return reasons.type(file.type)
    case 'FILE_TOO_LARGE':
      return typeof details.max_size_bytes === 'number' && typeof details.plan === 'string'
        ? reasons.size(file.size, details.max_size_bytes, details.plan)
        : error.message
    case 'STORAGE_QUOTA_EXCEEDED':
      return typeof details.storage_bytes_max === 'number' && typeof details.storage_bytes_used === 'number'
        ? reasons.storage(details.storage_bytes_used, details.storage_bytes_max)
        : error.message
    case 'USAGE_LIMIT_EXCEEDED':
      return typeof details.reset_date === 'string' ? reasons.month(day.format(new Date(details.reset_date))) : error.message
    case 'UPLOAD_MISMATCH':
      return reasons.mismatch
    case 'NETWORK_ERROR':
      return reasons.connection
    case 'TIMEOUT':
      return reasons.timeout
    case 'VALIDATION_ERROR':
      return details.empty ? reasons.empty : details.unreadable ? reasons.unreadable : firstIssue(error)
    default:
      return explain(error).message
  }
}

export function mayPass({ code }: AionvisionError): boolean {
  return passing.has(code)
}

function firstIssue({ details, message }: AionvisionError): string {
  const issue = Array.isArray(details.issues) ? (details.issues[0] as { msg?: unknown } | undefined) : undefined
  return typeof issue?.msg === 'string' ? issue.msg : message
}
