// OpenTelemetry traces, loaded when an endpoint for them is configured. Spans are made by hand: a bundle has no modules to hook into.
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Attributes, Context, Span } from '@opentelemetry/api'
import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Logger } from 'pino'

export type Kind = 'internal' | 'server' | 'client' | 'consumer'

/** A piece of work that is being recorded. */
export interface OpenSpan {
  /** What runs in it, and all that this begins, has the span for its parent. */
  within<T>(work: () => T): T
  set(attributes: Attributes): void
  /** It came to nothing good, though no error was thrown. */
  fail(kind: string): void
  /** `error`: what it came to. Its kind is kept, its message never: messages quote what was sent. */
  end(error?: unknown): void
}

export interface Tracing {
  /** Null when the work is not to be recorded. `parent`: headers that may name a caller's span. `cause`: what `cause()` gave. */
  begin(name: string, kind: Kind, given?: { parent?: IncomingHttpHeaders; cause?: string | undefined }): OpenSpan | null
  /** Beneath the span that is active; null where none is: what the server does by itself is no trace. */
  beneath(name: string, kind: Kind, attributes: Attributes): OpenSpan | null
  /** What carries the active span to another program. */
  headers(): Record<string, string>
  /** What a job remembers of the span that added it. */
  cause(): string | undefined
  /** Sends what is left, for as long as `stopMsMax`. */
  stop(): Promise<void>
}

export interface TraceSettings {
  /** OTLP over HTTP. */
  readonly encoding: 'json' | 'protobuf'
  /** Whether traceparent and tracestate are taken from callers and given to others. */
  readonly propagated: boolean
}

const stopMsMax = 5_000
/** What the library has to say, such as that spans were dropped: each thing once a minute. */
const complaintEveryMs = 60_000

interface Active {
  readonly span: Span
  readonly context: Context
}
const active = new AsyncLocalStorage<Active>()

/** For log lines: which trace they belong to. */
export function traceFields(): Record<string, string> {
  const context = active.getStore()?.span.spanContext()
  return context ? { trace_id: context.traceId, span_id: context.spanId } : {}
}

/** Runs `work` in a span beneath the active one, where something is recorded. */
export async function inSpan<T>(
  tracing: Tracing | null,
  name: string,
  kind: Kind,
  attributes: Attributes,
  work: (span: OpenSpan | null) => Promise<T>,
): Promise<T> {
  const span = tracing?.beneath(name, kind, attributes) ?? null
  return span ? endWith(span, work) : work(null)
}

/** Runs `work` in the span, which ends with it. */
export async function endWith<T>(span: OpenSpan, work: (span: OpenSpan) => Promise<T>): Promise<T> {
  try {
    const result = await span.within(() => work(span))
    span.end()
    return result
  } catch (error) {
    span.end(error)
    throw error
  }
}

const ports: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'smtp:': 587, 'smtps:': 465 }

/** Who is spoken to: host and port of a URL, and nothing else of it. */
export function serverOf(url: string | URL): Attributes {
  if (!URL.canParse(String(url))) return {}
  const { hostname, port, protocol } = new URL(url)
  return { 'server.address': hostname, 'server.port': Number(port) || (ports[protocol] ?? 0) }
}

/** Everything else that the standard variables say (OTEL_*) the library reads for itself. */
export async function startTracing({ encoding, propagated }: TraceSettings, version: string, log: Logger): Promise<Tracing> {
  const [api, { W3CTraceContextPropagator }, { BasicTracerProvider, BatchSpanProcessor }, resources, { OTLPTraceExporter }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/resources'),
      encoding === 'json'
        ? import('@opentelemetry/exporter-trace-otlp-http')
        : import('@opentelemetry/exporter-trace-otlp-proto'),
    ])
  const { defaultTextMapGetter, defaultTextMapSetter, diag, DiagLogLevel, ROOT_CONTEXT, SpanStatusCode, trace } = api
  diag.setLogger(toDiagLogger(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })

  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources
  // Not the library's detectors of process and host: command lines, owners and machine ids are nobody's business.
  const own = { 'service.name': 'aionvision', 'service.version': version, 'service.instance.id': randomUUID() }
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes(own))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(watched(new OTLPTraceExporter(), log))],
  })
  const tracer = provider.getTracer('aionvision', version)
  const w3c = new W3CTraceContextPropagator()
  const kinds = { internal: 0, server: 1, client: 2, consumer: 4 } as const satisfies Record<Kind, number>

  function open(span: Span, parent: Context): OpenSpan | null {
    if (!span.isRecording()) return null
    const store: Active = { span, context: trace.setSpan(parent, span) }
    const fail = (kind: string) => {
      span.setAttribute('error.type', kind).setStatus({ code: SpanStatusCode.ERROR })
    }
    return {
      within: (work) => active.run(store, work),
      set: (attributes) => span.setAttributes(attributes),
      fail,
      end(error) {
        if (error !== undefined) fail(kindOf(error))
        span.end()
      },
    }
  }

  function carried(): Record<string, string> {
    const headers: Record<string, string> = {}
    const context = active.getStore()?.context
    if (context) w3c.inject(context, headers, defaultTextMapSetter)
    return headers
  }

  return {
    begin(name, kind, { parent, cause } = {}) {
      const context = parent && propagated ? w3c.extract(ROOT_CONTEXT, parent, defaultTextMapGetter) : ROOT_CONTEXT
      const linked = cause && trace.getSpanContext(w3c.extract(ROOT_CONTEXT, { traceparent: cause }, defaultTextMapGetter))
      const links = linked ? [{ context: linked }] : []
      return open(tracer.startSpan(name, { kind: kinds[kind], links }, context), context)
    },
    beneath(name, kind, attributes) {
      const above = active.getStore()
      return above ? open(tracer.startSpan(name, { kind: kinds[kind], attributes }, above.context), above.context) : null
    },
    headers: () => (propagated ? carried() : {}),
    cause: () => carried().traceparent,
    async stop() {
      // A collector that does not answer holds nobody up.
      await Promise.race([provider.shutdown(), sleep(stopMsMax, undefined, { ref: false })]).catch(() => {})
    },
  }
}

/** A code or a class, such as 23505, ECONNREFUSED, StoreUnavailableError; nothing that could be data. */
function kindOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown }
  const word = String(code ?? name)
  return /^[\w.]{1,64}$/.test(word) ? word : 'Error'
}

/** Says in the log when traces stop arriving, and when they arrive again; the batch is lost and nothing waits. */
function watched(exporter: SpanExporter, log: Logger): SpanExporter {
  let lost = false
  return {
    export(spans, done) {
      const settle = (failed: boolean, error?: Error) => {
        if (failed !== lost)
          log.warn(
            { ...(error && { err: error.message }) },
            failed ? 'traces do not arrive and are dropped' : 'traces arrive again',
          )
        lost = failed
        done({ code: 0 })
      }
      // Not as part of the request in which the timer happened to be set.
      active.exit(() => exporter.export(spans, ({ code, error }) => settle(code !== 0, error)))
    },
    shutdown: () => exporter.shutdown(),
  }
}

function toDiagLogger(log: Logger) {
  const said = new Map<string, number>()
  const say = (...parts: unknown[]) => {
    const message = parts.filter((part) => typeof part === 'string').join(' ')
    const [kind = ''] = message.split(/\d/, 1)
    const now = performance.now()
    if (now - (said.get(kind) ?? Number.NEGATIVE_INFINITY) < complaintEveryMs) return
    said.set(kind, now)
    log.warn({ err: message }, 'OpenTelemetry')
  }
  const silent = () => {}
  return { error: say, warn: say, info: silent, debug: silent, verbose: silent }
}
