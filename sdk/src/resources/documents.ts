// Documents: the same files as in `files`, with what only documents have.
import { read } from '../source.ts'
import type { Transport } from '../transport.ts'
import type { Answer, Body, Document } from '../types.ts'

const path = '/api/v2/documents'
const pageSize = 100
const one = (id: string) => `${path}/${encodeURIComponent(id)}`

export class Documents {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async *list(): AsyncGenerator<Answer<'/api/v2/documents', 'get'>['documents'][number]> {
    for (let page = 1, read = 0; ; page++) {
      const query = { page, page_size: pageSize }
      const answer = await this.#transport.json<Answer<'/api/v2/documents', 'get'>>('GET', path, { query })
      yield* answer.documents
      read += answer.documents.length
      if (answer.documents.length === 0 || read >= answer.total_count) return
    }
  }

  get(id: string): Promise<Document> {
    return this.#transport.json('GET', one(id))
  }

  update(id: string, body: Body<'/api/v2/documents/{document_id}', 'patch'>): Promise<Document> {
    return this.#transport.json('PATCH', one(id), { body, idempotent: true })
  }

  delete(id: string): Promise<void> {
    return this.#transport.json('DELETE', one(id))
  }

  async download(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<AsyncIterable<Uint8Array>> {
    const { body } = await this.#transport.send('GET', this.#transport.url(`${one(id)}/download`), { signal })
    return body ? read(body) : read(new Blob([]).stream())
  }
}
