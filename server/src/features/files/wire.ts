// Building blocks of the wire shapes that uploads and files share.

import { type TSchema, Type } from '@sinclair/typebox'
import { refusal } from '../../http/refusal.ts'
import { storable } from '../../http/storable.ts'

export const nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })

export const text = (options: { minLength?: number; maxLength?: number; default?: string; description?: string } = {}) =>
  Type.String({ pattern: storable, ...options })

export const uuid = (description?: string) => Type.String({ format: 'uuid', ...(description !== undefined && { description }) })
export const moment = (description?: string) =>
  Type.String({ format: 'date-time', ...(description !== undefined && { description }) })
export const count = (description?: string) => Type.Integer({ ...(description !== undefined && { description }) })

/** A free object; what is in it is described in words. */
export const record = (description?: string) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    ...(description !== undefined && { description }),
  })
export const recordOf = <T>(type: 'string' | 'integer', description?: string) =>
  Type.Unsafe<Record<string, T>>({
    type: 'object',
    additionalProperties: { type },
    ...(description !== undefined && { description }),
  })

/** What a program gets that follows redirects, as most do by themselves, and what others get. */
export const redirectToBytes = {
  '2xx': {
    description: 'The bytes, for who follows the redirect',
    content: { 'application/octet-stream': { schema: Type.Unsafe<Blob>({ type: 'string', format: 'binary' }) } },
  },
  302: Type.Null({ description: 'Location is the URL' }),
}

const reasons: Record<number, string> = {
  400: 'UNSUPPORTED_CONTENT_TYPE, UPLOAD_MISMATCH or BUCKET_NOT_ACCESSIBLE',
  404: 'NOT_FOUND, or OBJECT_NOT_FOUND where nothing was uploaded',
  409: 'CONFLICT or IDEMPOTENCY_CONFLICT',
  413: 'FILE_TOO_LARGE or STORAGE_QUOTA_EXCEEDED',
  501: 'STORAGE_NOT_CONFIGURED',
}

/** The refusals of a route beside those that every route has. */
export function refusals<S extends 400 | 404 | 409 | 413 | 501>(...statuses: S[]): Record<S, ReturnType<typeof refusal>> {
  return Object.fromEntries(statuses.map((status) => [status, refusal(reasons[status] ?? '')])) as Record<
    S,
    ReturnType<typeof refusal>
  >
}

/** Ids in places where the contract takes any text: what is not one belongs to nothing. */
export function isUuid(id: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(id)
}
