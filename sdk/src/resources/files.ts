// Stored images and documents.
import { byOffset } from '../pages.ts'
import { read } from '../source.ts'
import { deadlineOf, pause, type Transport } from '../transport.ts'
import type { Answer, Body, Query, UserFile, UserFileDetails } from '../types.ts'

const path = '/api/v2/user-files'
const pageSize = 100
const one = (id: string) => `${path}/${encodeURIComponent(id)}`

export class Files {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  list(query: Omit<Query<'/api/v2/user-files', 'get'>, 'limit' | 'offset'> = {}): AsyncGenerator<UserFile> {
    return byOffset(pageSize, async (limit, offset) => {
      const given = { ...(query as Record<string, string>), limit, offset }
      const answer = await this.#transport.json<Answer<'/api/v2/user-files', 'get'>>('GET', path, { query: given })
      return { items: answer.files, more: answer.has_more }
    })
  }

  get(id: string): Promise<UserFileDetails> {
    return this.#transport.json('GET', one(id))
  }

  /** Once its smaller copies are made, or have failed: see `variant_status`. A document has none and is ready at once. */
  async ready(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<UserFileDetails> {
    const { pollingInterval, pollingTimeout } = this.#transport.options
    const deadline = deadlineOf(signal, pollingTimeout)
    try {
      for (;;) {
        const file = await this.#transport.json<UserFileDetails>('GET', one(id), { signal: deadline.signal })
        if (file.variant_status !== 'pending' && file.variant_status !== 'processing') return file
        await pause(pollingInterval, deadline.signal)
      }
    } catch (error) {
      throw deadline.explain(error)
    } finally {
      deadline.clear()
    }
  }

  update(
    id: string,
    body: Body<'/api/v2/user-files/{image_id}', 'patch'>,
  ): Promise<Answer<'/api/v2/user-files/{image_id}', 'patch'>> {
    return this.#transport.json('PATCH', one(id), { body, idempotent: true })
  }

  /** Can be undone for 30 days. */
  delete(id: string): Promise<Answer<'/api/v2/user-files/{image_id}', 'delete'>> {
    return this.#transport.json('DELETE', one(id))
  }

  restore(id: string): Promise<Answer<'/api/v2/user-files/{image_id}/restore', 'post'>> {
    return this.#transport.json('POST', `${one(id)}/restore`, { idempotent: true })
  }

  /** The bytes as they come. */
  async download(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<AsyncIterable<Uint8Array>> {
    const url = this.#transport.url(`${one(id)}/download`)
    const { body } = await this.#transport.send('GET', url, { signal })
    return body ? read(body) : read(new Blob([]).stream())
  }

  /** A smaller copy of an image, in WebP, or the `original` as it was stored. */
  async variant(
    id: string,
    variant: 'tiny_64' | 'small_256' | 'medium_750' | 'large_1024' | 'original',
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Blob> {
    return (await this.#transport.send('GET', this.#transport.url(`${one(id)}/variant/${variant}`), { signal })).blob()
  }
}
