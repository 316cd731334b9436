// The few things that are asked of a bucket, by the name of an object in it.
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { BodyLengthError } from '../object-store.ts'
import { originOf, type S3Target, urlOf } from './s3-target.ts'
import { readText, type S3Request, type S3Transport } from './s3-transport.ts'

/** The bucket answers, and refuses: no such bucket, wrong key, a right that is missing. */
export class S3Refusal extends Error {
  override readonly name = 'S3Refusal'
  constructor(
    readonly status: number,
    /** S3's own word, such as AccessDenied; empty where the answer has none. */
    readonly code: string,
  ) {
    super(`the bucket answered ${status}${code && ` ${code}`}`)
  }
}

export interface Listed {
  readonly name: string
  readonly modifiedAt: number
}

export type S3Client = ReturnType<typeof createS3Client>

/** Copying is done by the store, at the speed of its disks. */
const copyMsMax = 60_000
const probeMsMax = 1_000

export function createS3Client(target: S3Target, transport: S3Transport) {
  const inside = (name: string, query?: Record<string, string>) => urlOf(target, 'inside', name, query)

  async function drained(response: IncomingMessage, ...expected: number[]): Promise<string> {
    const text = await readText(response)
    const status = response.statusCode ?? 0
    const code = /<Code>([\w.]+)<\/Code>/.exec(text)?.[1] ?? ''
    // A copy may fail after its 200 was sent.
    if (!expected.includes(status) || (status === 200 && /^<\?xml[^>]*>\s*<Error>/.test(text))) throw new S3Refusal(status, code)
    return text
  }

  async function headBucket(how: Pick<S3Request, 'deadlineMs' | 'probe'>): Promise<IncomingMessage> {
    const response = await transport.send({ operation: 'HeadBucket', method: 'HEAD', url: inside(''), ...how })
    response.resume()
    return response
  }

  return {
    target,
    transport,
    publicOrigin: originOf(target, 'outside'),

    presign: (
      method: 'GET' | 'HEAD' | 'PUT',
      name: string,
      { headers = {}, query = {}, at, seconds }: PresignOptions,
    ): Promise<string> => {
      transport.breaker.check()
      return transport.presign({ method, url: urlOf(target, 'outside', name, query), headers, at, seconds })
    },

    async head(name: string): Promise<{ sizeBytes: number; etag: string } | null> {
      const response = await transport.send({ operation: 'HeadObject', method: 'HEAD', url: inside(name) })
      response.resume()
      const status = response.statusCode ?? 0
      if (status === 404) return null
      if (status !== 200) throw new S3Refusal(status, '')
      return { sizeBytes: Number(response.headers['content-length']), etag: response.headers.etag ?? '' }
    },

    /** null: not there, or no longer what `etag` names. */
    async get(name: string, { range, etag }: { range?: string; etag?: string | null } = {}): Promise<Readable | null> {
      const headers = { ...(range && { range }), ...(etag && { 'if-match': etag }) }
      const response = await transport.send({ operation: 'GetObject', method: 'GET', url: inside(name), headers })
      if (response.statusCode === 200 || response.statusCode === 206) return response
      await drained(response, 404, 412)
      return null
    },

    /** Answers the SHA-256 of what was sent. */
    async put(name: string, body: Readable, { sizeBytes, contentType }: PutOptions): Promise<Buffer> {
      const hash = createHash('sha256')
      const response = await transport.send({
        operation: 'PutObject',
        method: 'PUT',
        url: inside(name),
        headers: { 'content-type': contentType, 'content-length': String(sizeBytes) },
        body: Readable.from(measured(body, sizeBytes, (chunk) => hash.update(chunk))),
      })
      await drained(response, 200)
      return hash.digest()
    },

    /** Within the store. `changed`: the source is no longer what `etag` names. */
    async copy(
      from: string,
      to: string,
      { etag, contentType }: { etag: string; contentType: string },
    ): Promise<'copied' | 'changed'> {
      const response = await transport.send({
        operation: 'CopyObject',
        method: 'PUT',
        url: inside(to),
        headers: {
          'content-length': '0',
          'content-type': contentType,
          'x-amz-copy-source': `/${target.bucket}/${from.split('/').map(encodeURIComponent).join('/')}`,
          'x-amz-copy-source-if-match': etag,
          'x-amz-metadata-directive': 'REPLACE',
        },
        deadlineMs: copyMsMax,
      })
      await drained(response, 200, 404, 412)
      return response.statusCode === 200 ? 'copied' : 'changed'
    },

    async remove(name: string): Promise<void> {
      await drained(await transport.send({ operation: 'DeleteObject', method: 'DELETE', url: inside(name) }), 200, 204, 404)
    },

    async *list(prefix: string): AsyncGenerator<Listed[]> {
      for (let token = ''; ; ) {
        const query = { 'list-type': '2', prefix, ...(token && { 'continuation-token': token }) }
        const text = await drained(
          await transport.send({ operation: 'ListObjectsV2', method: 'GET', url: inside('', query) }),
          200,
        )
        yield [...text.matchAll(/<Contents>.*?<\/Contents>/gs)].map(([entry]) => ({
          name: textOf(entry, 'Key'),
          modifiedAt: Date.parse(textOf(entry, 'LastModified')),
        }))
        token = textOf(text, 'NextContinuationToken')
        if (token === '') return
      }
    },

    /** Whether the bucket is there and open to us. */
    async checkBucket(): Promise<void> {
      const response = await headBucket({})
      const elsewhere = response.headers['x-amz-bucket-region']
      const status = response.statusCode ?? 0
      if (status !== 200) throw new S3Refusal(status, typeof elsewhere === 'string' ? `(bucket in ${elsewhere})` : '')
    },

    /** Whether the store answers, whatever it says. */
    async probe(): Promise<void> {
      await headBucket({ deadlineMs: probeMsMax, probe: true })
    },
  }
}

interface PresignOptions {
  readonly headers?: Record<string, string>
  readonly query?: Record<string, string>
  /** From when, in epoch milliseconds of the store's clock. */
  readonly at: number
  readonly seconds: number
}

interface PutOptions {
  readonly sizeBytes: number
  readonly contentType: string
}

/** Passes a body on, and breaks it off as soon as it cannot be of the length that was promised. */
async function* measured(body: Readable, sizeBytes: number, see: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  let passed = 0
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    passed += chunk.length
    if (passed > sizeBytes) throw new BodyLengthError('long')
    see(chunk)
    yield chunk
  }
  if (passed < sizeBytes) throw new BodyLengthError('short')
}

function textOf(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
  return text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
}
