// The webhooks' guide as its reader runs it: an address is set, an event arrives, and the guide's own check believes it.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server as Receiver } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, signUp, succeed } from './support/client.ts'
import { snippets } from './support/documents.ts'
import { bash, python } from './support/run.ts'
import { relaxed, type Server, startServer } from './support/server.ts'

const guide = 'docs/guide/webhooks.md'
const received: { headers: IncomingHttpHeaders; body: string }[] = []
let server: Server
let receiver: Receiver
beforeAll(async () => {
  receiver = createServer(async (request, answer) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
    answer.writeHead(204).end()
  })
  await once(receiver.listen(0, '127.0.0.1'), 'listening')
  server = await startServer({ ...relaxed, AION_OUTBOUND_ALLOW: '127.0.0.1' })
})
afterAll(async () => {
  receiver.close()
  await server.discard()
})

test(`the snippets of ${guide} work, and what arrives passes its check`, async () => {
  const owner = await signUp(server.url)
  const { port } = receiver.address() as AddressInfo
  const env = { AION: server.url, SESSION: owner.session, RECEIVER: `http://127.0.0.1:${port}/hook` }
  const { code, stderr, stdout } = await bash(`${snippets(guide, 'bash').join('\n')}\ncat webhook.json`, env)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  await createKey(server.url, owner.session)
  const types = () => new Set(received.map(({ body }) => JSON.parse(body).type))
  const promised = new Set(['tenant.updated', 'tenant.webhook_secret_rotated', 'api_key.created'])
  // In no certain order, as the guide says.
  await expect.poll(types, { timeout: 15_000 }).toEqual(promised)
  const [head = '', body = ''] = (snippets(guide, 'http')[0] ?? '').split('\n\n')
  const shown = head
    .split('\n')
    .slice(1)
    .map((line) => line.split(':')[0]?.toLowerCase())
  for (const sent of received) {
    for (const name of shown) expect(sent.headers).toHaveProperty(name ?? '')
    expect(Object.keys(JSON.parse(sent.body))).toEqual(Object.keys(JSON.parse(body)))
  }
  const { secret } = JSON.parse((await succeed(call(server.url, 'GET', '/api/v2/tenant/webhook', { token: owner.session }))).raw)
  const [check = ''] = snippets(guide, 'python')
  const use = `
import os
secret, body = os.environ['SECRET'], os.environ['BODY'].encode()
headers = json.loads(os.environ['HEADERS'])
print(verify(secret, headers, body)['type'])
try:
    verify(secret, headers, body + b' ')
except ValueError as refusal:
    print(refusal)
`
  // What was sent before the secret was rotated is signed with the first one alone, what was sent soon after with both.
  const first = [...stdout.matchAll(/"secret":\s*"([^"]+)"/g)].at(-1)?.[1] ?? ''
  expect(first).not.toBe(secret)
  for (const { headers, body } of received) {
    const rotated = JSON.parse(body).type !== 'tenant.updated'
    const checked = await python(check + use, { SECRET: rotated ? secret : first, HEADERS: JSON.stringify(headers), BODY: body })
    expect(checked).toMatchObject({ stderr: '', stdout: `${JSON.parse(body).type}\nnot from Aionvision\n` })
  }
})
