// What can be said of a file before its bytes come: its name, its type, its size, where it is to go.
import { ApiError, type Issue, validationError } from '../../http/errors.ts'
import { canonicalType, contentTypeOf, type MediaType, typesOf } from '../files/content-types.ts'
import type { Plan } from '../plans/plan-table.ts'
import { faultInName } from './filename.ts'

export interface WantedFile {
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  readonly storageTarget: string
  readonly idempotencyKey: string | null
}

export interface CheckedFile extends WantedFile {
  readonly mediaType: MediaType
}

export function sizeMaxOf(plan: Plan, mediaType: MediaType): number {
  return mediaType === 'image' ? plan.imageSizeBytesMax : plan.documentSizeBytesMax
}

/** Throws for the first refusal; faults in names are named all at once. */
export function checkFiles(
  plan: Plan,
  files: readonly WantedFile[],
  allowed: readonly MediaType[],
  inBatch: boolean,
): CheckedFile[] {
  const issues: Issue[] = []
  for (const [index, { filename }] of files.entries()) {
    const fault = faultInName(filename)
    if (fault)
      issues.push({ loc: inBatch ? ['body', 'files', index, 'filename'] : ['body', 'filename'], msg: fault, type: 'value_error' })
  }
  if (issues.length) throw validationError(issues)
  return files.map((file) => checkFile(plan, file, allowed))
}

function checkFile(plan: Plan, file: WantedFile, allowed: readonly MediaType[]): CheckedFile {
  const contentType = canonicalType(file.contentType)
  const known = contentTypeOf(contentType)
  if (!known || !allowed.includes(known.mediaType))
    throw new ApiError('UNSUPPORTED_CONTENT_TYPE', `Files of type "${contentType.slice(0, 100)}" are not taken here.`, {
      filename: file.filename,
      content_type: contentType.slice(0, 100),
      allowed: typesOf(allowed),
    })
  const max = sizeMaxOf(plan, known.mediaType)
  if (file.sizeBytes > max)
    throw new ApiError('FILE_TOO_LARGE', `This plan takes ${known.mediaType}s of up to ${max} bytes.`, {
      filename: file.filename,
      size_bytes: file.sizeBytes,
      max_size_bytes: max,
      plan: plan.title,
    })
  return { ...file, contentType, mediaType: known.mediaType }
}
