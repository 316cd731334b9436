// A second factor through HTTP: what stands between a password and a session, each proof once, and what asks for a fresh one.
import { TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Answer,
  call,
  createKey,
  fakeClock,
  type Person,
  signUp,
  startTestServer,
  type TestServer,
  tokenIn,
} from '../../testing/harness.ts'

const base = '/api/v2/auth/session'
const mfa = `${base}/mfa`
const minute = 60_000

describe('a second factor', () => {
  const clock = fakeClock()
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ clock })
  })
  afterAll(() => server.stop())

  const post = (path: string, body: unknown, token?: string) => call(server, 'POST', path, { body, ...(token && { token }) })
  const get = (path: string, token: string) => call(server, 'GET', path, { token })
  const login = ({ email, password }: Pick<Person, 'email' | 'password'>) => post(`${base}/login`, { email, password })
  const challenge = (challenge_token: string, proof: object) => post(`${mfa}/challenge`, { challenge_token, ...proof })
  const tried = (answer: Answer) => [answer.status, answer.body?.error?.code ?? null]
  const pending = async (person: Person): Promise<string> => (await login(person)).body.error.details.challenge_token
  const age = (userId: string, ms: number) =>
    server.db
      .updateTable('sessions')
      .set({ authenticated_at: new Date(clock.now() - ms) })
      .where('user_id', '=', userId)
      .execute()
      .then(() => server.deps.changes.apply({ kind: 'user', id: userId }))
  const eventsOf = async (person: Person) =>
    (
      await server.db
        .selectFrom('audit_events')
        .select(['event_type', 'result', 'metadata'])
        .where('tenant_id', '=', person.tenantId)
        .orderBy('sequence')
        .execute()
    ).map(({ event_type }) => event_type)

  interface Enrolled extends Person {
    codes: string[]
    code(): string
  }

  /** With an authenticator app; the clock moves on, so that the next code is a new one. */
  async function enrolled(): Promise<Enrolled> {
    const person = await signUp(server)
    const offer = await post(`${mfa}/totp`, undefined, person.token)
    const totp = new TOTP({ secret: offer.body.secret })
    const code = () => totp.generate({ timestamp: clock.now() })
    const confirmed = await post(`${mfa}/totp/confirm`, { code: code() }, person.token)
    expect(confirmed.status).toBe(200)
    clock.advance(minute)
    return { ...person, codes: confirmed.body.recovery_codes, code }
  }

  it('an app is shown as URI, text and picture, and counts from its first code on', async () => {
    const person = await signUp(server)
    expect((await get(mfa, person.token)).body).toEqual({ enrolled: false, totp: false, passkeys: [], recovery_codes_left: 0 })
    const offer = await post(`${mfa}/totp`, undefined, person.token)
    expect(offer.body.secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(offer.body.otpauth_uri).toContain(`otpauth://totp/Aionvision:${encodeURIComponent(person.email)}`)
    expect(offer.body.otpauth_uri).toContain('algorithm=SHA1&digits=6&period=30')
    expect(offer.body.qr_svg).toMatch(/^<svg [^>]*>.*<\/svg>$/s)
    expect((await get(mfa, person.token)).body.enrolled).toBe(false)
    expect((await login(person)).status).toBe(200)
    const right = new TOTP({ secret: offer.body.secret }).generate({ timestamp: clock.now() })
    const wrong = right === '000000' ? '000001' : '000000'
    expect(tried(await post(`${mfa}/totp/confirm`, { code: wrong }, person.token))).toEqual([401, 'INVALID_CREDENTIALS'])
    const confirmed = await post(`${mfa}/totp/confirm`, { code: right }, person.token)
    expect(new Set(confirmed.body.recovery_codes).size).toBe(10)
    for (const code of confirmed.body.recovery_codes) expect(code).toMatch(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/)
    expect((await get(mfa, person.token)).body).toEqual({ enrolled: true, totp: true, passkeys: [], recovery_codes_left: 10 })
    expect(tried(await post(`${mfa}/totp/confirm`, { code: right }, person.token))).toEqual([410, 'TOKEN_EXPIRED'])
    expect(await eventsOf(person)).toContain('user.totp_added')
    expect((await server.mail.to(person.email, 2))[0]?.subject).toBe('An authenticator app was added')
  })

  it('a secret that waits for its first code longer than a quarter of an hour is void', async () => {
    const person = await signUp(server)
    const offer = await post(`${mfa}/totp`, undefined, person.token)
    clock.advance(15 * minute + 1)
    const code = new TOTP({ secret: offer.body.secret }).generate({ timestamp: clock.now() })
    expect(tried(await post(`${mfa}/totp/confirm`, { code }, person.token))).toEqual([410, 'TOKEN_EXPIRED'])
  })

  it('S10 neither secret nor codes lie readable in the database, in jobs or in logs', async () => {
    const person = await signUp(server)
    const { secret } = (await post(`${mfa}/totp`, undefined, person.token)).body
    const { codes } = await enrolled()
    const { rows } = await server.deps.pool.query(
      `SELECT (SELECT json_agg(t)::text FROM totp_secrets t) || (SELECT json_agg(r)::text FROM recovery_codes r)
              || coalesce((SELECT json_agg(j)::text FROM graphile_worker._private_jobs j), '') AS dump`,
    )
    const kept = `${rows[0].dump}${server.logs()}`
    const raw = Buffer.from(new TOTP({ secret }).secret.bytes).toString('hex')
    for (const told of [secret, raw, ...codes]) expect(kept.toLowerCase()).not.toContain(told.toLowerCase())
  })

  it('after the password comes the factor, and then a session that has proved it', async () => {
    const person = await enrolled()
    const first = await login(person)
    expect(tried(first)).toEqual([403, 'MFA_REQUIRED'])
    const { challenge_token, expires_at, methods } = first.body.error.details
    expect(challenge_token).toMatch(/^mfa_[A-Za-z0-9_-]{43}$/)
    expect(Date.parse(expires_at)).toBe(clock.now() + 5 * minute)
    expect(methods).toEqual(['totp', 'recovery_code'])
    expect(first.headers.get('set-cookie')).toBe(null)
    const done = await challenge(challenge_token, { code: person.code() })
    expect(done.body).toMatchObject({ user_id: person.userId, email: person.email, message: 'Login successful' })
    expect(done.headers.get('set-cookie')).toContain(`aionvision_session=${done.body.session_token}`)
    expect((await get(`${base}/me`, done.body.session_token)).status).toBe(200)
    const row = await server.db
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', done.body.session_id)
      .executeTakeFirstOrThrow()
    expect(row.factor_at?.getTime()).toBe(clock.now())
    expect(tried(await challenge(challenge_token, { code: person.code() }))).toEqual([410, 'TOKEN_EXPIRED'])
  })

  it('a code works once, also in another sign-in, and not after its minute', async () => {
    const person = await enrolled()
    const code = person.code()
    expect((await challenge(await pending(person), { code })).status).toBe(200)
    expect(tried(await challenge(await pending(person), { code }))).toEqual([401, 'INVALID_CREDENTIALS'])
    clock.advance(30_000)
    expect((await challenge(await pending(person), { code: person.code() })).status).toBe(200)
    const old = person.code()
    clock.advance(2 * minute)
    expect(tried(await challenge(await pending(person), { code: old }))).toEqual([401, 'INVALID_CREDENTIALS'])
  })

  it('S27 of 32 redemptions of one code at once, one wins', async () => {
    const person = await enrolled()
    const tokens = await Promise.all(Array.from({ length: 32 }, () => pending(person)))
    const code = person.code()
    const answers = await Promise.all(tokens.map((token) => challenge(token, { code })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status } of answers) expect([200, 401, 429]).toContain(status)
  })

  it('S27 of 32 redemptions of one recovery code at once, one wins; of 32 uses of one challenge as well', async () => {
    const person = await enrolled()
    const tokens = await Promise.all(Array.from({ length: 32 }, () => pending(person)))
    const answers = await Promise.all(tokens.map((token) => challenge(token, { recovery_code: person.codes[0] })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status } of answers) expect([200, 401, 429]).toContain(status)
    expect((await get(`${mfa}/recovery-codes`, person.token)).body).toEqual({ left: 9 })
    clock.advance(15 * minute)
    const token = await pending(person)
    const again = await Promise.all(person.codes.map((recovery_code) => challenge(token, { recovery_code })))
    expect(again.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await get(`${mfa}/recovery-codes`, person.token)).body).toEqual({ left: 8 })
    expect(await eventsOf(person)).toContain('security.recovery_code_used')
    const mail = (await server.mail.to(person.email, 3)).find(({ subject }) => subject === 'A recovery code was used')
    expect(mail?.text).toMatch(/Recovery codes left: [89]\./)
  })

  it('S27 the 32 again, from two servers over one database', async () => {
    const person = await enrolled()
    const second = await startTestServer({ clock, beside: server })
    try {
      const tokens = await Promise.all(Array.from({ length: 16 }, () => pending(person)))
      const use = (at: TestServer, challenge_token: string) =>
        call(at, 'POST', `${mfa}/challenge`, { body: { challenge_token, recovery_code: person.codes[1] } })
      const answers = await Promise.all(tokens.map((token, index) => use(index % 2 ? second : server, token)))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    } finally {
      await second.stop()
    }
  })

  it('recovery codes are taken as people type them, and new ones end the old', async () => {
    const person = await enrolled()
    const typed = ` ${person.codes[0]?.toUpperCase().replaceAll('-', ' ')}`
    expect((await challenge(await pending(person), { recovery_code: typed })).status).toBe(200)
    await post(`${base}/reauthenticate`, { code: person.code() }, person.token)
    const renewed = await post(`${mfa}/recovery-codes`, undefined, person.token)
    expect(renewed.body.recovery_codes).toHaveLength(10)
    expect(tried(await challenge(await pending(person), { recovery_code: person.codes[1] }))).toEqual([
      401,
      'INVALID_CREDENTIALS',
    ])
    expect((await challenge(await pending(person), { recovery_code: renewed.body.recovery_codes[0] })).status).toBe(200)
    const bare = await signUp(server)
    expect(tried(await post(`${mfa}/recovery-codes`, undefined, bare.token))).toEqual([409, 'CONFLICT'])
  })

  it('a challenge takes five tries, lives five minutes, and is not kept by a changed password', async () => {
    const person = await enrolled()
    const token = await pending(person)
    for (let attempt = 0; attempt < 5; attempt++)
      expect(tried(await challenge(token, { recovery_code: 'aaaa-aaaa-aaaa-aaaa' }))).toEqual([401, 'INVALID_CREDENTIALS'])
    expect(tried(await challenge(token, { code: person.code() }))).toEqual([410, 'TOKEN_EXPIRED'])
    const late = await pending(person)
    clock.advance(5 * minute)
    expect(tried(await challenge(late, { code: person.code() }))).toEqual([410, 'TOKEN_EXPIRED'])
    const begun = await pending(person)
    // Another server had verified the old password just before this change, and wrote its row just after it.
    const password_hash = await server.deps.passwords.hash('Another-Passphrase-42')
    await server.db.updateTable('users').set({ password_hash }).where('id', '=', person.userId).execute()
    expect(tried(await challenge(begun, { code: person.code() }))).toEqual([410, 'TOKEN_EXPIRED'])
    for (const unknown of ['', 'mfa_', `mfa_${'a'.repeat(43)}`, person.token])
      expect(tried(await challenge(unknown, { code: '123456' }))).toEqual([410, 'TOKEN_EXPIRED'])
  })

  it('S19 ten wrong codes in a quarter of an hour, over any number of challenges, then 429; right ones end the count', async () => {
    const person = await enrolled()
    const wrong = { recovery_code: 'bbbb-bbbb-bbbb-bbbb' }
    for (let attempt = 0; attempt < 9; attempt++) expect((await challenge(await pending(person), wrong)).status).toBe(401)
    expect((await challenge(await pending(person), { code: person.code() })).status).toBe(200)
    for (let attempt = 0; attempt < 10; attempt++) expect((await challenge(await pending(person), wrong)).status).toBe(401)
    clock.advance(30_000)
    const refused = await challenge(await pending(person), { code: person.code() })
    expect(tried(refused)).toEqual([429, 'RATE_LIMIT_ERROR'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(600)
    expect(tried(await post(`${base}/reauthenticate`, { code: person.code() }, person.token))).toEqual([429, 'RATE_LIMIT_ERROR'])
    clock.advance(15 * minute)
    expect((await challenge(await pending(person), { code: person.code() })).status).toBe(200)
    expect((await eventsOf(person)).filter((type) => type === 'auth.login_failed')).toHaveLength(19)
  })

  it('S08 a pending sign-in holds nothing: its token is refused on every route, as bearer and as cookie', async () => {
    const person = await enrolled()
    const token = await pending(person)
    const { paths } = (await call(server, 'GET', '/openapi.json')).body as {
      paths: Record<string, Record<string, { security: object[] }>>
    }
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({
        method: method.toUpperCase(),
        path: path.replace(/\{[^}]+\}/g, person.userId),
        guarded: security.length > 0,
      })),
    )
    const cookie = `aionvision_session=${token}`
    for (const { method, path } of routes.filter(({ guarded }) => guarded)) {
      const bearer = await call(server, method, path, { token })
      expect([method, path, ...tried(bearer)]).toEqual([method, path, 401, 'INVALID_API_KEY'])
      expect([method, path, (await call(server, method, path, { cookie })).status]).toEqual([method, path, 401])
    }
    // Nor does it pass for the token of a mail, an invitation or another sign-in.
    const open = routes.filter(({ method, path, guarded }) => !guarded && method === 'POST' && !path.startsWith(mfa))
    for (const { path } of open) {
      const answer = await post(path, {
        token,
        session_token: token,
        code: token,
        state: token,
        new_password: 'Fresh-Passphrase-77',
      })
      expect([path, answer.status >= 400 || !answer.text.includes('ses_')]).toEqual([path, true])
      expect([path, answer.headers.get('set-cookie')]).toEqual([path, null])
    }
    expect(routes.length).toBeGreaterThan(80)
    expect(open.length).toBeGreaterThan(8)
    expect((await challenge(token, { code: person.code() })).status).toBe(200)
  })

  it('a reset password still owes the factor', async () => {
    const person = await enrolled()
    const resetToken = async (count: number) => {
      await post(`${base}/password-reset/request`, { email: person.email })
      return tokenIn((await server.mail.to(person.email, count))[0])
    }
    const before = await pending(person)
    const reset = await post(`${base}/password-reset/complete`, {
      token: await resetToken(3),
      new_password: 'Fresh-Passphrase-77',
    })
    expect(tried(reset)).toEqual([403, 'MFA_REQUIRED'])
    expect(tried(await challenge(before, { code: person.code() }))).toEqual([410, 'TOKEN_EXPIRED'])
    expect(await server.db.selectFrom('sessions').select('id').where('user_id', '=', person.userId).execute()).toEqual([])
    expect((await challenge(reset.body.error.details.challenge_token, { code: person.code() })).status).toBe(200)
    expect(tried(await login({ ...person, password: 'Fresh-Passphrase-77' }))).toEqual([403, 'MFA_REQUIRED'])
  })

  it('the challenge may come in the cookie of a browser, whose other sites cannot use it', async () => {
    const person = await enrolled()
    const cookie = `aionvision_challenge=${await pending(person)}`
    const send = (headers: Record<string, string>, body: object) =>
      call(server, 'POST', `${mfa}/challenge`, { headers: { cookie, ...headers }, body })
    expect(tried(await send({ 'sec-fetch-site': 'cross-site' }, { code: person.code() }))).toEqual([403, 'CROSS_SITE_REQUEST'])
    expect(tried(await send({ origin: 'https://elsewhere.example' }, { code: person.code() }))).toEqual([
      403,
      'CROSS_SITE_REQUEST',
    ])
    expect(tried(await send({}, { code: '000000' }))).toEqual([401, 'INVALID_CREDENTIALS'])
    // What is sent goes before what is kept.
    expect(tried(await send({}, { challenge_token: 'mfa_', code: person.code() }))).toEqual([410, 'TOKEN_EXPIRED'])
    const done = await send({ 'sec-fetch-site': 'same-origin' }, { code: person.code() })
    expect(done.body.message).toBe('Login successful')
    const [session = '', cleared = ''] = done.headers.getSetCookie()
    expect(session).toMatch(/^aionvision_session=ses_/)
    expect(cleared).toMatch(/^aionvision_challenge=; Max-Age=0; Path=\/api\/v2\/auth\/session\/mfa; HttpOnly/)
    expect(tried(await post(`${mfa}/challenge`, { code: person.code() }))).toEqual([422, 'VALIDATION_ERROR'])
    expect(tried(await post(`${mfa}/challenge/options`, {}))).toEqual([422, 'VALIDATION_ERROR'])
  })

  it('sensitive routes ask for a fresh proof, which a password, a code or a recovery code gives', async () => {
    const person = await enrolled()
    const sensitive = () => post(`${mfa}/recovery-codes`, undefined, person.token)
    await age(person.userId, 15 * minute + 1)
    const refused = await sensitive()
    expect(tried(refused)).toEqual([403, 'REAUTHENTICATION_REQUIRED'])
    expect(refused.body.error.details).toEqual({ reauthenticate: `${base}/reauthenticate`, max_age_seconds: 900 })
    expect(tried(await post('/api/v2/api-keys', { name: 'x' }, person.token))).toEqual([403, 'REAUTHENTICATION_REQUIRED'])
    for (const proof of [{ password: person.password }, { code: person.code() }, { recovery_code: person.codes[0] }]) {
      await age(person.userId, 15 * minute + 1)
      const proved = await post(`${base}/reauthenticate`, proof, person.token)
      expect(proved.body).toEqual({
        authenticated_at: new Date(clock.now()).toISOString(),
        expires_at: new Date(clock.now() + 15 * minute).toISOString(),
        factor: true,
      })
      await createKey(server, person)
    }
    expect(await eventsOf(person)).toContain('auth.reauthenticated')
    for (const none of [{}, { password: 'x', code: '123456' }])
      expect((await post(`${base}/reauthenticate`, none, person.token)).status).toBe(422)
  })

  it('S19 wrong proofs are refused, counted, and limited', async () => {
    const person = await signUp(server)
    for (let attempt = 0; attempt < 10; attempt++)
      expect(tried(await post(`${base}/reauthenticate`, { password: 'wrong' }, person.token))).toEqual([
        401,
        'INVALID_CREDENTIALS',
      ])
    const refused = await post(`${base}/reauthenticate`, { password: person.password }, person.token)
    expect(tried(refused)).toEqual([429, 'RATE_LIMIT_ERROR'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(600)
  })

  it('where a workspace asks for a factor, a password alone opens nothing, and a factor opens at once', async () => {
    const person = await signUp(server)
    const other = (await login(person)).body.session_token
    await call(server, 'PATCH', '/api/v2/tenant/policy', { token: person.token, body: { factor_required: true } })
    const refused = await get('/api/v2/user-files', person.token)
    expect(tried(refused)).toEqual([403, 'MFA_REQUIRED'])
    expect(refused.body.error.details.enrolled).toBe(false)
    const byPassword = await post(`${base}/reauthenticate`, { password: person.password }, person.token)
    expect(byPassword.body.factor).toBe(false)
    expect(tried(await get('/api/v2/user-files', person.token))).toEqual([403, 'MFA_REQUIRED'])
    const { secret } = (await post(`${mfa}/totp`, undefined, person.token)).body
    const totp = new TOTP({ secret })
    await post(`${mfa}/totp/confirm`, { code: totp.generate({ timestamp: clock.now() }) }, person.token)
    expect((await get('/api/v2/user-files', person.token)).status).toBe(200)
    // The other session goes on, but has proved nothing.
    expect((await get(`${base}/me`, other)).status).toBe(200)
    expect(tried(await get('/api/v2/user-files', other))).toEqual([403, 'MFA_REQUIRED'])
    await post(`${base}/reauthenticate`, { password: person.password }, other)
    expect(tried(await get('/api/v2/user-files', other))).toEqual([403, 'MFA_REQUIRED'])
    clock.advance(30_000)
    const code = totp.generate({ timestamp: clock.now() })
    expect((await post(`${base}/reauthenticate`, { code }, other)).body.factor).toBe(true)
    expect((await get('/api/v2/user-files', other)).status).toBe(200)
    // The last factor stays while it is required.
    expect(tried(await call(server, 'DELETE', `${mfa}/totp`, { token: person.token }))).toEqual([403, 'MFA_REQUIRED'])
    expect((await get(mfa, person.token)).body).toMatchObject({ enrolled: true, totp: true, recovery_codes_left: 10 })
    await call(server, 'PATCH', '/api/v2/tenant/policy', { token: person.token, body: { factor_required: false } })
    expect((await call(server, 'DELETE', `${mfa}/totp`, { token: person.token })).status).toBe(200)
    expect((await get(mfa, person.token)).body).toEqual({ enrolled: false, totp: false, passkeys: [], recovery_codes_left: 0 })
    expect((await login(person)).status).toBe(200)
    // A factor that is gone has been proved by nobody.
    await call(server, 'PATCH', '/api/v2/tenant/policy', { token: person.token, body: { factor_required: true } })
    expect(tried(await get('/api/v2/user-files', person.token))).toEqual([403, 'MFA_REQUIRED'])
    expect(tried(await call(server, 'DELETE', `${mfa}/totp`, { token: person.token }))).toEqual([404, 'NOT_FOUND'])
  })

  it('S23 another server knows of a fresh proof, a new factor and a removed one', async () => {
    const person = await signUp(server)
    const beside = await startTestServer({ clock, beside: server })
    try {
      const there = async (method: string, path: string) => tried(await call(beside, method, path, { token: person.token }))
      const settles = (method: string, path: string, outcome: unknown[]) =>
        expect.poll(() => there(method, path), { timeout: 30_000 }).toEqual(outcome)
      const age = { authenticated_at: new Date(clock.now() - 15 * minute - 1) }
      await server.db.updateTable('sessions').set(age).where('user_id', '=', person.userId).execute()
      await settles('POST', `${mfa}/recovery-codes`, [403, 'REAUTHENTICATION_REQUIRED'])
      await post(`${base}/reauthenticate`, { password: person.password }, person.token)
      await settles('POST', `${mfa}/recovery-codes`, [409, 'CONFLICT'])
      await call(server, 'PATCH', '/api/v2/tenant/policy', { token: person.token, body: { factor_required: true } })
      await settles('GET', '/api/v2/user-files', [403, 'MFA_REQUIRED'])
      const { secret } = (await post(`${mfa}/totp`, undefined, person.token)).body
      await post(`${mfa}/totp/confirm`, { code: new TOTP({ secret }).generate({ timestamp: clock.now() }) }, person.token)
      await settles('GET', '/api/v2/user-files', [200, null])
      await call(server, 'PATCH', '/api/v2/tenant/policy', { token: person.token, body: { factor_required: false } })
      await call(server, 'DELETE', `${mfa}/totp`, { token: person.token })
      await call(server, 'PATCH', '/api/v2/tenant/policy', { token: person.token, body: { factor_required: true } })
      await settles('GET', '/api/v2/user-files', [403, 'MFA_REQUIRED'])
    } finally {
      await beside.stop()
    }
  })

  it('an old session and the password are not enough to take the factor away or to add another', async () => {
    const person = await signUp(server)
    const stolen = (await login(person)).body.session_token
    const { secret } = (await post(`${mfa}/totp`, undefined, person.token)).body
    await post(`${mfa}/totp/confirm`, { code: new TOTP({ secret }).generate({ timestamp: clock.now() }) }, person.token)
    await post(`${base}/reauthenticate`, { password: person.password }, stolen)
    for (const [method, path, body] of [
      ['DELETE', '/totp'],
      ['POST', '/totp'],
      ['POST', '/totp/confirm', { code: '123456' }],
      ['POST', '/recovery-codes'],
      ['POST', '/passkeys/options'],
    ] as const)
      expect([path, tried(await call(server, method, mfa + path, { token: stolen, body }))]).toEqual([
        path,
        [403, 'MFA_REQUIRED'],
      ])
  })

  it('a second app takes the place of the first only when its code is confirmed', async () => {
    const person = await enrolled()
    await post(`${base}/reauthenticate`, { code: person.code() }, person.token)
    const { secret } = (await post(`${mfa}/totp`, undefined, person.token)).body
    clock.advance(minute)
    expect((await challenge(await pending(person), { code: person.code() })).status).toBe(200)
    const next = new TOTP({ secret })
    const confirmed = await post(`${mfa}/totp/confirm`, { code: next.generate({ timestamp: clock.now() }) }, person.token)
    expect(confirmed.body).toEqual({ recovery_codes: null })
    clock.advance(minute)
    expect(tried(await challenge(await pending(person), { code: person.code() }))).toEqual([401, 'INVALID_CREDENTIALS'])
    const code = next.generate({ timestamp: clock.now() })
    expect((await challenge(await pending(person), { code })).status).toBe(200)
  })

  it('S31 a page of another site finishes nobody’s sign-in', async () => {
    const person = await enrolled()
    const challenge_token = await pending(person)
    const answer = await call(server, 'POST', `${mfa}/challenge`, {
      body: { challenge_token, code: person.code() },
      headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    })
    expect(tried(answer)).toEqual([403, 'CROSS_SITE_REQUEST'])
    expect((await challenge(challenge_token, { code: person.code() })).status).toBe(200)
  })
})
