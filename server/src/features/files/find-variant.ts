// Where a variant of an image is, or why it is not there.
import { ApiError } from '../../http/errors.ts'
import type { ObjectStore } from '../../platform/object-store/object-store.ts'
import { variantUrl } from './file-view.ts'
import type { FileRow } from './queries.ts'
import { isVariantName, variantNames } from './variants.ts'

/** A URL that is good for one hour; `original` is the image as it was uploaded. */
export function findVariantUrl(file: FileRow, name: string, store: ObjectStore): string {
  if (file.media_type !== 'image') throw noSuchVariant('Only images have variants.', {})
  if (name === 'original') return store.urlOf(file.object_key)
  if (!isVariantName(name)) throw noSuchVariant('There is no such variant.', { variants: [...variantNames, 'original'] })
  const url = variantUrl(file, store, name)
  if (url) return url
  if (file.variant_status === 'failed')
    throw noSuchVariant(file.variant_error ?? 'The variants could not be made.', { variant_status: 'failed' })
  throw noSuchVariant('This variant is not made yet. Ask again in a few seconds.', {
    variant_status: file.variant_status ?? 'pending',
  })
}

function noSuchVariant(message: string, details: Record<string, unknown>): ApiError {
  return new ApiError('NOT_FOUND', message, details)
}
