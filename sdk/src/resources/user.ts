// The person who is signed in: profile, workspaces, sessions.
import type { Transport } from '../transport.ts'
import type { Answer, Body, Session } from '../types.ts'

const path = '/api/v2/user'

export class User {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  profile(): Promise<Answer<'/api/v2/user/profile', 'get'>> {
    return this.#transport.json('GET', `${path}/profile`)
  }

  updateProfile(body: Body<'/api/v2/user/profile', 'patch'>): Promise<Answer<'/api/v2/user/profile', 'patch'>> {
    return this.#transport.json('PATCH', `${path}/profile`, { body, idempotent: true })
  }

  /** Workspaces that this person is in. */
  tenants(): Promise<Answer<'/api/v2/user/tenants', 'get'>> {
    return this.#transport.json('GET', `${path}/tenants`)
  }
}

export class Sessions {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async *list(): AsyncGenerator<Session> {
    yield* await this.#transport.json<Session[]>('GET', `${path}/sessions`)
  }

  revoke(id: string): Promise<void> {
    return this.#transport.json('DELETE', `${path}/sessions/${encodeURIComponent(id)}`)
  }

  /** All but the one that asks. */
  revokeOthers(): Promise<void> {
    return this.#transport.json('POST', `${path}/revoke-all-sessions`, { idempotent: true })
  }
}
