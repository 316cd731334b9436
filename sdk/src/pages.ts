// Lists as async iterators: each page is asked for when the one before has been read.

/** Pages of up to `size`, by offset, until one is not full or the server says that there is no more. */
export async function* byOffset<Item>(
  size: number,
  page: (limit: number, offset: number) => Promise<{ items: readonly Item[]; more: boolean }>,
): AsyncGenerator<Item> {
  for (let offset = 0; ; ) {
    const { items, more } = await page(size, offset)
    yield* items
    offset += items.length
    if (!more || items.length === 0) return
  }
}
