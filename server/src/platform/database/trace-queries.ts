// A span for each query of a request or job: its text as PostgreSQL gets it, which holds places for values, and never the values.
import type pg from 'pg'
import type { OpenSpan, Tracing } from '../tracing.ts'

/** An insert of many rows says nothing more after this. */
const textLengthMax = 2_048
/** Texts are few: they stand in the source, and vary by how many values they take. */
const textsMax = 1_000

type Done = (error: Error | null | undefined, result?: unknown) => void
type Query = (...args: unknown[]) => unknown

export function traceQueries(pool: pg.Pool, tracing: Tracing): void {
  const described = new Map<string, Description>()

  function begin(client: pg.PoolClient & Partial<Destination>, text: string): OpenSpan | null {
    const { host = '', port = 0, database = '' } = client
    let known = described.get(text)
    if (!known) {
      if (described.size >= textsMax) described.clear()
      known = describeQuery(text)
      described.set(text, known)
    }
    return tracing.beneath(known.name, 'client', {
      ...known.attributes,
      'db.namespace': database,
      // A socket is a path of this machine.
      ...(host.startsWith('/') ? {} : { 'server.address': host, 'server.port': port }),
    })
  }

  pool.on('connect', (client) => {
    const ask = client.query.bind(client) as Query
    client.query = ((...args: unknown[]) => {
      const [first] = args
      const text = typeof first === 'string' ? first : (first as pg.QueryConfig | undefined)?.text
      // What submits itself (COPY, cursors) is no single question with one answer.
      const span = typeof text === 'string' && !isSubmittable(first) ? begin(client, text) : null
      if (!span) return ask(...args)
      const done = args.at(-1)
      if (typeof done === 'function') {
        const ended: Done = (error, result) => {
          end(span, error)
          done(error, result)
        }
        return ask(...args.slice(0, -1), ended)
      }
      const answer = ask(...args) as Promise<unknown>
      answer.then(
        () => span.end(),
        (error) => end(span, error),
      )
      return answer
    }) as typeof client.query
  })
}

interface Destination {
  readonly host: string
  readonly port: number
  readonly database: string
}

function isSubmittable(query: unknown): boolean {
  return typeof (query as { submit?: unknown } | undefined)?.submit === 'function'
}

function end(span: OpenSpan, error: unknown): void {
  const { code } = (error ?? {}) as { code?: unknown }
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) span.set({ 'db.response.status_code': code })
  span.end(error ?? undefined)
}

interface Description {
  readonly name: string
  readonly attributes: Record<string, string>
}

export function describeQuery(text: string): Description {
  const shown = withoutLiterals(text)
  const operation = /^\s*([a-z]+)/i.exec(shown)?.[1]?.toUpperCase() ?? 'QUERY'
  const [, collection = ''] = /\b(?:from|into|update)\s+((?:"?[a-z_]\w*"?\.)?"?[a-z_]\w*"?)/i.exec(shown) ?? []
  const table = collection.replaceAll('"', '')
  return {
    name: table ? `${operation} ${table}` : operation,
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      ...(table && { 'db.collection.name': table }),
      'db.query.text': shown.slice(0, textLengthMax),
    },
  }
}

/** Values travel beside the text; whatever stands in it between quotes is taken out all the same. */
function withoutLiterals(text: string): string {
  // Escapes and dollar quotes need a parser: rather nothing than half of one.
  if (/\\|\$\w*\$/.test(text)) return text.trimStart().split(/\s/, 1)[0] ?? ''
  return text.replace(/'[^']*'/g, '?')
}
