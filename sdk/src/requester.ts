// Requests by the contract's names with one credential: what Aionvision stands on, and enough for a page that must be small.
import { AionvisionError, type RateLimit } from './errors.ts'
import { type CallOptions, Transport } from './transport.ts'
import type { Answer, Methods, OperationCall, PathOf } from './types.ts'

interface Shared {
  /** The server's origin; https but on this machine. */
  readonly baseUrl: string
  /** The workspace to act in, for who is in several. */
  readonly tenantId?: string | undefined
  /** Milliseconds for one call with all its attempts. Default 300,000. */
  readonly timeout?: number | undefined
  /** Further attempts after the first. Default 3. */
  readonly maxRetries?: number | undefined
  /** Milliseconds that the first pause is at most; doubled from one to the next. Default 1,000. */
  readonly retryDelay?: number | undefined
  /** Milliseconds between two looks at what the server is still making. Default 2,000. */
  readonly pollingInterval?: number | undefined
  /** Milliseconds after which it is no longer waited for. Default 360,000. */
  readonly pollingTimeout?: number | undefined
  /** Waits ahead of a limit that the answers show. Default true. */
  readonly pace?: boolean | undefined
  /** Keeps answers that carry an ETag and asks whether they changed. Default false. */
  readonly etagCache?: boolean | undefined
  /** Says that a key in this page is its reader's own, so that nobody is warned. Default false. */
  readonly allowKeyInPage?: boolean | undefined
  readonly fetch?: typeof fetch | undefined
}

/** Management of keys, tenant, members, audit, user and sessions needs a session; the rest takes either. */
export type AionvisionOptions = Shared &
  ({ readonly apiKey: string } | { readonly sessionToken: string } | { readonly session: 'cookie' })

let warned = false

/** Without the resources: `request()` reaches every operation all the same. */
export class Requester implements AsyncDisposable {
  readonly #transport: Transport

  /** `transport` is for who extends this, and needs it as well. */
  constructor(options: AionvisionOptions, transport: Transport = createTransport(options)) {
    this.#transport = transport
  }

  /** Of the newest answer that told it. */
  get rateLimit(): RateLimit | null {
    return this.#transport.rateLimit
  }

  /** Any operation, named as the contract names it, with the same retries and errors. */
  request<Method extends Uppercase<Methods>, Path extends PathOf<Lowercase<Method>>>(
    method: Method,
    path: Path,
    ...[call]: object extends OperationCall<Path, Lowercase<Method>>
      ? [OperationCall<Path, Lowercase<Method>>?]
      : [OperationCall<Path, Lowercase<Method>>]
  ): Promise<Answer<Path, Lowercase<Method>>> {
    const { params = {}, ...rest } = (call ?? {}) as CallOptions & { params?: Readonly<Record<string, string | number>> }
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])))
    return this.#transport.json(method, filled, rest)
  }

  /** Forgets what it kept; there is no connection to close. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#transport.forget()
  }
}

export function createTransport(options: AionvisionOptions): Transport {
  const token = 'apiKey' in options ? options.apiKey : 'sessionToken' in options ? options.sessionToken : null
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    throw unusable('The credential has characters that none has: was it copied whole?')
  if ('apiKey' in options && !options.allowKeyInPage && 'window' in globalThis && 'document' in globalThis && !warned) {
    warned = true
    console.warn('Aionvision: an API key in a web page is everybody’s. Use the session cookie there, or call from your server.')
  }
  return new Transport({
    baseUrl: originOf(options.baseUrl, 'session' in options),
    token,
    tenantId: options.tenantId ?? null,
    timeout: options.timeout ?? 300_000,
    maxRetries: options.maxRetries ?? 3,
    retryDelay: options.retryDelay ?? 1_000,
    pollingInterval: options.pollingInterval ?? 2_000,
    pollingTimeout: options.pollingTimeout ?? 360_000,
    pace: options.pace ?? true,
    etagCache: options.etagCache ?? false,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  })
}

/** The browser's own cookie goes where the page came from: there https is the page's matter. */
function originOf(baseUrl: string, byCookie: boolean): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw unusable(`"${baseUrl}" is not the address of a server.`)
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'http:' && !loopback && !byCookie)
    throw unusable('Use https: over http anybody on the way could read the credential.')
  // People paste the address of the API as well.
  return url.origin + url.pathname.replace(/\/(api\/v2\/?)?$/, '')
}

export function unusable(message: string): AionvisionError {
  return new AionvisionError(message, { code: 'VALIDATION_ERROR' })
}
