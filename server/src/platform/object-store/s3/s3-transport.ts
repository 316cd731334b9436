// One signed request to an S3-compatible store: deadlines, a second try where that is safe, and the breaker.
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { AwsV4Signer } from 'aws4fetch'
import { inSpan, serverOf, type Tracing } from '../../tracing.ts'
import { StoreUnavailableError } from '../object-store.ts'
import type { Breaker } from './breaker.ts'
import type { GetCredentials } from './credentials.ts'

export interface S3Request {
  /** S3's own name for what is asked, such as PutObject. */
  readonly operation: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  /** Sent once: what a stream has given is gone. Its length stands in `content-length`. */
  readonly body?: Readable
  /** Until the answer begins; a body that is being sent is given time as long as it moves. */
  readonly deadlineMs?: number
  /** Asked although the store is taken as gone. */
  readonly probe?: boolean
}

export interface S3Transport {
  /** Throws StoreUnavailableError unless the store answered, and not that something broke there. */
  send(request: S3Request): Promise<IncomingMessage>
  /** A URL that carries its own permission; signed are its method, its query and these headers. */
  presign(request: { method: string; url: URL; headers: Record<string, string>; at: number; seconds: number }): Promise<string>
  readonly breaker: Breaker
}

/** Where a request may connect to: throws when nowhere, or pins the addresses that were checked. */
export type Guard = (url: URL) => Promise<LookupFunction>

const answerMsMax = 5_000
const idleMs = 30_000
const attemptsMax = 2
const pauseMs = 100
/** A page of a listing is the longest: 1,000 names. */
const textBytesMax = 2 * 1024 * 1024

export function createS3Transport({
  region,
  credentials,
  breaker,
  guard,
  tracing = null,
}: {
  readonly region: string
  readonly credentials: GetCredentials
  readonly breaker: Breaker
  /** For addresses that a tenant gave; without it connections are kept and used again. */
  readonly guard?: Guard
  readonly tracing?: Tracing | null
}): S3Transport {
  const agents = { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) }
  /** Signing keys of a day, so that each signature costs one HMAC instead of five. */
  const signingKeys = new Map<string, ArrayBuffer>()

  async function sign(url: URL, init: { method: string; headers: Record<string, string>; datetime?: string; query?: boolean }) {
    const { accessKeyId, secretAccessKey, sessionToken } = await credentials().catch((error: Error) => {
      throw new StoreUnavailableError(error.message)
    })
    if (signingKeys.size > 100) signingKeys.clear()
    const signer = new AwsV4Signer({
      method: init.method,
      url: url.href,
      headers: init.headers,
      accessKeyId,
      secretAccessKey,
      ...(sessionToken && { sessionToken }),
      service: 's3',
      region,
      cache: signingKeys,
      // Otherwise the library leaves Content-Type and Content-Length out.
      allHeaders: true,
      ...(init.datetime && { datetime: init.datetime }),
      ...(init.query && { signQuery: true }),
    })
    return signer.sign()
  }

  async function once({ method, url, headers = {}, body, deadlineMs = answerMsMax }: S3Request): Promise<IncomingMessage> {
    const lookup = guard && (await guard(url))
    const { 'content-length': length, ...signable } = headers
    const signed = await sign(url, { method, headers: signable })
    const sent: Record<string, string> = {}
    for (const [name, value] of signed.headers as Headers) sent[name] = value
    // Node names the host itself; it is the one that was signed.
    delete sent.host
    if (length !== undefined) sent['content-length'] = length
    return new Promise((resolve, reject) => {
      const gone = (why: string) => new StoreUnavailableError(`${url.host}: ${why}`)
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
        method,
        headers: sent,
        ...(lookup ? { lookup, agent: false } : { agent: agents[url.protocol as keyof typeof agents] }),
      })
      const deadline = body
        ? null
        : setTimeout(() => request.destroy(new TooSlow(`${url.host}: no answer within ${deadlineMs} ms`)), deadlineMs)
      request.setTimeout(idleMs, () => request.destroy(gone(`nothing moved for ${idleMs} ms`)))
      request.on('error', (error: NodeJS.ErrnoException) => {
        if (deadline) clearTimeout(deadline)
        reject(error instanceof StoreUnavailableError ? error : gone(error.code ?? error.message))
      })
      request.on('response', (response) => {
        if (deadline) clearTimeout(deadline)
        const status = response.statusCode ?? 0
        if (status < 500 && status !== 429) return resolve(response)
        response.resume()
        reject(gone(`answered ${status}`))
      })
      if (body)
        pipeline(body, request).catch((error: Error) => {
          request.destroy()
          reject(error.name === 'BodyLengthError' || error instanceof StoreUnavailableError ? error : gone(error.message))
        })
      else request.end()
    })
  }

  async function twice(request: S3Request): Promise<IncomingMessage> {
    for (let attempt = 1; ; attempt++)
      try {
        return await once(request)
      } catch (error) {
        // Who waited as long as may be does not wait twice.
        const again = error instanceof StoreUnavailableError && !(error instanceof TooSlow)
        if (request.body || attempt >= attemptsMax || !again) throw error
        await pause(pauseMs)
      }
  }

  return {
    breaker,
    send: (request) =>
      // Until its answer begins. Which object it is about is in no span.
      inSpan(tracing, `S3/${request.operation}`, 'client', describe(request), async (span) => {
        const response = await breaker[request.probe ? 'probe' : 'run'](() => twice(request))
        span?.set({ 'http.response.status_code': response.statusCode ?? 0 })
        return response
      }),
    async presign({ method, url, headers, at, seconds }) {
      const given = new URL(url)
      given.searchParams.set('X-Amz-Expires', String(seconds))
      const datetime = new Date(at).toISOString().replace(/[:-]|\.\d{3}/g, '')
      return (await sign(given, { method, headers, datetime, query: true })).url.href
    },
  }
}

function describe({ operation, method, url }: S3Request) {
  return {
    'rpc.system.name': 'aws-api',
    'rpc.method': `S3/${operation}`,
    'http.request.method': method,
    ...serverOf(url),
  }
}

class TooSlow extends StoreUnavailableError {}

/** The start of an answer that is not the bytes of an object: XML, or nothing. */
export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    length += (chunk as Buffer).length
    if (length <= textBytesMax) chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
