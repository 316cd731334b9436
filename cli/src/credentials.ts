// Who calls: from the environment, else from a file that only its owner may read.
import { join } from 'node:path'
import { closeToOthers, isOpenToOthers, readJson, writeJson } from './private-file.ts'

export interface StoredSession {
  readonly session_token: string
  readonly email: string
  readonly expires_at: string
}

export type Credential =
  | { readonly kind: 'key'; readonly secret: string; readonly from: 'option' | 'environment' }
  | { readonly kind: 'session'; readonly secret: string; readonly from: 'environment' | 'file'; readonly stored?: StoredSession }

export class Credentials {
  readonly path: string
  readonly #baseUrl: () => string
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #keyOption: string | null

  constructor(
    directory: string,
    env: Readonly<Record<string, string | undefined>>,
    given: { readonly baseUrl: () => string; readonly apiKey: string | null },
  ) {
    this.path = join(directory, 'credentials.json')
    this.#env = env
    this.#baseUrl = given.baseUrl
    this.#keyOption = given.apiKey
  }

  session(): Credential | null {
    const given = this.#env.AIONVISION_SESSION_TOKEN
    if (given) return { kind: 'session', secret: given, from: 'environment' }
    const stored = this.stored()
    return stored && { kind: 'session', secret: stored.session_token, from: 'file', stored }
  }

  /** A key that was given for this very call comes first. */
  either(): Credential | null {
    if (this.#keyOption) return { kind: 'key', secret: this.#keyOption, from: 'option' }
    const key = this.#env.AIONVISION_API_KEY
    return key ? { kind: 'key', secret: key, from: 'environment' } : this.session()
  }

  /** Kept by server: a session never goes to another one. */
  stored(): StoredSession | null {
    return this.#all()[this.#baseUrl()] ?? null
  }

  store(session: StoredSession): void {
    writeJson(this.path, { ...this.#all(), [this.#baseUrl()]: session })
  }

  forget(): void {
    const { [this.#baseUrl()]: _, ...others } = this.#all()
    writeJson(this.path, others)
  }

  #all(): Record<string, StoredSession | undefined> {
    if (isOpenToOthers(this.path)) closeToOthers(this.path)
    return (readJson(this.path) as Record<string, StoredSession | undefined> | null) ?? {}
  }
}
