// The life of a session over HTTP: begun, listed, rotated, slid, ended, and nothing left of it afterwards.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Trx } from '../../platform/database/database.ts'
import { call, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { contrary, expectLocksInOrder } from '../../testing/lock-order.ts'
import { endOtherSessions } from '../profile/queries.ts'
import { unmarkSessions } from '../second-factor/queries.ts'
import { deleteSessionsOf, touchSessions } from './queries.ts'

const base = '/api/v2/auth/session'
const dayMs = 86_400_000

describe('sessions', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.stop())

  const me = (token: string) => call(server, 'GET', `${base}/me`, { token })
  async function logIn(person: Person, body: Record<string, unknown> = {}) {
    const answer = await call(server, 'POST', `${base}/login`, {
      body: { email: person.email, password: person.password, ...body },
    })
    expect(answer.status).toBe(200)
    return answer
  }

  it('S29 gives a new id at each login, and a cookie that scripts and other sites do not get', async () => {
    const person = await signUp(server)
    const first = await logIn(person)
    const second = await logIn(person, { remember_me: true })
    expect(second.body.session_id).not.toBe(first.body.session_id)
    const cookie = first.headers.get('set-cookie') ?? ''
    for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Path=/', 'Max-Age=604800']) expect(cookie).toContain(attribute)
    expect(cookie).not.toContain('Secure')
    expect(second.headers.get('set-cookie')).toContain('Max-Age=2592000')
  })

  it('S29 sets Secure where links lead to https', async () => {
    const secure = await startTestServer({ env: { AION_PUBLIC_URL: 'https://aion.example' } })
    const answer = await call(secure, 'POST', `${base}/register`, {
      body: { email: 'a@example.com', password: 'Sturdy-Passphrase-41', name: 'A', auto_login: true },
    })
    expect(answer.headers.get('set-cookie')).toContain('Secure')
    await secure.stop()
  })

  it('S29 logout ends the session on the server and clears the cookie', async () => {
    const person = await signUp(server)
    const other = (await logIn(person)).body.session_token
    const answer = await call(server, 'POST', `${base}/logout`, { cookie: person.cookie })
    expect(answer.headers.get('set-cookie')).toContain('Max-Age=0')
    expect((await me(person.token)).body.error.code).toBe('INVALID_SESSION')
    expect((await me(other)).status).toBe(200)
  })

  it('logout_all ends every session of the person and nobody else', async () => {
    const [person, stranger] = [await signUp(server), await signUp(server)]
    const tokens = [person.token, (await logIn(person)).body.session_token, (await logIn(person)).body.session_token]
    for (const token of tokens) expect((await me(token)).status).toBe(200)
    expect((await call(server, 'POST', `${base}/logout?logout_all=true`, { token: person.token })).status).toBe(200)
    for (const token of tokens) expect((await me(token)).status).toBe(401)
    expect((await me(stranger.token)).status).toBe(200)
  })

  it('S23 a revoked session is refused by the very next request, here and in another process, however its id is written', async () => {
    const beside = await startTestServer({ beside: server })
    const person = await signUp(server)
    for (const change of ['toString', 'toUpperCase'] as const) {
      const login = await logIn(person)
      const victim = login.body.session_token
      expect((await me(victim)).status).toBe(200)
      expect((await call(beside, 'GET', `${base}/me`, { token: victim })).status).toBe(200)
      const path = `${base}/sessions/${String(login.body.session_id)[change]()}`
      expect((await call(server, 'DELETE', path, { token: person.token })).status).toBe(200)
      expect((await me(victim)).status).toBe(401)
      await expect
        .poll(async () => (await call(beside, 'GET', `${base}/me`, { token: victim })).status, { timeout: 2_000 })
        .toBe(401)
      expect((await call(server, 'DELETE', path, { token: person.token })).status).toBe(404)
    }
    await beside.stop()
  })

  it("S06 somebody else's session is as unknown as one that never was", async () => {
    const [person, stranger] = [await signUp(server), await signUp(server)]
    const mine = (await call(server, 'GET', `${base}/sessions`, { token: person.token })).body[0].session_id
    for (const id of [mine, 'no-uuid', '00000000-0000-4000-8000-000000000000'])
      expect((await call(server, 'DELETE', `${base}/sessions/${id}`, { token: stranger.token })).status).toBe(404)
    expect((await me(person.token)).status).toBe(200)
  })

  it('lists the sessions of the person, the current one marked', async () => {
    const person = await signUp(server)
    await call(server, 'POST', `${base}/login`, {
      body: { email: person.email, password: person.password },
      headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' },
    })
    const { body } = await call(server, 'GET', `${base}/sessions`, { token: person.token })
    expect(body).toHaveLength(2)
    expect(body.filter((session: { is_current: boolean }) => session.is_current)).toHaveLength(1)
    expect(body.map((session: { device_name: string }) => session.device_name)).toContain('Firefox on Linux')
  })

  it('S27 of 50 parallel rotations exactly one wins, and the old token is dead', async () => {
    const person = await signUp(server)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => call(server, 'POST', `${base}/rotate-session`, { token: person.token })),
    )
    const won = answers.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    expect((await me(person.token)).status).toBe(401)
    expect((await me(won[0]?.body.session_token)).status).toBe(200)
  })

  it('does not put the token of a cookie into a body that scripts can read', async () => {
    const person = await signUp(server)
    const answer = await call(server, 'POST', `${base}/rotate-session`, { cookie: person.cookie })
    expect([answer.status, answer.body.session_token]).toEqual([200, null])
    expect(answer.headers.get('set-cookie')).toMatch(/^aionvision_session=ses_/)
  })

  it('S31 refuses what another site sends, whatever its type, and changes nothing', async () => {
    const person = await signUp(server)
    const credentials = { email: person.email, password: person.password }
    const elsewhere: Record<string, string>[] = [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]
    for (const headers of elsewhere) {
      const logout = await call(server, 'POST', `${base}/logout`, { cookie: person.cookie, headers })
      expect([logout.status, logout.body.error.code]).toEqual([403, 'CROSS_SITE_REQUEST'])
      const login = await call(server, 'POST', `${base}/login`, { body: credentials, headers })
      expect([login.status, login.headers.get('set-cookie')]).toEqual([403, null])
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      expect(
        (await call(server, 'POST', `${base}/login`, { body: JSON.stringify(credentials), headers: { 'content-type': type } }))
          .status,
      ).toBe(415)
    expect((await me(person.token)).status).toBe(200)
  })

  it('touches the same sessions on two servers, and neither waits for the other for ever', async () => {
    const person = await signUp(server)
    const ids: [string, string] = [(await logIn(person)).body.session_id, (await logIn(person)).body.session_id]
    let at = Date.now()
    for (const given of [ids, [...ids].reverse()]) {
      at += 60_000
      await expectLocksInOrder(server, 'sessions', ids, () =>
        touchSessions(
          server.db,
          given.map((id) => ({ id, at })),
        ),
      )
    }
    const rows = await server.db.selectFrom('sessions').select('last_accessed_at').where('id', 'in', ids).execute()
    expect(rows.map(({ last_accessed_at }) => last_accessed_at.getTime())).toEqual([at, at])
  })

  it('ends and changes all sessions of a person in the order in which they are touched', async () => {
    const person = await signUp(server)
    const begun: string[] = []
    for (let count = 0; count < 8; count++) begun.push((await logIn(person)).body.session_id)
    const pair = contrary(begun)
    await server.db.deleteFrom('sessions').where('user_id', '=', person.userId).where('id', 'not in', pair).execute()
    for (const write of [
      (trx: Trx) => deleteSessionsOf(trx, person.userId),
      (trx: Trx) => endOtherSessions(trx, person.userId, randomUUID()),
      (trx: Trx) => unmarkSessions(trx, person.userId),
    ])
      await expectLocksInOrder(server, 'sessions', pair, async () => {
        const trx = await server.db.startTransaction().execute()
        await write(trx)
        await trx.rollback().execute()
      })
  })
})

describe('the life of a session', () => {
  it('slides for 7 days, 30 when remembered, and ends after 90 in any case', async () => {
    const clock = fakeClock()
    const server = await startTestServer({ clock })
    const person = await signUp(server)
    const body = { email: person.email, password: person.password }
    const sign = async (remember_me: boolean): Promise<string> =>
      (await call(server, 'POST', `${base}/login`, { body: { ...body, remember_me } })).body.session_token
    const alive = async (token: string) => (await call(server, 'GET', `${base}/me`, { token })).status === 200
    const [short, long] = [await sign(false), await sign(true)]
    for (let day = 0; day < 84; day += 6) {
      clock.advance(6 * dayMs)
      expect([day, await alive(short), await alive(long)]).toEqual([day, true, true])
    }
    clock.advance(6 * dayMs)
    expect([await alive(short), await alive(long)]).toEqual([false, false])
    const [idle, remembered] = [await sign(false), await sign(true)]
    clock.advance(7 * dayMs)
    expect([await alive(idle), await alive(remembered)]).toEqual([false, true])
    clock.advance(30 * dayMs)
    expect(await alive(remembered)).toBe(false)
    await server.stop()
  })

  it('renews the cookie at most once an hour of use', async () => {
    const clock = fakeClock(Date.UTC(2026, 0, 1, 12, 0, 0))
    const server = await startTestServer({ clock })
    const person = await signUp(server)
    const renewed = async () =>
      (await call(server, 'GET', `${base}/me`, { cookie: person.cookie })).headers.get('set-cookie') !== null
    expect(await renewed()).toBe(false)
    clock.advance(3_600_000)
    expect([await renewed(), await renewed()]).toEqual([true, false])
    await server.stop()
  })
})
