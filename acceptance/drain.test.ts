// SIGTERM under load: every request that was accepted is answered, the slow ones too, and the process ends with 0.
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, signUp, succeed } from './support/client.ts'
import { relaxed, type Server, startServer } from './support/server.ts'

let server: Server
beforeAll(async () => {
  const plans = { starter: { requestsPerMinute: 1_000_000 } }
  server = await startServer({ ...relaxed, AION_TENANT_CEILING_FACTOR: '0', AION_PLAN_OVERRIDES: JSON.stringify(plans) })
})
afterAll(() => server.discard())

interface Outcome {
  readonly status?: number
  readonly closes?: boolean
  readonly error?: string
}

/** One request on the one connection of `agent`. */
function ask(agent: Agent, path: string, key: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const pending = request(`${server.url}${path}`, { agent, headers: { authorization: `Bearer ${key}` } }, (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode, closes: response.headers.connection === 'close' }))
      response.on('error', (error) => resolve({ error: error.message }))
    })
    pending.on('error', (error) => resolve({ error: error.message }))
    pending.end()
  })
}

test('nothing that was accepted is dropped', async () => {
  const owner = await signUp(server.url)
  const { key } = await createKey(server.url, owner.session)
  const outcomes: Outcome[] = []
  let stopping = false
  const workers = Array.from({ length: 24 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (;;) {
      const outcome = await ask(agent, '/api/v2/user-files?limit=1', key)
      outcomes.push(outcome)
      // A connection that the server closes after its answer is at its end; a new one would not be accepted any more.
      if (outcome.error || outcome.closes || (stopping && outcome.status === undefined)) break
    }
    agent.destroy()
  })
  const size = 64 * 1024
  const body = { filename: 'slow.txt', content_type: 'text/plain', size_bytes: size }
  const upload = await succeed(call(server.url, 'POST', '/api/v2/document-uploads/request-presigned-url', { token: key, body }))
  const slow = trickle(upload.text('upload_url'), upload.at('upload_headers') as Record<string, string>, size)
  await sleep(700)
  stopping = true
  const stopped = server.stop()
  await Promise.all(workers)
  expect(outcomes.length).toBeGreaterThan(40)
  expect(outcomes.filter((outcome) => outcome.status !== 200)).toEqual([])
  expect(await slow).toBe(200)
  expect(await stopped).toBe(0)
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
})

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
