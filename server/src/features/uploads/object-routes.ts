// The far end of our signed URLs: bytes in with PUT where this server takes them, bytes out with GET, or the way to them; nothing else opens them.
import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { ObjectStore, SignedQuery } from '../../platform/object-store/object-store.ts'
import { holdsCopy, rangeStands, readRange } from './byte-range.ts'
import { attachment } from './content-disposition.ts'
import { findReadable } from './queries.ts'
import { type InFlight, invalidUrl, receiveObject } from './receive-object.ts'

type Needs = Pick<Deps, 'db' | 'plans' | 'store' | 'log'>
type ObjectRequest = FastifyRequest<{ Params: { '*': string }; Querystring: SignedQuery }>

/** A client that sends nothing for this long has gone. */
const idleMs = 60_000
/** How long a refused client may go on sending what nobody reads, so that it sees the refusal. */
const lingerMs = 10_000

const config = { access: { credential: 'public' } } as const
const schema = { hide: true } as const

export function objectRoutes(deps: Needs): FastifyPluginAsync {
  return async (app) => {
    const { readPutGrant } = deps.store
    // The body is handed on as the stream it is: neither parsed, nor limited, nor held.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    if (readPutGrant) putRoute(app, deps, readPutGrant)
    getRoute(app, deps)
  }
}

function putRoute(app: FastifyInstance, deps: Needs, readPutGrant: NonNullable<ObjectStore['readPutGrant']>): void {
  const inFlight: InFlight = new Map()
  app.put('/objects/*', { config, schema }, async (request: ObjectRequest, reply) => {
    try {
      const grant = readPutGrant(request.params['*'], request.query)
      if (!grant) throw invalidUrl()
      request.raw.setTimeout(idleMs, () => request.raw.destroy())
      const object = await receiveObject(
        { ...deps, inFlight },
        {
          grant,
          contentType: request.headers['content-type'],
          length: lengthOf(request),
          body: (request.body as Readable | undefined) ?? request.raw,
        },
      )
      return await reply.code(200).header('etag', etagOf(object.sha256)).send()
    } finally {
      if (!request.raw.complete) setTimeout(() => request.raw.complete || request.raw.destroy(), lingerMs).unref()
    }
  })
}

function lengthOf({ headers }: FastifyRequest): number | null {
  if (headers['content-length'] !== undefined) return Number(headers['content-length'])
  return headers['transfer-encoding'] === undefined ? 0 : null
}

function etagOf(sha256: string): string {
  return `"${sha256}"`
}

/** Headers that an error must not carry: it would be kept, or saved as the file. */
const ofTheBytes = ['etag', 'accept-ranges', 'cache-control', 'content-disposition', 'content-range']

function getRoute(app: FastifyInstance, deps: Needs): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/objects/*',
    config,
    schema,
    handler: async (request: ObjectRequest, reply: FastifyReply) => {
      const key = request.params['*']
      const seconds = deps.store.readUrl(key, request.query)
      if (seconds === null) throw invalidUrl()
      const file = await findReadable(deps.db, key)
      const object = file && (await deps.store.head(key))
      if (!object) throw new ApiError('NOT_FOUND', 'There is no such file.')
      const contentType = file.contentType.startsWith('text/') ? `${file.contentType}; charset=utf-8` : file.contentType
      const contentDisposition = attachment(file.filename)
      const method = request.method === 'HEAD' ? 'HEAD' : 'GET'
      const elsewhere = await deps.store.presignGet(object, { method, contentType, contentDisposition })
      if (elsewhere) return reply.redirect(elsewhere, 302)
      const etag = etagOf(object.sha256)
      reply
        .header('etag', etag)
        .header('accept-ranges', 'bytes')
        .header('cache-control', `private, max-age=${seconds}`)
        .header('content-disposition', contentDisposition)
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('cross-origin-resource-policy', 'cross-origin')
      if (holdsCopy(request.headers['if-none-match'], etag)) return reply.code(304).send()

      const size = object.sizeBytes
      const range = rangeStands(request.headers['if-range'], etag) ? readRange(request.headers.range, size) : null
      if (range === 'unsatisfiable')
        throw new ApiError(
          'RANGE_NOT_SATISFIABLE',
          `The file has ${size} bytes.`,
          { size_bytes: size },
          { 'Content-Range': `bytes */${size}` },
        )
      reply
        .code(range ? 206 : 200)
        .header('content-type', contentType)
        .header('content-length', range ? range.last - range.first + 1 : size)
      if (range) reply.header('content-range', `bytes ${range.first}-${range.last}/${size}`)
      if (request.method === 'HEAD') return reply.send()
      const stream = await deps.store.open(object, range ?? undefined)
      if (!stream) {
        if (await deps.store.head(key))
          deps.log.warn(
            { object: object.name },
            'bytes that the database tells of are not there: do all servers see the same objects?',
          )
        for (const name of ofTheBytes) reply.removeHeader(name)
        throw new ApiError('NOT_FOUND', 'There is no such file.')
      }
      return reply.send(stream)
    },
  })
}
