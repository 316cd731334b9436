import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'

describe('a command line signs in through a browser', () => {
  let server: TestServer
  let owner: Person
  const clock = fakeClock()
  beforeAll(async () => {
    server = await startTestServer({ clock })
    owner = await signUp(server)
  })
  afterAll(() => server.stop())

  const begin = async (extra: Record<string, unknown> = {}) => {
    const verifier = randomBytes(32).toString('base64url')
    const code_challenge = createHash('sha256').update(verifier).digest('base64url')
    const answer = await call(server, 'POST', '/api/v2/auth/session/cli/start', {
      body: { client_name: 'aion on ada-laptop', code_challenge, ...extra },
    })
    return { answer, verifier, ...(answer.body as { device_code: string; user_code: string }) }
  }
  const approve = (user_code: string, approve = true, token = owner.token) =>
    call(server, 'POST', '/api/v2/auth/session/cli/approve', { token, body: { user_code, approve } })
  const exchange = (device_code: string, code_verifier: string, code?: string) =>
    call(server, 'POST', '/api/v2/auth/session/cli/exchange', { body: { device_code, code_verifier, ...(code && { code }) } })

  it('waits for the person, then gets a session that lasts twelve hours whatever its use', async () => {
    const { answer, device_code, user_code, verifier } = await begin()
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ expires_in: 600, interval: 2, user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/) })
    expect((await exchange(device_code, verifier)).status).toBe(202)
    expect((await approve(user_code.toLowerCase().replace('-', ' '))).status).toBe(200)
    const done = await exchange(device_code, verifier)
    expect(done.status).toBe(200)
    expect(done.body.email).toBe(owner.email)
    const me = () => call(server, 'GET', '/api/v2/auth/session/me', { token: done.body.session_token })
    expect((await me()).status).toBe(200)
    clock.advance(11 * 3_600_000)
    expect((await me()).status).toBe(200)
    clock.advance(3_600_000)
    expect((await me()).status).toBe(401)
    owner.token = (await call(server, 'POST', '/api/v2/auth/session/login', { body: owner })).body.session_token
  })

  it('gives the session once, to who began, and never after a refusal or ten minutes', async () => {
    const won = await begin()
    await approve(won.user_code)
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(won.device_code, won.verifier)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(19)

    const stolen = await begin()
    await approve(stolen.user_code)
    expect((await exchange(stolen.device_code, 'x'.repeat(43))).status).toBe(410)

    const refused = await begin()
    expect((await approve(refused.user_code, false)).body.message).toBe('Refused')
    expect((await exchange(refused.device_code, refused.verifier)).status).toBe(410)
    expect((await approve(refused.user_code)).status).toBe(410)

    const late = await begin()
    clock.advance(600_000)
    expect((await approve(late.user_code)).status).toBe(410)
    expect((await exchange(late.device_code, late.verifier)).status).toBe(410)
  })

  it('with a loopback address, asks for the code that only the browser carried', async () => {
    const { device_code, user_code, verifier } = await begin({ redirect_uri: 'http://127.0.0.1:49152/callback' })
    const redirect = new URL((await approve(user_code)).body.redirect_uri)
    expect(redirect.origin + redirect.pathname).toBe('http://127.0.0.1:49152/callback')
    expect((await exchange(device_code, verifier)).status).toBe(410)
    expect((await exchange(device_code, verifier, 'guess')).status).toBe(410)
    const code = redirect.searchParams.get('code') ?? ''
    expect((await exchange(device_code, verifier, code)).status).toBe(200)
    for (const redirect_uri of [
      'http://localhost:1/',
      'https://127.0.0.1:1/',
      'http://10.0.0.1:1/',
      'http://127.0.0.1/',
      'http://a@127.0.0.1:1/',
    ])
      expect((await begin({ redirect_uri })).answer.status).toBe(422)
  })

  it('asks for a fresh proof to approve, and gives what was proved there and no more', async () => {
    const old = await begin()
    clock.advance(9 * 60_000)
    const { device_code, user_code, verifier } = await begin()
    clock.advance(7 * 60_000)
    const answer = await approve(user_code)
    expect([answer.status, answer.body.error.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED'])
    expect((await exchange(old.device_code, old.verifier)).status).toBe(410)
    const again = (await call(server, 'POST', '/api/v2/auth/session/login', { body: owner })).body.session_token
    clock.advance(60_000)
    await approve(user_code, true, again)
    const { session_token } = (await exchange(device_code, verifier)).body
    clock.advance(14 * 60_000 + 1_000)
    const create = await call(server, 'POST', '/api/v2/api-keys', { token: session_token, body: { name: 'x' } })
    expect(create.body.error.code).toBe('REAUTHENTICATION_REQUIRED')
    owner.token = again
  })

  it('says what asks and from where, to a person signed in, who decides from our own pages', async () => {
    owner.token = (await call(server, 'POST', '/api/v2/auth/session/login', { body: owner })).body.session_token
    const cookie = `aionvision_session=${owner.token}`
    const { device_code, user_code, verifier } = await begin({ client_name: '<b>aion</b>' })
    const look = (code: string, options: object = { cookie }) => call(server, 'GET', `/api/v2/auth/session/cli/${code}`, options)
    expect((await look(user_code, {})).status).toBe(401)
    const shown = await look(user_code.toLowerCase().replace('-', ''))
    expect(shown.body).toEqual({
      user_code,
      client_name: '<b>aion</b>',
      ip_address: '127.0.0.1',
      expires_at: new Date(clock.now() + 600_000).toISOString(),
    })
    for (const code of ['BCDF-GHJK', 'nonsense', '%00']) expect((await look(code)).status).toBe(410)
    const decide = (headers: Record<string, string>) =>
      call(server, 'POST', '/api/v2/auth/session/cli/approve', { cookie, headers, body: { user_code } })
    expect((await decide({ origin: 'https://elsewhere.example' })).body.error.code).toBe('CROSS_SITE_REQUEST')
    expect((await exchange(device_code, verifier)).status).toBe(202)
    expect((await decide({ origin: server.url })).body.message).toBe('Approved')
    expect((await exchange(device_code, verifier)).status).toBe(200)
    expect((await look(user_code)).status).toBe(410)
  })
})
