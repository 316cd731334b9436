// New passwords against a range API of breached ones: what leaves this server, what is refused, and what happens without an answer.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, signUp, startTestServer, type TestServer, tokenIn } from '../../testing/harness.ts'

const base = '/api/v2/auth/session'
const breached = 'Sturdy-Breached-42'
const padding = 'Sturdy-Padding-43'
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase()

describe('breached passwords', () => {
  const asked: IncomingMessage[] = []
  const answer = (_request: IncomingMessage, response: ServerResponse) =>
    response.end(`${'0'.repeat(35)}:3\r\n${sha1(breached).slice(5)}:17\r\n${sha1(padding).slice(5)}:0\r\n`)
  let behave: (request: IncomingMessage, response: ServerResponse) => unknown = answer
  const range = createServer((request, response) => {
    asked.push(request)
    behave(request, response)
  })
  let server: TestServer
  beforeAll(async () => {
    await once(range.listen(0, '127.0.0.1'), 'listening')
    const { port } = range.address() as AddressInfo
    server = await startTestServer({ env: { AION_BREACHED_PASSWORDS_URL: `http://127.0.0.1:${port}/range/` } })
  })
  afterAll(async () => {
    await server.stop()
    range.closeAllConnections()
    range.close()
  })

  const register = (password: string) =>
    call(server, 'POST', `${base}/register`, { body: { email: `p-${Math.random()}@example.com`, password, name: 'Ada' } })

  it('one is refused wherever it would be set, and five digits of its hash are all that leaves', async () => {
    const refused = await register(breached)
    expect(refused.status).toBe(422)
    expect(refused.body.detail).toEqual([
      { loc: ['body', 'password'], msg: 'This password is known from breaches elsewhere: choose another', type: 'value_error' },
    ])
    expect(asked.at(-1)?.url).toBe(`/range/${sha1(breached).slice(0, 5)}`)
    expect(asked.at(-1)?.headers['add-padding']).toBe('true')
    const person = await signUp(server)
    const { token, password } = person
    const changed = await call(server, 'POST', '/api/v2/user/change-password', {
      token,
      body: { current_password: password, new_password: breached },
    })
    expect([changed.status, changed.body.detail[0].loc]).toEqual([422, ['body', 'new_password']])
    await call(server, 'POST', `${base}/password-reset/request`, { body: { email: person.email } })
    const reset = { token: tokenIn((await server.mail.to(person.email, 2))[0]), new_password: breached }
    expect((await call(server, 'POST', `${base}/password-reset/complete`, { body: reset })).status).toBe(422)
    const good = { ...reset, new_password: 'Sturdy-Passphrase-44' }
    expect((await call(server, 'POST', `${base}/password-reset/complete`, { body: good })).status).toBe(200)
  })

  it('padding is no hit, and one that fails the rule is never asked about', async () => {
    expect((await register(padding)).status).toBe(200)
    const before = asked.length
    expect((await register('Password1')).status).toBe(422)
    expect(asked).toHaveLength(before)
  })

  it('S35 a service that fails, hangs or redirects stops nobody, and the log says so', async () => {
    const failures: (typeof behave)[] = [
      (_request, response) => response.writeHead(500).end(),
      (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
      (request) => request.socket.destroy(),
      () => {},
    ]
    for (const [index, failure] of failures.entries()) {
      behave = failure
      expect((await register(breached)).status).toBe(200)
      expect(server.logs().split('breached passwords could not be asked for')).toHaveLength(index + 2)
    }
    expect(server.logs()).not.toContain(breached)
    behave = answer
    expect((await register(breached)).status).toBe(422)
  })
})
