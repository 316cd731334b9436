// aion listen: a receiver on this machine that prints the events which carry a true signature.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Command, Context } from '../command.ts'
import { exitCodes, usageFailure } from '../exit-codes.ts'
import { text } from '../text.ts'
import { faultInSignature, readSecret } from '../webhook-signature.ts'

/** More than any event; a stranger's request does not fill the memory. */
const bodyBytesMax = 2 ** 20
/** An event may come again: so many ids are remembered. */
const rememberedMax = 10_000

export const listen: Command = {
  name: 'listen',
  summary: 'receive webhook events here and print those that are truly signed',
  options: {
    port: { type: 'string', value: 'N', says: 'where to listen on 127.0.0.1 (4242; 0 takes any free one)' },
    secret: { type: 'string', value: 'SECRET', says: 'whsec_…; better in AIONVISION_WEBHOOK_SECRET, others see arguments' },
    count: { type: 'string', value: 'N', says: 'end after so many events' },
  },
  example: 'AIONVISION_WEBHOOK_SECRET=whsec_… aion listen --port 4242',
  notes: [
    'Servers send events to public addresses only: put a tunnel of your choice before it, and its address into the webhook_url of the workspace.',
  ],
  async run(context, input) {
    const { output, env, signal } = context
    const given = input.value('secret')
    if (given)
      output.warn(text`a secret among the arguments can be read by others on this machine: use AIONVISION_WEBHOOK_SECRET.`)
    const secret = given ?? env.AIONVISION_WEBHOOK_SECRET
    if (!secret) throw usageFailure('The secret is missing: put it into AIONVISION_WEBHOOK_SECRET. It looks like whsec_…')
    const key = readSecret(secret)
    if (!key) throw usageFailure('That is no secret of a webhook: it looks like whsec_… and is base64 from there on.')
    const wanted = input.number('count', Number.POSITIVE_INFINITY, 1, 1_000_000)
    const server = createServer()
    const done = new Promise<void>((resolve) => {
      let taken = 0
      const seen = new Set<string>()
      server.on('request', async (request, response) => {
        const body = request.method === 'POST' ? await bodyOf(request) : null
        if (body === null) return void response.writeHead(request.method === 'POST' ? 413 : 405, { connection: 'close' }).end()
        const id = header(request, 'webhook-id')
        const signed = {
          id,
          timestamp: header(request, 'webhook-timestamp'),
          signature: header(request, 'webhook-signature'),
          body,
        }
        const fault = faultInSignature(key, signed, context.now())
        if (fault) {
          output.note(text`${output.noteStyled('red', 'Refused')} a request from ${request.socket.remoteAddress}: ${fault}.`)
          return void response.writeHead(401).end()
        }
        response.writeHead(204).end()
        if (id === undefined || seen.has(id)) return
        if (seen.size >= rememberedMax) seen.clear()
        seen.add(id)
        show(context, id, body)
        if (++taken >= wanted) resolve()
      })
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await once(server.listen(input.number('port', 4242, 0, 65_535), '127.0.0.1'), 'listening').catch((error: Error) => {
      throw usageFailure(`Port ${input.value('port') ?? 4242} cannot be listened on: ${error.message}.`)
    })
    output.note(text`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/ until Ctrl-C.`)
    await done
    server.close()
    server.closeIdleConnections()
    return exitCodes.ok
  },
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Null when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyBytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function show({ output }: Context, id: string, body: Buffer): void {
  let event: unknown
  try {
    event = JSON.parse(body.toString('utf8'))
  } catch {
    output.note(text`The event ${id} is signed but no JSON.`)
    return
  }
  const { type, timestamp, data } = (event ?? {}) as { type?: unknown; timestamp?: unknown; data?: unknown }
  const rest = JSON.stringify(data) ?? ''
  output.event(
    event,
    text`${String(timestamp ?? '')}  ${output.styled('bold', String(type ?? '?'))}  ${output.styled('dim', rest)}`,
  )
}
