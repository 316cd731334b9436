// The smaller copies of an image that pages show: their names, their longest sides in pixels, and where they are stored.

export const variantSides = { tiny_64: 64, small_256: 256, medium_750: 750, large_1024: 1024 } as const

export type VariantName = keyof typeof variantSides
export const variantNames = Object.keys(variantSides) as VariantName[]

export function isVariantName(name: string): name is VariantName {
  return Object.hasOwn(variantSides, name)
}

/** One key for each, whenever it is made: made again, it takes the place of the former. */
export function variantKey(file: { id: string; tenant_id: string }, name: VariantName): string {
  return `variants/${file.tenant_id}/${file.id}/${name}.webp`
}

/** Of a variant's key: whose copy it is, and which. */
export function readVariantKey(key: string): { fileId: string; name: VariantName } | null {
  const match = /^variants\/[^/]+\/([0-9a-f-]{36})\/(\w+)\.webp$/.exec(key)
  const [, fileId = '', name = ''] = match ?? []
  return isVariantName(name) ? { fileId, name } : null
}
