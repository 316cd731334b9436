// SIGTERM under load: every request that was accepted is answered, the slow ones too, no connection is closed under one, and the process ends with 0.
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onDisk } from './support/backends.ts'
import { call, createKey, signUp, storeDocument, succeed } from './support/client.ts'
import { relaxed, type Server, startServer, workersOf } from './support/server.ts'

const delayMs = 3_000
const env = {
  ...relaxed,
  ...onDisk,
  AION_SHUTDOWN_DELAY: String(delayMs / 1_000),
  AION_TENANT_CEILING_FACTOR: '0',
  AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: 1_000_000 } }),
}

let server: Server
let key: string
afterEach(() => server.discard())

async function start(workers: number): Promise<void> {
  server = await startServer({ ...env, AION_WORKERS: String(workers) })
  ;({ key } = await createKey(server.url, (await signUp(server.url)).session, { scopes: ['read', 'write'] }))
}

interface Outcome {
  readonly status?: number
  readonly closes?: boolean
  readonly error?: string
}

/** Whether one connection or many, is the agent's matter. */
function ask(agent: Agent | false, path = '/api/v2/user-files?limit=1'): Promise<Outcome> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ error: error.message })
    const headers = { authorization: `Bearer ${key}` }
    request(`${server.url}${path}`, { agent, headers }, (response) => {
      response.resume().on('error', failed)
      response.on('end', () => resolve({ status: response.statusCode, closes: response.headers.connection === 'close' }))
    })
      .on('error', failed)
      .end()
  })
}

const oneConnection = () => new Agent({ keepAlive: true, maxSockets: 1 })

async function open(): Promise<Agent> {
  const agent = oneConnection()
  expect(await ask(agent)).toEqual({ status: 200, closes: false })
  return agent
}

/** The processes that answer. */
function answering(): number[] {
  const workers = workersOf(server.child)
  return workers.length > 0 ? workers : [server.child.pid ?? 0]
}

async function untilDraining(): Promise<void> {
  for (let outcome = await ask(false, '/readyz'); outcome.status !== 503; outcome = await ask(false, '/readyz'))
    if (outcome.error) throw new Error(`It ended without having said so: ${outcome.error}`)
}

describe.each([1, 2])('processes: %i', (workers) => {
  beforeEach(() => start(workers))

  test('nothing that was accepted is dropped', async () => {
    const outcomes: Outcome[] = []
    const clients = Array.from({ length: 24 }, async () => {
      const agent = oneConnection()
      for (;;) {
        const outcome = await ask(agent)
        outcomes.push(outcome)
        if (outcome.error || outcome.closes) break
      }
      agent.destroy()
    })
    const size = 64 * 1024
    const body = { filename: 'slow.txt', content_type: 'text/plain', size_bytes: size }
    const upload = await succeed(call(server.url, 'POST', '/api/v2/document-uploads/request-presigned-url', { token: key, body }))
    const slow = trickle(upload.text('upload_url'), upload.at('upload_headers') as Record<string, string>, size)
    await sleep(700)
    const stopped = server.stop()
    await Promise.all(clients)
    expect(outcomes.length).toBeGreaterThan(40)
    expect(outcomes.filter((outcome) => outcome.status !== 200)).toEqual([])
    expect(await slow).toBe(200)
    expect(await stopped).toBe(0)
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
  })

  test('until balancers have noticed it takes what comes, and every answer ends its connection', async () => {
    const used = await open()
    const unused = await open()
    const silent = connect(Number(new URL(server.url).port), '127.0.0.1')
    await once(silent, 'connect')
    const begun = performance.now()
    const stopped = server.stop()
    await untilDraining()
    expect(await ask(used)).toEqual({ status: 200, closes: true })
    const outcomes: Outcome[] = []
    const paths = ['/healthz', '/', '/pricing', '/openapi.json', '/api/v2/nowhere', '/api/v2/%ZZ', '/api/v2/user-files?limit=0']
    for (let turn = 0; performance.now() - begun < delayMs * 0.8; turn++) {
      const agent = oneConnection()
      outcomes.push(await ask(agent, paths[turn % paths.length]))
      agent.destroy()
    }
    expect(new Set(outcomes.map(({ closes }) => closes))).toEqual(new Set([true]))
    expect(outcomes.slice(0, paths.length).map(({ status }) => status)).toEqual([200, 200, 200, 200, 404, 400, 422])
    expect(await stopped).toBe(0)
    // Neither an idle connection nor one on which nothing was ever sent holds it up.
    expect(performance.now() - begun).toBeLessThan(delayMs + 10_000)
    for (const agent of [used, unused]) agent.destroy()
    silent.destroy()
  })

  test('a request that had arrived is answered, even if the process found no time to read it', async () => {
    const agents = await Promise.all([open(), open(), open(), open()])
    const stopped = server.stop()
    await untilDraining()
    const pids = answering()
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    const asked = agents.map((agent) => ask(agent))
    await sleep(delayMs + 500)
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    expect(await Promise.all(asked)).toEqual(agents.map(() => ({ status: 200, closes: true })))
    expect(await stopped).toBe(0)
  })

  test('a refusal reaches whoever still sends the body', async () => {
    const { port, host } = new URL(server.url)
    const stopped = server.stop()
    await untilDraining()
    const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8')
    const body = JSON.stringify({ name: 'x'.repeat(200_000) })
    socket.write(
      `POST /api/v2/api-keys HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    // In two parts, and reading after the last: as of a client that sends first and listens then.
    for (const part of [body.slice(0, 100_000), body.slice(100_000)]) {
      await sleep(200)
      socket.write(part)
    }
    await sleep(200)
    let answer = ''
    for await (const text of socket) answer += text
    expect(answer).toMatch(/^HTTP\/1.1 401 /)
    expect(answer.toLowerCase()).toContain('connection: close')
    expect(await stopped).toBe(0)
  })

  test('a long answer is finished, and its connection takes one more request', async () => {
    const content = Buffer.alloc(24_000_000, 'All work and no play. ')
    const { id } = await storeDocument(server.url, key, content)
    const agent = oneConnection()
    const path = `/api/v2/documents/${id}/download`
    const { headers } = await call(server.url, 'GET', path, { token: key })
    const sent = request(headers.get('location') ?? '', { agent }).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, 'keep-alive'])
    const stopped = server.stop()
    await untilDraining()
    await sleep(delayMs * 2)
    let size = 0
    for await (const part of answer) size += part.length
    expect(size).toBe(content.length)
    await sleep(delayMs / 2)
    expect(await ask(agent)).toEqual({ status: 200, closes: true })
    expect(await stopped).toBe(0)
  })
})

test('SIGINT, or a second signal, does not wait', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    server = await startServer({ ...env, AION_SHUTDOWN_DELAY: '60' })
    const ended = once(server.child, 'close')
    if (signal === 'SIGTERM') {
      server.child.kill('SIGTERM')
      await untilDraining()
    }
    server.child.kill(signal)
    expect(await ended).toEqual([0, null])
    if (signal === 'SIGINT') await server.discard()
  }
}, 30_000)

/** A PUT that takes about two seconds for its body. */
function trickle(url: string, headers: Record<string, string>, size: number): Promise<number | string> {
  return new Promise((resolve) => {
    const put = request(url, { method: 'PUT', headers: { ...headers, 'content-length': size } }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    put.on('error', (error) => resolve(error.message))
    const send = async () => {
      for (let part = 0; part < 16; part++) {
        put.write('a'.repeat(size / 16))
        await sleep(125)
      }
      put.end()
    }
    send()
  })
}
