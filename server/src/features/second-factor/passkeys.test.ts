// Passkeys through HTTP, with a software authenticator whose keys and signatures are real.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authenticator, type Bent, type Ceremony, softwareAuthenticator } from '../../testing/authenticator.ts'
import { type Answer, call, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'

const base = '/api/v2/auth/session'
const mfa = `${base}/mfa`
const minute = 60_000

describe('passkeys', () => {
  const clock = fakeClock()
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ clock })
  })
  afterAll(() => server.stop())

  const post = (path: string, body: unknown, token?: string) => call(server, 'POST', path, { body, ...(token && { token }) })
  const login = ({ email, password }: Person) => post(`${base}/login`, { email, password })
  const tried = (answer: Answer) => [answer.status, answer.body?.error?.code ?? null]
  const refused = [401, 'INVALID_CREDENTIALS']
  const options = async (path: string, body: object = {}, token?: string): Promise<Ceremony> =>
    (await post(path, body, token)).body
  const add = async (person: Person, device: Authenticator, name = 'Laptop', bent: Bent = {}) =>
    post(
      `${mfa}/passkeys`,
      { ...device.create(await options(`${mfa}/passkeys/options`, {}, person.token), bent), name },
      person.token,
    )
  const signIn = async (device: Authenticator, bent: Bent = {}) =>
    post(`${mfa}/passkeys/sign-in`, device.get(await options(`${mfa}/passkeys/sign-in/options`), bent))
  const pending = async (person: Person): Promise<string> => (await login(person)).body.error.details.challenge_token
  const finish = async (challenge_token: string, device: Authenticator, bent: Bent = {}) => {
    const passkey = device.get(await options(`${mfa}/challenge/options`, { challenge_token }), bent)
    return post(`${mfa}/challenge`, { challenge_token, passkey })
  }
  const eventsOf = ({ tenantId }: Person) =>
    server.db
      .selectFrom('audit_events')
      .select(['event_type', 'severity'])
      .where('tenant_id', '=', tenantId)
      .orderBy('sequence')
      .execute()

  async function withPasskey(device: Authenticator): Promise<Person> {
    const person = await signUp(server)
    expect((await add(person, device)).status).toBe(201)
    return person
  }

  it('one is added, named, listed, renamed and removed; the first brings recovery codes', async () => {
    const person = await signUp(server)
    const device = softwareAuthenticator(server.url)
    const ceremony = await options(`${mfa}/passkeys/options`, {}, person.token)
    expect(ceremony.options).toMatchObject({
      rp: { name: 'Aionvision', id: '127.0.0.1' },
      user: { name: person.email },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    })
    const added = await post(`${mfa}/passkeys`, { ...device.create(ceremony), name: ' My\nphone ' }, person.token)
    expect(added.status).toBe(201)
    expect(added.body).toMatchObject({ id: device.id, name: 'My phone', last_used_at: null })
    expect(added.body.recovery_codes).toHaveLength(10)
    clock.advance(1)
    const second = await add(person, softwareAuthenticator(server.url))
    expect(second.body.recovery_codes).toBe(null)
    expect((await options(`${mfa}/passkeys/options`, {}, person.token)).options.excludeCredentials).toHaveLength(2)
    expect(tried(await add(person, device))).toEqual([409, 'CONFLICT'])
    const renamed = await call(server, 'PATCH', `${mfa}/passkeys/${device.id}`, { token: person.token, body: { name: 'Key' } })
    expect(renamed.body).toMatchObject({ id: device.id, name: 'Key' })
    const list = await call(server, 'GET', `${mfa}/passkeys`, { token: person.token })
    expect(list.body.map(({ name }: { name: string }) => name)).toEqual(['Key', 'Laptop'])
    expect((await call(server, 'DELETE', `${mfa}/passkeys/${device.id}`, { token: person.token })).status).toBe(200)
    expect((await login(person)).status).toBe(403)
    expect((await call(server, 'DELETE', `${mfa}/passkeys/${second.body.id}`, { token: person.token })).status).toBe(200)
    expect((await login(person)).status).toBe(200)
    const events = (await eventsOf(person)).map(({ event_type }) => event_type)
    expect(events.filter((type) => type.startsWith('user.passkey'))).toEqual([
      'user.passkey_added',
      'user.passkey_added',
      'user.passkey_renamed',
      'user.passkey_removed',
      'user.passkey_removed',
    ])
    const subjects = (await server.mail.to(person.email, 5)).map(({ subject }) => subject)
    expect(subjects.filter((subject) => subject.startsWith('A passkey was'))).toHaveLength(4)
  })

  it('S06 somebody else’s passkey is like one that does not exist', async () => {
    const device = softwareAuthenticator(server.url)
    await withPasskey(device)
    const other = await signUp(server)
    for (const id of [device.id, 'unknown'])
      for (const [method, body] of [['PATCH', { name: 'Mine' }], ['DELETE']] as const)
        expect(tried(await call(server, method, `${mfa}/passkeys/${id}`, { token: other.token, body }))).toEqual([
          404,
          'NOT_FOUND',
        ])
    for (const [method, body] of [['PATCH', { name: 'Mine' }], ['DELETE']] as const)
      expect((await call(server, method, `${mfa}/passkeys/%00`, { token: other.token, body })).status).toBe(422)
  })

  it('an answer to another ceremony, from another site, for another domain or too late registers nothing', async () => {
    const person = await signUp(server)
    const other = await signUp(server)
    const device = softwareAuthenticator(server.url)
    const bad = [400, 'BAD_REQUEST']
    expect(tried(await add(person, device, 'x', { origin: 'https://evil.example' }))).toEqual(bad)
    expect(tried(await add(person, device, 'x', { rpId: 'evil.example' }))).toEqual(bad)
    const ceremony = await options(`${mfa}/passkeys/options`, {}, person.token)
    const answer = { ...device.create(ceremony), name: 'x' }
    expect(tried(await post(`${mfa}/passkeys`, answer, other.token))).toEqual(bad)
    expect((await post(`${mfa}/passkeys`, answer, person.token)).status).toBe(201)
    expect(tried(await post(`${mfa}/passkeys`, answer, person.token))).toEqual(bad)
    const late = {
      ...softwareAuthenticator(server.url).create(await options(`${mfa}/passkeys/options`, {}, person.token)),
      name: 'x',
    }
    clock.advance(5 * minute)
    expect(tried(await post(`${mfa}/passkeys`, late, person.token))).toEqual(bad)
    const { challenge_id, response } = device.create(await options(`${mfa}/passkeys/options`, {}, person.token))
    for (const attestationObject of ['AAAA', 'v9_', 'o2NmbXRkbm9uZQ', '_'.repeat(60_000)]) {
      const damaged = { ...response, response: { ...response.response, attestationObject } }
      const ceremony = await options(`${mfa}/passkeys/options`, {}, person.token)
      for (const id of [challenge_id, ceremony.challenge_id])
        expect(tried(await post(`${mfa}/passkeys`, { challenge_id: id, response: damaged, name: 'x' }, person.token))).toEqual(
          bad,
        )
    }
    for (const id of ['', 'x', null])
      expect((await post(`${mfa}/passkeys`, { challenge_id: id, name: 'x' }, person.token)).status).toBe(422)
  })

  it('signs in by itself, whoever holds it, and only if it verified its user', async () => {
    const device = softwareAuthenticator(server.url)
    const person = await withPasskey(device)
    const ceremony = await options(`${mfa}/passkeys/sign-in/options`)
    expect(ceremony.options).toMatchObject({ rpId: '127.0.0.1', userVerification: 'required', allowCredentials: [] })
    const done = await post(`${mfa}/passkeys/sign-in`, { ...device.get(ceremony), remember_me: true })
    expect(done.body).toMatchObject({ user_id: person.userId, message: 'Login successful' })
    expect(done.headers.get('set-cookie')).toMatch(/^aionvision_session=ses_.*Max-Age=2592000/)
    const session = await server.db
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', done.body.session_id)
      .executeTakeFirstOrThrow()
    expect([session.remember_me, session.factor_at?.getTime()]).toEqual([true, clock.now()])
    expect(tried(await signIn(device, { userVerified: false }))).toEqual(refused)
    expect(tried(await signIn(device, { origin: 'https://evil.example' }))).toEqual(refused)
    expect(tried(await signIn(device, { rpId: 'evil.example' }))).toEqual(refused)
    expect(tried(await signIn(device, { userHandle: Buffer.alloc(16).toString('base64url') }))).toEqual(refused)
    expect(tried(await signIn(softwareAuthenticator(server.url)))).toEqual(refused)
    expect((await signIn(device)).status).toBe(200)
    await server.db.updateTable('users').set({ is_active: false }).where('id', '=', person.userId).execute()
    expect(tried(await signIn(device))).toEqual(refused)
  })

  it('S27 an answer counts once, also 32 times at once', async () => {
    const device = softwareAuthenticator(server.url)
    await withPasskey(device)
    const answer = device.get(await options(`${mfa}/passkeys/sign-in/options`))
    const answers = await Promise.all(Array.from({ length: 32 }, () => post(`${mfa}/passkeys/sign-in`, answer)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(31).fill(401)])
    const late = device.get(await options(`${mfa}/passkeys/sign-in/options`))
    clock.advance(5 * minute)
    expect(tried(await post(`${mfa}/passkeys/sign-in`, late))).toEqual(refused)
  })

  it('is a second factor after the password, without verifying its user', async () => {
    const device = softwareAuthenticator(server.url)
    const person = await withPasskey(device)
    const first = await login(person)
    expect(first.body.error.details.methods).toEqual(['passkey', 'recovery_code'])
    const { challenge_token } = first.body.error.details
    const ceremony = await options(`${mfa}/challenge/options`, { challenge_token })
    expect(ceremony.options.allowCredentials).toEqual([{ id: device.id, type: 'public-key', transports: ['internal'] }])
    const stranger = softwareAuthenticator(server.url)
    await withPasskey(stranger)
    expect(tried(await finish(challenge_token, stranger))).toEqual(refused)
    const done = await finish(challenge_token, device, { userVerified: false })
    expect(done.body.user_id).toBe(person.userId)
    expect(tried(await post(`${mfa}/challenge/options`, { challenge_token }))).toEqual([410, 'TOKEN_EXPIRED'])
    const { body } = await call(server, 'GET', `${mfa}/passkeys`, { token: done.body.session_token })
    expect(Date.parse(body[0].last_used_at)).toBe(clock.now())
  })

  it('an answer made for one purpose serves no other', async () => {
    const device = softwareAuthenticator(server.url)
    const person = await withPasskey(device)
    const again = device.get(await options(`${base}/reauthenticate/options`, {}, person.token))
    expect(tried(await post(`${mfa}/passkeys/sign-in`, again))).toEqual(refused)
    expect(tried(await post(`${mfa}/challenge`, { challenge_token: await pending(person), passkey: again }))).toEqual(refused)
    expect((await post(`${base}/reauthenticate`, { passkey: again }, person.token)).body.factor).toBe(true)
    const bare = await signUp(server)
    expect(tried(await post(`${base}/reauthenticate/options`, {}, bare.token))).toEqual([409, 'CONFLICT'])
  })

  it('a count that does not grow is a copy: refused, and written to the trail', async () => {
    const device = softwareAuthenticator(server.url)
    const person = await withPasskey(device)
    expect((await signIn(device, { counter: 7 })).status).toBe(200)
    for (const counter of [7, 6, 0]) expect(tried(await signIn(device, { counter }))).toEqual(refused)
    expect(tried(await finish(await pending(person), device, { counter: 3 }))).toEqual(refused)
    const noted = (await eventsOf(person)).filter(({ event_type }) => event_type === 'security.passkey_counter_regressed')
    expect(noted.map(({ severity }) => severity)).toEqual(Array(4).fill('critical'))
    expect((await signIn(device, { counter: 8 })).status).toBe(200)
    const synced = softwareAuthenticator(server.url, { counts: false })
    await withPasskey(synced)
    for (let use = 0; use < 2; use++) expect((await signIn(synced)).status).toBe(200)
  })

  it('the only way into an account stays', async () => {
    const device = softwareAuthenticator(server.url)
    const person = await withPasskey(device)
    await server.db.updateTable('users').set({ password_hash: null }).where('id', '=', person.userId).execute()
    const remove = () => call(server, 'DELETE', `${mfa}/passkeys/${device.id}`, { token: person.token })
    expect(tried(await remove())).toEqual([409, 'CONFLICT'])
    expect((await signIn(device)).status).toBe(200)
  })

  it('ceremonies and sign-ins that were given up are swept', async () => {
    const device = softwareAuthenticator(server.url)
    const person = await withPasskey(device)
    await pending(person)
    await options(`${mfa}/passkeys/sign-in/options`)
    await post(`${mfa}/totp`, {}, person.token)
    clock.advance(15 * minute + 1)
    await post(`${mfa}/passkeys/sign-in/options`, {})
    await server.deps.jobs.add(server.db, 'purge-pending-logins', {})
    const left = async () =>
      Promise.all(
        (['pending_logins', 'passkey_challenges', 'totp_secrets'] as const).map(
          async (table) => (await server.db.selectFrom(table).selectAll().execute()).length,
        ),
      )
    await expect.poll(left, { timeout: 30_000 }).toEqual([0, 1, 0])
  })
})
