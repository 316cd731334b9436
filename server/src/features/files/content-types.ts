// What may be uploaded: the one table of types, and what each is called elsewhere.

export const mediaTypes = ['image', 'document'] as const
export type MediaType = (typeof mediaTypes)[number]

interface ContentType {
  readonly mediaType: MediaType
  /** `format` of a file, and `document_type` of a document. */
  readonly format: string
}

const table: Readonly<Record<string, ContentType>> = {
  'image/jpeg': { mediaType: 'image', format: 'jpeg' },
  'image/png': { mediaType: 'image', format: 'png' },
  'image/webp': { mediaType: 'image', format: 'webp' },
  'image/gif': { mediaType: 'image', format: 'gif' },
  'application/pdf': { mediaType: 'document', format: 'pdf' },
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': { mediaType: 'document', format: 'docx' },
  'text/plain': { mediaType: 'document', format: 'txt' },
  'text/markdown': { mediaType: 'document', format: 'md' },
}

/** Lower case, without parameters, `image/jpg` under its right name. */
export function canonicalType(written: string): string {
  const type = (written.split(';')[0] ?? '').trim().toLowerCase()
  return type === 'image/jpg' ? 'image/jpeg' : type
}

export function contentTypeOf(canonical: string): ContentType | null {
  return Object.hasOwn(table, canonical) ? (table[canonical] ?? null) : null
}

export function typesOf(mediaTypes: readonly MediaType[]): string[] {
  return Object.entries(table)
    .filter(([, { mediaType }]) => mediaTypes.includes(mediaType))
    .map(([type]) => type)
}
