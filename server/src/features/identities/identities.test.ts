// Signing in elsewhere, over HTTP and against a real provider: what an identity opens, and all that must not open anything.
import { randomUUID } from 'node:crypto'
import { generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../config.ts'
import { type Answer, call, type Person, signUp, startTestServer, type TestServer, tokenIn } from '../../testing/harness.ts'
import { type Account, type Issuer, startIssuer, visit } from '../../testing/oidc-issuer.ts'

const base = '/api/v2/auth/session'

describe('identities', () => {
  let google: Issuer
  let acme: Issuer
  let server: TestServer
  beforeAll(async () => {
    google = await startIssuer()
    acme = await startIssuer({ claimsInToken: false })
    const env: Record<string, string> = { OIDC_ACME_LABEL: 'Acme Inc.' }
    for (const [name, issuer] of [
      ['GOOGLE', google],
      ['ACME', acme],
    ] as const) {
      env[`OIDC_${name}_ISSUER`] = issuer.url
      env[`OIDC_${name}_CLIENT_ID`] = issuer.clientId
      env[`OIDC_${name}_CLIENT_SECRET`] = issuer.clientSecret
    }
    server = await startTestServer({ env })
    google.serve([`${server.url}${base}/google/callback`])
    acme.serve([`${server.url}${base}/oidc/acme/callback`])
  })
  afterAll(async () => {
    await server?.stop()
    await google?.stop()
    await acme?.stop()
  })

  const account = (extra: Partial<Account> = {}): Account => ({
    sub: randomUUID(),
    email: `g-${randomUUID()}@example.com`,
    email_verified: true,
    name: 'Grace Hopper',
    ...extra,
  })
  /** The browser's own cookie from an answer, as it sends it back. */
  const cookieOf = (answer: Answer) => (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? ''
  const initiate = (action = 'login', options: { token?: string; path?: string } = {}) =>
    call(server, 'POST', `${base}/${options.path ?? 'google'}/initiate?action=${action}`, options)
  const pathOf = (url: string) => url.slice(server.url.length)
  /** The whole way of a browser, up to the answer of our callback. */
  async function travel(who: Account | null, options: { action?: string; token?: string; path?: string; page?: boolean } = {}) {
    const begun = await initiate(options.action, options)
    expect(begun.status).toBe(200)
    const back = await visit(begun.body.authorization_url, who)
    const headers = { cookie: cookieOf(begun), accept: options.page ? 'text/html,*/*' : 'application/json' }
    return { begun, back, answer: await call(server, 'GET', pathOf(back), { headers }), headers }
  }
  const byToken = (id_token: string, extra: object = {}) =>
    call(server, 'POST', `${base}/google`, { body: { id_token, ...extra } })
  const me = (token: string) => call(server, 'GET', `${base}/me`, { token })
  const login = (person: Person) =>
    call(server, 'POST', `${base}/login`, { body: { email: person.email, password: person.password } })
  const events = async (userId: string) =>
    (
      await server.db.selectFrom('audit_events').select('event_type').where('user_id', '=', userId).orderBy('sequence').execute()
    ).map((row) => row.event_type)

  it('says which providers there are', async () => {
    const answer = await call(server, 'GET', `${base}/providers`)
    expect(answer.body).toEqual([
      { name: 'acme', label: 'Acme Inc.' },
      { name: 'google', label: 'Google' },
    ])
    for (const path of ['oidc/nobody', 'oidc/%0d%0a']) {
      const refused = await initiate('login', { path })
      expect([refused.status, refused.body.error.code]).toEqual([501, 'PROVIDER_NOT_CONFIGURED'])
    }
  })

  it('asks with state, nonce and PKCE, in a cookie that scripts and other sites cannot use', async () => {
    const begun = await initiate()
    const asked = new URL(begun.body.authorization_url).searchParams
    expect(asked.get('state')).toBe(begun.body.state)
    expect([asked.get('code_challenge_method'), asked.get('response_type')]).toEqual(['S256', 'code'])
    for (const name of ['nonce', 'code_challenge']) expect(asked.get(name)).toMatch(/^[\w-]{43}$/)
    const [cookie = ''] = begun.headers.getSetCookie()
    expect(cookie).toMatch(/^aionvision_sign_in=[\w-]{43}; Max-Age=600; Path=\/api\/v2\/auth\/session; HttpOnly; SameSite=Lax$/)
    expect((await initiate('steal')).status).toBe(422)
    const elsewhere = await call(server, 'POST', `${base}/google/initiate`, { headers: { 'sec-fetch-site': 'cross-site' } })
    expect(elsewhere.body.error.code).toBe('CROSS_SITE_REQUEST')
  })

  it.each(['google', 'oidc/acme'])(
    'a new person gets an account and a workspace, verified and without a password, by %s',
    async (path) => {
      const who = account({ name: 'Grace\r\nHopper' })
      const { answer } = await travel(who, { path })
      expect(answer.body).toMatchObject({
        email: who.email,
        name: 'Grace Hopper',
        email_verified: true,
        is_active: true,
        message: 'Login successful',
      })
      const token = answer.body.session_token
      expect((await me(token)).body.user_id).toBe(answer.body.user_id)
      expect(answer.headers.getSetCookie().map((cookie) => cookie.split('=')[0])).toEqual([
        'aionvision_session',
        'aionvision_sign_in',
      ])
      expect((await call(server, 'GET', '/api/v2/user/profile', { token })).body.has_password).toBe(false)
      expect((await call(server, 'GET', '/api/v2/api-keys', { token })).status).toBe(200)
      expect(await events(answer.body.user_id)).toEqual(['tenant.created', 'user.provider_linked', 'auth.oauth_login'])
      const again = await travel(who, { path, page: true })
      expect([again.answer.status, again.answer.headers.get('location')]).toEqual([303, '/dashboard'])
      const session = again.answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      expect((await call(server, 'GET', `${base}/me`, { cookie: session })).body.user_id).toBe(answer.body.user_id)
    },
  )

  it('the identity is the key: an address that changes at the provider moves nobody', async () => {
    const victim = await signUp(server)
    const who = account()
    const first = (await travel(who)).answer.body
    const moved = (await travel({ ...who, email: victim.email })).answer.body
    expect([moved.user_id, moved.email]).toEqual([first.user_id, who.email])
    const unverified = (await travel({ ...who, email_verified: false })).answer
    expect(unverified.body.user_id).toBe(first.user_id)
  })

  it('links to an account only when both sides have verified the address', async () => {
    const person = await signUp(server)
    for (const email_verified of [false, undefined, 'true', 1]) {
      const refused = await travel(account({ email: person.email, email_verified }))
      expect([refused.answer.status, refused.answer.body.error.code]).toEqual([403, 'EMAIL_NOT_VERIFIED'])
      const stranger = await byToken(await google.idToken(account({ email_verified })))
      expect([stranger.status, stranger.body.error.code]).toEqual([403, 'EMAIL_NOT_VERIFIED'])
    }
    // A look-alike is another mailbox, whatever we make of its letters.
    const wide = await byToken(await google.idToken(account({ email: person.email.replace(/^p/, 'ｐ') })))
    expect([wide.status, wide.body.error.code]).toEqual([403, 'EMAIL_NOT_VERIFIED'])
    const who = account({ email: person.email.toUpperCase() })
    const { answer } = await travel(who)
    expect(answer.body.user_id).toBe(person.userId)
    expect((await login(person)).status).toBe(200)
    expect((await me(person.token)).status).toBe(200)
    // A second identity of the same provider does not slip in beside the first.
    expect((await travel(account({ email: person.email }))).answer.body.error.code).toBe('CONFLICT')
    expect(await events(person.userId)).toContain('user.provider_linked')
  })

  it('S25 a password set before the address was verified dies, with its sessions, links and factors, when the provider proves it', async () => {
    const attacker = await signUp(server, { verified: false })
    const mailed = tokenIn((await server.mail.to(attacker.email))[0])
    const now = new Date()
    await server.db
      .insertInto('totp_secrets')
      .values({ user_id: attacker.userId, secret: Buffer.alloc(8), created_at: now, confirmed_at: now })
      .execute()
    const { answer } = await travel(account({ email: attacker.email }))
    expect(answer.body).toMatchObject({ user_id: attacker.userId, email_verified: true })
    expect((await me(attacker.token)).status).toBe(401)
    expect((await login(attacker)).status).toBe(401)
    expect((await call(server, 'POST', `${base}/verify-email`, { body: { token: mailed } })).status).toBe(410)
    expect(await server.db.selectFrom('totp_secrets').selectAll().where('user_id', '=', attacker.userId).execute()).toEqual([])
    const profile = await call(server, 'GET', '/api/v2/user/profile', { token: answer.body.session_token })
    expect(profile.body).toMatchObject({ has_password: false, email_verified: true })
  })

  it('S25 who has not verified their own address may not link an identity', async () => {
    const squatter = await signUp(server, { verified: false })
    const body = { provider: 'google', id_token: await google.idToken(account()) }
    const refused = await call(server, 'POST', `${base}/link-provider`, { token: squatter.token, body })
    expect([refused.status, refused.body.error.code]).toEqual([403, 'EMAIL_NOT_VERIFIED'])
    expect((await travel(account(), { action: 'link', token: squatter.token })).answer.body.error.code).toBe('EMAIL_NOT_VERIFIED')
  })

  describe('S22 an answer counts in the browser that asked, for the provider asked, once and soon', () => {
    const refused = async (path: string, cookie: string) => {
      const answer = await call(server, 'GET', path, { headers: { cookie } })
      expect([answer.status, answer.body.error.code]).toEqual([400, 'BAD_REQUEST'])
      expect(answer.headers.getSetCookie()).toEqual([])
    }

    it("S22 refuses another browser's state, and none, without using it up", async () => {
      const [mine, theirs] = [await initiate(), await initiate()]
      const back = pathOf(await visit(mine.body.authorization_url, account()))
      await refused(back, cookieOf(theirs))
      await refused(back, '')
      await refused(back.replace(/state=[^&]+/, `state=${theirs.body.state}`), cookieOf(mine))
      await refused(back.replace(/state=[^&]+&?/, ''), cookieOf(mine))
      expect((await call(server, 'GET', back, { headers: { cookie: cookieOf(mine) } })).status).toBe(200)
    })

    it('S22 takes a state once, in any number of parallel answers', async () => {
      const begun = await initiate()
      const back = pathOf(await visit(begun.body.authorization_url, account()))
      const headers = { cookie: cookieOf(begun) }
      const answers = await Promise.all(Array.from({ length: 20 }, () => call(server, 'GET', back, { headers })))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(19)
    })

    it('S22 keeps the answers of two providers apart', async () => {
      const begun = await initiate('login', { path: 'oidc/acme' })
      const back = pathOf(await visit(begun.body.authorization_url, account()))
      await refused(back.replace('/oidc/acme/', '/google/'), cookieOf(begun))
      const other = await initiate()
      const code = /code=[^&]+/.exec(pathOf(await visit(other.body.authorization_url, account())))?.[0] ?? ''
      // A code of one with the state of the other: the issuer named in the answer gives it away, and the code is not theirs.
      await call(server, 'GET', back.replace(/code=[^&]+/, code), { headers: { cookie: cookieOf(begun) } }).then((answer) =>
        expect(answer.status).toBe(400),
      )
    })

    it('S22 an answer that names another issuer is refused', async () => {
      const begun = await initiate()
      const back = pathOf(await visit(begun.body.authorization_url, account()))
      const mixed = back.replace(/iss=[^&]+/, `iss=${encodeURIComponent(acme.url)}`)
      expect(mixed).not.toBe(back)
      expect((await call(server, 'GET', mixed, { headers: { cookie: cookieOf(begun) } })).status).toBe(401)
    })

    it('S22 a code that was asked for without our PKCE or nonce is worth nothing', async () => {
      const begun = await initiate()
      const asked = new URL(begun.body.authorization_url)
      asked.searchParams.set('code_challenge', 'A'.repeat(43))
      await refused(pathOf(await visit(asked.href, account())), cookieOf(begun))
      const other = await initiate()
      const replayed = new URL(other.body.authorization_url)
      replayed.searchParams.set('nonce', 'another-nonce')
      const answer = await call(server, 'GET', pathOf(await visit(replayed.href, account())), {
        headers: { cookie: cookieOf(other) },
      })
      expect([answer.status, answer.body.error.code]).toEqual([401, 'INVALID_CREDENTIALS'])
    })

    it('S22 refuses a state after ten minutes, and sweeps it', async () => {
      const begun = await initiate()
      const back = pathOf(await visit(begun.body.authorization_url, account()))
      const past = new Date(Date.now() - 1)
      await server.db.updateTable('oidc_states').set({ expires_at: past }).execute()
      await refused(back, cookieOf(begun))
      const { identityTasks } = await import('./tasks.ts')
      await identityTasks(server.deps).tasks['sweep-oidc-states']?.({})
      expect(await server.db.selectFrom('oidc_states').select('provider').where('expires_at', '<', new Date()).execute()).toEqual(
        [],
      )
    })

    it('S20 goes on to where the person was going, if that is a page of ours', async () => {
      const arrive = async (next: string, who: Account | null) => {
        const begun = await call(server, 'POST', `${base}/google/initiate?next=${encodeURIComponent(next)}`)
        const back = await visit(begun.body.authorization_url, who)
        const cookie = begun.headers
          .getSetCookie()
          .map((line) => line.split(';')[0])
          .join('; ')
        const headers = { cookie, accept: 'text/html' }
        return (await call(server, 'GET', pathOf(back), { headers })).headers.get('location')
      }
      const who = account()
      const invitation = '/auth/accept-invitation?token=abc'
      expect(await arrive(invitation, who)).toBe(invitation)
      expect(await arrive(invitation, null)).toBe(`/auth/login?error=BAD_REQUEST&next=${encodeURIComponent(invitation)}`)
      for (const next of [
        '//evil.example',
        '/\\evil.example',
        '/..//evil.example',
        'https://good.evil.example',
        'javascript:alert(1)',
        '/a\r\nb: c',
        '',
      ])
        expect([next, await arrive(next, who)]).toEqual([next, '/dashboard'])
    })

    it('sends browsers that gave up, or are refused, to a page that says so', async () => {
      const { answer } = await travel(null, { page: true })
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/auth/login?error=BAD_REQUEST'])
      expect((await travel(null)).answer.body.error.code).toBe('BAD_REQUEST')
      const unproved = await travel(account({ email_verified: false }), { page: true })
      expect(unproved.answer.headers.get('location')).toBe('/auth/login?error=EMAIL_NOT_VERIFIED')
    })
  })

  describe('an ID token from a page or an app', () => {
    it('signs in, with remember_me and the password of the account it is to open', async () => {
      const person = await signUp(server)
      const token = await google.idToken(account({ email: person.email }))
      const wrong = await byToken(token, { password: 'Not-My-Password-1' })
      expect([wrong.status, wrong.body.error.code]).toEqual([401, 'INVALID_CREDENTIALS'])
      expect(await server.db.selectFrom('identities').select('subject').where('user_id', '=', person.userId).execute()).toEqual(
        [],
      )
      const answer = await byToken(token, { password: person.password, remember_me: true })
      expect(answer.body).toMatchObject({ user_id: person.userId, message: 'Login successful' })
      expect(answer.headers.get('set-cookie')).toContain('Max-Age=2592000')
    })

    it('S22 is refused when it is not the provider’s, not for us, not of now, or not signed', async () => {
      const who = account()
      const now = Math.floor(Date.now() / 1000)
      const { privateKey } = await generateKeyPair('RS256')
      const forgeries = [
        { claims: { aud: 'somebody-else' } },
        { claims: { aud: ['somebody-else', google.clientId] } },
        { claims: { aud: [google.clientId, 'somebody-else'], azp: 'somebody-else' } },
        { claims: { iss: acme.url } },
        { claims: { iat: now - 700, exp: now + 600 } },
        { claims: { iat: now - 300, exp: now - 100 } },
        { claims: { iat: now + 600, exp: now + 900 } },
        { claims: { sub: '' } },
        { key: privateKey },
        { key: new TextEncoder().encode(google.clientSecret.padEnd(32)), header: { alg: 'HS256' } },
      ]
      const tokens = await Promise.all(forgeries.map((forgery) => google.idToken(who, forgery)))
      const genuine = await google.idToken(who)
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const [, payload] = genuine.split('.')
      tokens.push(`${part({ alg: 'none' })}.${payload}.`, await acme.idToken(who), 'nonsense', '')
      for (const [index, token] of tokens.entries()) expect([index, (await byToken(token)).status]).toEqual([index, 401])
      expect((await byToken(genuine)).status).toBe(200)
    })

    it('of parallel first sign-ins one makes the account, and all are in it', async () => {
      const token = await google.idToken(account())
      const answers = await Promise.all(Array.from({ length: 10 }, () => byToken(token)))
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
      expect(new Set(answers.map(({ body }) => body.user_id)).size).toBe(1)
      const person = await signUp(server)
      const other = await google.idToken(account({ email: person.email }))
      const linked = await Promise.all(Array.from({ length: 10 }, () => byToken(other)))
      expect(new Set(linked.map(({ body }) => body.user_id))).toEqual(new Set([person.userId]))
    })

    it('of another provider goes to its own address', async () => {
      const answer = await call(server, 'POST', `${base}/oidc/acme`, { body: { id_token: await acme.idToken(account()) } })
      expect(answer.status).toBe(200)
    })

    it('opens nothing for a person who was shut out', async () => {
      const who = account()
      const { user_id } = (await byToken(await google.idToken(who))).body
      await server.db.updateTable('users').set({ is_active: false }).where('id', '=', user_id).execute()
      expect((await byToken(await google.idToken(who))).body.error.code).toBe('INVALID_CREDENTIALS')
      expect((await byToken(await google.idToken(account({ email: who.email })))).body.error.code).toBe('INVALID_CREDENTIALS')
    })
  })

  describe('linking', () => {
    const link = (token: string, body: object) => call(server, 'POST', `${base}/link-provider`, { token, body })
    const mine = (token: string) => call(server, 'GET', '/api/v2/user/identities', { token })
    const unlink = (token: string, provider: string) => call(server, 'DELETE', `/api/v2/user/identities/${provider}`, { token })

    it('adds an identity to the account of who is signed in, whatever its address, and takes it away again', async () => {
      const person = await signUp(server)
      const who = account()
      const id_token = await google.idToken(who)
      expect((await link(person.token, { provider: 'google' })).status).toBe(422)
      expect((await link(person.token, { id_token, password: 'Not-My-Password-1' })).body.error.code).toBe('INVALID_CREDENTIALS')
      expect((await unlink(person.token, '%00')).status).toBe(422)
      const linked = await link(person.token, { provider: 'google', id_token, password: person.password })
      expect(linked.body).toEqual({ message: 'Linked', provider: 'google', email: who.email })
      expect((await link(person.token, { id_token })).status).toBe(200)
      expect((await mine(person.token)).body).toEqual([
        { provider: 'google', email: who.email, created_at: expect.any(String), last_used_at: expect.any(String) },
      ])
      expect((await byToken(id_token)).body.user_id).toBe(person.userId)
      const other = await signUp(server)
      expect((await link(other.token, { id_token })).body.error.code).toBe('CONFLICT')
      expect((await link(person.token, { id_token: await google.idToken(account()) })).body.error.code).toBe('CONFLICT')
      expect((await unlink(other.token, 'google')).status).toBe(404)
      expect((await unlink(person.token, 'google')).status).toBe(204)
      expect((await mine(person.token)).body).toEqual([])
      expect((await byToken(id_token)).body.user_id).not.toBe(person.userId)
      expect(await events(person.userId)).toEqual(expect.arrayContaining(['user.provider_linked', 'user.provider_unlinked']))
    })

    it('by the browser: for the session that began it, as long as that lasts', async () => {
      const person = await signUp(server)
      expect((await initiate('link')).status).toBe(401)
      const { answer } = await travel(account(), { action: 'link', token: person.token })
      expect(answer.body).toMatchObject({ message: 'Linked', provider: 'google' })
      const begun = await initiate('link', { token: person.token, path: 'oidc/acme' })
      const back = pathOf(await visit(begun.body.authorization_url, account()))
      await call(server, 'POST', `${base}/logout`, { token: person.token })
      expect((await call(server, 'GET', back, { headers: { cookie: cookieOf(begun) } })).body.error.code).toBe('BAD_REQUEST')
    })

    it('asks for a fresh proof', async () => {
      const person = await signUp(server)
      const stale = new Date(Date.now() - 16 * 60_000)
      await server.db.updateTable('sessions').set({ authenticated_at: stale }).where('user_id', '=', person.userId).execute()
      server.deps.changes.apply({ kind: 'user', id: person.userId })
      const answers = [
        await initiate('link', { token: person.token }),
        await link(person.token, { id_token: await google.idToken(account()) }),
        await unlink(person.token, 'google'),
      ]
      for (const answer of answers) expect(answer.body.error.code).toBe('REAUTHENTICATION_REQUIRED')
    })

    it('the last way in stays', async () => {
      const { answer } = await travel(account())
      const token = answer.body.session_token
      const refused = await unlink(token, 'google')
      expect([refused.status, refused.body.error.code]).toEqual([409, 'CONFLICT'])
      const set = await call(server, 'POST', '/api/v2/user/set-initial-password', { token, body: '"Another-Phrase-42"' })
      expect(set.body).toEqual({ success: true, auth_provider: 'both' })
      expect((await unlink(token, 'google')).status).toBe(204)
    })
  })

  it('a provider that is down is 503, is logged without secrets, and is asked again', async () => {
    const down = await startIssuer()
    const env = { OIDC_DOWN_ISSUER: down.url, OIDC_DOWN_CLIENT_ID: 'id', OIDC_DOWN_CLIENT_SECRET: 'a-secret-nobody-may-read' }
    const other = await startTestServer({ env })
    try {
      const ask = () => call(other, 'POST', `${base}/oidc/down/initiate`)
      const refused = await ask()
      expect([refused.status, refused.body.error.code]).toEqual([503, 'UNAVAILABLE'])
      expect(refused.headers.get('retry-after')).toBe('5')
      const google = await call(other, 'POST', `${base}/google`, { body: { id_token: 'x' } })
      expect([google.status, google.body.error.code]).toEqual([501, 'PROVIDER_NOT_CONFIGURED'])
      down.serve([`${other.url}${base}/oidc/down/callback`])
      expect((await ask()).status).toBe(200)
      expect(other.logs()).toContain('a provider of sign-in failed')
      expect(other.logs()).not.toContain('nobody-may-read')
    } finally {
      await other.stop()
      await down.stop()
    }
  })
})

it('a provider that is configured by halves, or not safely, stops the start', () => {
  const whole = { OIDC_ACME_ISSUER: 'https://id.example.com', OIDC_ACME_CLIENT_ID: 'id', OIDC_ACME_CLIENT_SECRET: 'secret' }
  const production = {
    NODE_ENV: 'production',
    AION_SECRET: 'q7Zr!m2Lw9Xc4Vb8Nk1Tj6Hs3Gd5Fa0P',
    AION_PUBLIC_URL: 'https://api.example.com',
  }
  expect(readConfig({ ...whole, OIDC_GOOGLE_CLIENT_ID: 'g', OIDC_GOOGLE_CLIENT_SECRET: 's' }).oidcProviders).toEqual([
    expect.objectContaining({ name: 'acme', label: 'Acme', scopes: 'openid email profile' }),
    expect.objectContaining({ name: 'google', label: 'Google', issuer: 'https://accounts.google.com' }),
  ])
  expect(readConfig({ ...whole, OIDC_ACME_ISSUER: 'http://localhost:8080/realm' }).oidcProviders).toHaveLength(1)
  for (const [change, fault] of [
    [{ OIDC_ACME_ISSUER: '' }, /OIDC_ACME_ISSUER/],
    [{ OIDC_ACME_CLIENT_SECRET: '' }, /OIDC_ACME_CLIENT_SECRET/],
    [{ OIDC_ACME_ISSUER: 'http://id.example.com' }, /OIDC_ACME_ISSUER/],
    [{ OIDC_ACME_ISSUER: 'https://id.example.com?x=1' }, /OIDC_ACME_ISSUER/],
    [{ OIDC_ACME_SCOPES: 'email' }, /OIDC_ACME_SCOPES/],
    [{ OIDC_ACME_SECRET: 'x' }, /OIDC_ACME_SECRET is not a setting/],
    [{ ...production, OIDC_ACME_ISSUER: 'http://127.0.0.1:8080' }, /OIDC_ACME_ISSUER/],
  ] as const)
    expect(() => readConfig({ ...whole, ...change })).toThrow(fault)
})
