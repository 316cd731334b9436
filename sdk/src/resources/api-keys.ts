// Keys: managed by people who are signed in; a key never manages keys.
import { byOffset } from '../pages.ts'
import type { Transport } from '../transport.ts'
import type { Answer, ApiKey, Body, CreatedApiKey } from '../types.ts'

const path = '/api/v2/api-keys'
const pageSize = 100
const one = (id: string) => `${path}/${encodeURIComponent(id)}`

export class ApiKeys {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** `api_key` in the answer is shown this once. */
  create(body: Body<'/api/v2/api-keys', 'post'>): Promise<CreatedApiKey> {
    return this.#transport.json('POST', path, { body })
  }

  list({ include_inactive = false }: { readonly include_inactive?: boolean } = {}): AsyncGenerator<ApiKey> {
    return byOffset(pageSize, async (limit, offset) => {
      const query = { include_inactive, limit, offset }
      const { api_keys, total } = await this.#transport.json<Answer<'/api/v2/api-keys', 'get'>>('GET', path, { query })
      return { items: api_keys, more: offset + api_keys.length < total }
    })
  }

  get(id: string): Promise<ApiKey> {
    return this.#transport.json('GET', one(id))
  }

  update(id: string, body: Body<'/api/v2/api-keys/{api_key_id}', 'put'>): Promise<ApiKey> {
    return this.#transport.json('PUT', one(id), { body })
  }

  /** The successor; the old key lives through the overlap (a day unless given). */
  rotate(id: string, body: Body<'/api/v2/api-keys/{api_key_id}/rotate', 'post'> = {}): Promise<CreatedApiKey> {
    return this.#transport.json('POST', `${one(id)}/rotate`, { body })
  }

  /** Dead everywhere when this resolves. */
  revoke(id: string, { reason }: { readonly reason?: string } = {}): Promise<void> {
    return this.#transport.json('DELETE', one(id), { query: { reason } })
  }
}
