// The workspace, its people, its trail.
import { byOffset } from '../pages.ts'
import type { Transport } from '../transport.ts'
import type { Answer, AuditEntry, Body, Member, Query } from '../types.ts'

const path = '/api/v2/tenant'
const member = (id: string) => `${path}/members/${encodeURIComponent(id)}`
const pageSize = 100

export class Tenant {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  settings(): Promise<Answer<'/api/v2/tenant/settings', 'get'>> {
    return this.#transport.json('GET', `${path}/settings`)
  }

  updateSettings(body: Body<'/api/v2/tenant/settings', 'patch'>): Promise<Answer<'/api/v2/tenant/settings', 'patch'>> {
    return this.#transport.json('PATCH', `${path}/settings`, { body, idempotent: true })
  }

  limits(): Promise<Answer<'/api/v2/tenant/limits', 'get'>> {
    return this.#transport.json('GET', `${path}/limits`)
  }

  policy(): Promise<Answer<'/api/v2/tenant/policy', 'get'>> {
    return this.#transport.json('GET', `${path}/policy`)
  }

  updatePolicy(body: Body<'/api/v2/tenant/policy', 'patch'>): Promise<Answer<'/api/v2/tenant/policy', 'patch'>> {
    return this.#transport.json('PATCH', `${path}/policy`, { body, idempotent: true })
  }

  /** The bucket that the workspace brought, without its credentials. */
  bucket(): Promise<Answer<'/api/v2/tenant/s3-config', 'get'>> {
    return this.#transport.json('GET', `${path}/s3-config`)
  }

  /** Tried before it is kept. */
  configureBucket(body: Body<'/api/v2/tenant/s3-config', 'post'>): Promise<Answer<'/api/v2/tenant/s3-config', 'post'>> {
    return this.#transport.json('POST', `${path}/s3-config`, { body, idempotent: true })
  }

  validateBucket(): Promise<Answer<'/api/v2/tenant/s3-config/validate', 'post'>> {
    return this.#transport.json('POST', `${path}/s3-config/validate`, { idempotent: true })
  }

  removeBucket(): Promise<Answer<'/api/v2/tenant/s3-config', 'delete'>> {
    return this.#transport.json('DELETE', `${path}/s3-config`)
  }
}

export class Members {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async *list(): AsyncGenerator<Member> {
    yield* await this.#transport.json<Member[]>('GET', `${path}/members`)
  }

  invite(body: Body<'/api/v2/tenant/members/invite', 'post'>): Promise<Member> {
    return this.#transport.json('POST', `${path}/members/invite`, { body })
  }

  changeRole(id: string, body: Body<'/api/v2/tenant/members/{user_id}/role', 'patch'>): Promise<Member> {
    return this.#transport.json('PATCH', `${member(id)}/role`, { body, idempotent: true })
  }

  remove(id: string): Promise<Answer<'/api/v2/tenant/members/{user_id}', 'delete'>> {
    return this.#transport.json('DELETE', member(id))
  }
}

export class Audit {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Newest first. */
  list(query: Omit<Query<'/api/v2/tenant/audit-logs', 'get'>, 'limit' | 'offset'> = {}): AsyncGenerator<AuditEntry> {
    return byOffset(pageSize, async (limit, offset) => {
      const given = { ...(query as Record<string, string>), limit, offset }
      const answer = await this.#transport.json<Answer<'/api/v2/tenant/audit-logs', 'get'>>('GET', `${path}/audit-logs`, {
        query: given,
      })
      return { items: answer.entries, more: answer.has_more }
    })
  }

  get(id: string): Promise<AuditEntry> {
    return this.#transport.json('GET', `${path}/audit-logs/${encodeURIComponent(id)}`)
  }

  /** As a file, oldest first: CSV for spreadsheets, or one JSON object a line. */
  async export(
    query: Query<'/api/v2/tenant/audit-export', 'get'> = {},
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Blob> {
    const url = this.#transport.url(`${path}/audit-export`, { ...(query as Record<string, string>) })
    return (await this.#transport.send('GET', url, { signal })).blob()
  }

  /** Proves the trail from its first row to its head, and names the first broken link. */
  verify(): Promise<Answer<'/api/v2/tenant/audit-verify', 'post'>> {
    return this.#transport.json('POST', `${path}/audit-verify`, { idempotent: true })
  }
}
