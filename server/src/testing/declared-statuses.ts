// The contract tells every status that is really sent: while a test server runs, each of its answers is looked up there.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'

interface Operation {
  readonly path: RegExp
  readonly declared: ReadonlySet<number>
}

/** Watches the server at `url`; the returned function ends that and throws for what was sent without being declared. */
export function watchStatuses(url: string): () => void {
  const port = Number(new URL(url).port)
  const operations = readOperations()
  const undeclared = new Set<string>()
  const look = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (request.socket.localPort !== port) return
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const path = request.url?.split('?')[0] ?? ''
    const operation = operations.find((one) => one.path.test(`${method} ${path}`))
    // A path that is no URL is refused before any route.
    if (operation && isUrl(path) && !operation.declared.has(response.statusCode))
      undeclared.add(`${method} ${path} ${response.statusCode}`)
  }
  subscribe('http.server.response.finish', look)
  return () => {
    unsubscribe('http.server.response.finish', look)
    if (undeclared.size > 0) throw new Error(`Answered, and not in the contract: ${[...undeclared].sort().join(', ')}`)
  }
}

function readOperations(): Operation[] {
  const { paths } = JSON.parse(readFileSync(new URL('../../../contract/openapi.json', import.meta.url), 'utf8')) as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
  }
  return (
    Object.entries(paths)
      // `/files/mine` is asked before `/files/{id}`, as the router does.
      .sort(([a], [b]) => a.split('{').length - b.split('{').length)
      .flatMap(([path, operations]) =>
        Object.entries(operations).map(([method, { responses }]) => ({
          path: new RegExp(`^${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '[^/]+')}$`),
          declared: new Set(Object.keys(responses).map(Number)),
        })),
      )
  )
}

function isUrl(path: string): boolean {
  try {
    decodeURI(path)
    return true
  } catch {
    return false
  }
}
