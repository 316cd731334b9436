// What lies outside the machine: a collector of traces that takes OTLP over HTTP, and shows what came.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface Span {
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly startTimeUnixNano: string
  readonly failed: boolean
  readonly links: readonly { traceId: string; spanId: string }[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource: Readonly<Record<string, unknown>>
}

export interface Receiver {
  readonly url: string
  /** As they came, unpacked. */
  readonly received: { readonly headers: IncomingHttpHeaders; readonly path: string; readonly body: Buffer }[]
  /** Of those that came as JSON. */
  spans(): Span[]
  /** False: takes a connection and its bytes, and never says a word. */
  answers: boolean
  close(): Promise<void>
}

const kinds = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const

export async function startReceiver(): Promise<Receiver> {
  const received: Receiver['received'] = []
  const server = createServer(async (request, answer) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const sent = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    if (!receiver.answers) return
    received.push({ headers: request.headers, path: request.url ?? '', body })
    answer.writeHead(200, { 'content-type': request.headers['content-type'] ?? '' }).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answers: true,
    spans: () => received.flatMap(({ body }) => spansOf(JSON.parse(body.toString()))),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}

type Value = Readonly<Record<string, unknown>> & { readonly arrayValue?: { readonly values: readonly Value[] } }
type KeyValue = { readonly key: string; readonly value: Value }
type WireSpan = Omit<Span, 'kind' | 'failed' | 'links' | 'attributes' | 'resource'> & {
  readonly kind: number
  readonly status?: { readonly code?: number }
  readonly links?: Span['links']
  readonly attributes?: readonly KeyValue[]
}
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] }
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[]
  }[]
}

function spansOf({ resourceSpans }: Export): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        kind: kinds[span.kind] ?? 'internal',
        failed: span.status?.code === 2,
        links: span.links ?? [],
        attributes: plain(span.attributes ?? []),
        resource: plain(resource.attributes),
      })),
    ),
  )
}

function plain(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, unwrapped(value)]))
}

function unwrapped(value: Value): unknown {
  return value.arrayValue ? value.arrayValue.values.map(unwrapped) : Object.values(value)[0]
}

/** Names, indented by whose child a span is, in the order in which they began. */
export function treeOf(spans: readonly Span[], root: Span, depth = 0): string {
  const children = spans
    .filter(({ parentSpanId }) => parentSpanId === root.spanId)
    .sort((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1))
  return [`${'  '.repeat(depth)}${root.name}`, ...children.map((child) => treeOf(spans, child, depth + 1))].join('\n')
}
