// Names that people give their files: kept as they are for people, never used as a path.

const lengthMax = 255

/** What is wrong with a name, in words; null when nothing is. */
export function faultInName(name: string): string | null {
  if (name.trim() === '') return 'A filename must not be empty'
  if (name.length > lengthMax) return `A filename has at most ${lengthMax} characters`
  if (/[/\\]/.test(name)) return 'A filename must not contain / or \\'
  if (/\p{Cc}/u.test(name)) return 'A filename must not contain control characters'
  if (name.includes('..')) return 'A filename must not contain ..'
  return null
}

/** Opaque to clients; plain ASCII, so that it is the same in every URL, header and log. */
export function objectKeyFor(upload: {
  id: string
  tenantId: string
  mediaType: 'image' | 'document'
  filename: string
}): string {
  const plain = upload.filename
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .slice(-100)
    .replace(/^[._-]+/, '')
  return `${upload.mediaType === 'image' ? 'uploads' : 'documents'}/${upload.tenantId}/${upload.id}/${plain || 'file'}`
}

/** How the keys of all objects of one workspace begin. */
export function objectPrefixesOf(tenantId: string): string[] {
  return ['uploads', 'documents', 'variants'].map((folder) => `${folder}/${tenantId}/`)
}
