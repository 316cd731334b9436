// /user over HTTP: what a person changes about themselves takes hold at once, everywhere, and nothing of somebody else's can be learnt or kept.
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  call,
  createKey,
  fakeClock,
  type Person,
  signUp,
  startTestServer,
  type TestServer,
  tokenIn,
} from '../../testing/harness.ts'
import { onDisk } from '../../testing/s3.ts'
import { jpeg, request, upload } from '../../testing/uploads.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const base = '/api/v2/user'

describe('the user', () => {
  const clock = fakeClock()
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ clock, env: onDisk })
  })
  afterAll(() => server.stop())

  const get = (token: string, path: string) => call(server, 'GET', base + path, { token })
  const post = (token: string, path: string, body?: unknown) => call(server, 'POST', base + path, { token, body })
  const login = (email: string, password: string) =>
    call(server, 'POST', '/api/v2/auth/session/login', { body: { email, password } })
  const signIn = async (person: Person) => (await login(person.email, person.password)).body.session_token as string
  const alive = async (token: string) => (await get(token, '/profile')).status === 200
  const types = async (tenantId: string) =>
    (
      await server.db
        .selectFrom('audit_events')
        .select('event_type')
        .where('tenant_id', '=', tenantId)
        .orderBy('sequence', 'desc')
        .execute()
    ).map((row) => row.event_type)

  it('shows and changes name and preferences: names given are replaced, null removes, the rest stays', async () => {
    const person = await signUp(server, { verified: false })
    expect((await get(person.token, '/profile')).body).toMatchObject({
      id: person.userId,
      email: person.email,
      name: 'Ada',
      is_active: true,
      email_verified: false,
      preferences: {},
      has_password: true,
    })
    const patch = (body: unknown) => call(server, 'PATCH', `${base}/profile`, { token: person.token, body })
    await patch({ preferences: { theme: 'dark', notifications: { email: true, browser: true }, language: 'en' } })
    const changed = await patch({ name: 'Ada\r\nLovelace', preferences: { notifications: { email: false }, language: null } })
    expect(changed.status).toBe(200)
    expect(changed.body.name).toBe('Ada Lovelace')
    expect(changed.body.preferences).toEqual({ theme: 'dark', notifications: { email: false } })
    expect((await patch({ name: null, preferences: null })).body).toEqual(changed.body)
    expect((await patch({ preferences: { odd: 'a\u0000b' } })).body.preferences.odd).toBe('a\ufffdb')
    let deep: unknown = 1
    for (let level = 0; level < 8; level++) deep = { deep }
    for (const body of [{ name: '' }, { name: ' \n' }, { preferences: { big: 'x'.repeat(16_384) } }, { preferences: { deep } }])
      expect((await patch(body)).status).toBe(422)
    expect((await patch({ preferences: { more: 'x'.repeat(9_000) } })).status).toBe(200)
    expect((await patch({ preferences: { other: 'x'.repeat(9_000) } })).status).toBe(422)
    expect((await patch({ preferences: { __proto: 1 }, name: 5 })).status).toBe(422)
  })

  it('S29 a changed password ends all other sessions and pending changes of address, and says to rotate this one', async () => {
    const person = await signUp(server)
    const other = await signIn(person)
    await post(person.token, '/change-email', { new_email: `n-${randomUUID()}@example.com`, password: person.password })
    const change = (body: object) => post(person.token, '/change-password', body)
    const wrong = await change({ current_password: 'Not-My-Password-1', new_password: 'Another-Phrase-42' })
    expect([wrong.status, wrong.body.error.code]).toEqual([401, 'INVALID_CREDENTIALS'])
    expect((await change({ current_password: person.password, new_password: 'alllowercase' })).status).toBe(422)
    const done = await change({ current_password: person.password, new_password: 'Another-Phrase-42' })
    expect(done.body).toEqual({
      message: expect.any(String),
      session_rotation_required: true,
      rotation_endpoint: '/api/v2/auth/session/rotate-session',
    })
    expect([await alive(person.token), await alive(other)]).toEqual([true, false])
    expect((await login(person.email, person.password)).status).toBe(401)
    expect((await login(person.email, 'Another-Phrase-42')).status).toBe(200)
    const open = await server.db
      .selectFrom('one_time_tokens')
      .select('id')
      .where('user_id', '=', person.userId)
      .where('consumed_at', 'is', null)
      .execute()
    expect(open).toEqual([])
    expect(await types(person.tenantId)).toContain('auth.password_changed')
    expect((await server.mail.to(person.email, 3))[0]?.subject).toBe('Your password has changed')
    const fourth = await change({ current_password: 'Another-Phrase-42', new_password: 'Another-Phrase-43' })
    expect([fourth.status, fourth.body.error.code]).toEqual([429, 'RATE_LIMIT_ERROR'])
    expect(Number(fourth.headers.get('retry-after'))).toBeGreaterThan(3_000)
  })

  it('S27 of parallel changes from one password one wins', async () => {
    const person = await signUp(server)
    const answers = await Promise.all(
      [1, 2, 3].map((n) =>
        post(person.token, '/change-password', { current_password: person.password, new_password: `Another-Phrase-${n}` }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401])
  })

  it('moves to another address when the mail there is confirmed, once, and tells the old one', async () => {
    const person = await signUp(server)
    const next = `Next-${randomUUID()}@Example.com`
    const ask = (new_email: string, password = person.password) => post(person.token, '/change-email', { new_email, password })
    expect((await ask(next, 'Not-My-Password-1')).status).toBe(401)
    const stranger = await signUp(server)
    for (const new_email of ['nobody', stranger.email.toUpperCase()])
      expect((await post(stranger.token, '/change-email', { new_email, password: stranger.password })).status).toBe(422)
    expect((await ask(next)).status).toBe(202)
    const first = tokenIn((await server.mail.to(next))[0])
    expect((await ask(next)).status).toBe(202)
    const token = tokenIn((await server.mail.to(next, 2))[0])
    expect((await get(person.token, '/profile')).body.email).toBe(person.email)
    const confirm = (given: string) => call(server, 'POST', `${base}/confirm-email-change`, { body: { token: given } })
    expect((await confirm(first)).body.error.code).toBe('TOKEN_EXPIRED')
    await call(server, 'POST', '/api/v2/auth/session/password-reset/request', { body: { email: person.email } })
    const reset = tokenIn((await server.mail.to(person.email, 4)).find((mail) => mail.subject.startsWith('Reset')))
    for (let visit = 0; visit < 2; visit++)
      expect((await call(server, 'GET', `/auth/confirm-email-change?token=${token}`)).status).toBe(200)
    const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(19)
    expect((await get(person.token, '/profile')).body).toMatchObject({ email: next.toLowerCase(), email_verified: true })
    expect((await login(person.email, person.password)).status).toBe(401)
    expect((await login(next, person.password)).status).toBe(200)
    expect((await server.mail.to(person.email, 5))[0]?.subject).toBe('Your e-mail address has changed')
    // What still lies in the old mailbox opens nothing.
    const late = await call(server, 'POST', '/api/v2/auth/session/password-reset/complete', {
      body: { token: reset, new_password: 'Another-Phrase-42' },
    })
    expect(late.status).toBe(410)
    expect((await types(person.tenantId)).slice(0, 2)).toContain('user.email_changed')
    expect((await ask(`x-${randomUUID()}@example.com`)).status).toBe(429)
  })

  it('S30 a taken address gets the same answer and no link; one that is taken meanwhile is a conflict', async () => {
    const [one, two] = [await signUp(server), await signUp(server)]
    const asked = await post(one.token, '/change-email', { new_email: two.email, password: one.password })
    const free = `f-${randomUUID()}@example.com`
    const other = await post(one.token, '/change-email', { new_email: free, password: one.password })
    expect([asked.status, asked.text]).toEqual([other.status, other.text])
    expect((await server.mail.to(two.email, 2))[0]?.subject).toBe('You already have an account')
    const token = tokenIn((await server.mail.to(free))[0])
    await call(server, 'POST', '/api/v2/auth/session/register', { body: { email: free, password: one.password, name: 'B' } })
    const late = await call(server, 'POST', `${base}/confirm-email-change`, { body: { token } })
    expect([late.status, late.body.error.code]).toEqual([409, 'CONFLICT'])
    expect((await get(one.token, '/profile')).body.email).toBe(one.email)
  })

  it('an expired link changes nothing', async () => {
    const person = await signUp(server)
    const next = `n-${randomUUID()}@example.com`
    await post(person.token, '/change-email', { new_email: next, password: person.password })
    const token = tokenIn((await server.mail.to(next))[0])
    clock.advance(dayMs + 1)
    expect((await call(server, 'POST', `${base}/confirm-email-change`, { body: { token } })).status).toBe(410)
  })

  it('S23 lists sessions and ends others, not its own; an ended one is refused at once', async () => {
    const person = await signUp(server)
    const [second, third] = [await signIn(person), await signIn(person)]
    const listed = (await get(person.token, '/sessions')).body
    expect(listed).toHaveLength(3)
    expect(Object.keys(listed[0]).sort()).toEqual(
      ['id', 'user_agent', 'ip_address', 'created_at', 'last_activity_at', 'expires_at', 'is_current'].sort(),
    )
    const idOf = async (token: string) =>
      (await get(token, '/sessions')).body.find((session: { is_current: boolean }) => session.is_current).id as string
    const end = (id: string) => call(server, 'DELETE', `${base}/sessions/${id}`, { token: person.token })
    const own = await end(await idOf(person.token))
    expect([own.status, own.body.error.code]).toEqual([400, 'BAD_REQUEST'])
    const ended = await end(await idOf(second))
    expect([ended.status, ended.text]).toEqual([204, ''])
    expect(await alive(second)).toBe(false)
    const stranger = await signUp(server)
    for (const id of ['x', randomUUID(), await idOf(stranger.token)]) expect((await end(id)).status).toBe(404)
    expect((await post(person.token, '/revoke-all-sessions')).status).toBe(204)
    expect([await alive(person.token), await alive(third), await alive(stranger.token)]).toEqual([true, false, true])
  })

  it('adds a first password only where there is none', async () => {
    const person = await signUp(server)
    const set = (body: unknown) => post(person.token, '/set-initial-password', body)
    const refused = await set('"Another-Phrase-42"')
    expect([refused.status, refused.body.error.code]).toEqual([400, 'BAD_REQUEST'])
    await server.db.updateTable('users').set({ password_hash: null }).where('id', '=', person.userId).execute()
    const none = await post(person.token, '/change-password', { current_password: 'x', new_password: 'Another-Phrase-42' })
    expect(none.status).toBe(400)
    for (const bad of ['"short"', '"alllowercase"', '{"password":"Another-Phrase-42"}']) expect((await set(bad)).status).toBe(422)
    expect((await set('"Another-Phrase-42"')).body).toEqual({ success: true, auth_provider: 'both' })
    expect((await login(person.email, 'Another-Phrase-42')).status).toBe(200)
    clock.advance(16 * 60_000)
    expect((await set('"Another-Phrase-43"')).body.error.code).toBe('REAUTHENTICATION_REQUIRED')
  })

  it('S24 a deleted account takes its workspaces, keys, files and sessions with it, at once', async () => {
    const [person, host] = [await signUp(server), await signUp(server)]
    const { api_key } = await createKey(server, person)
    await server.db
      .insertInto('memberships')
      .values({ tenant_id: host.tenantId, user_id: person.userId, role: 'admin', joined_at: new Date() })
      .execute()
    server.deps.changes.apply({ kind: 'user', id: person.userId })
    const elsewhere = { 'x-tenant-id': host.tenantId }
    const made = await call(server, 'POST', '/api/v2/api-keys', {
      token: person.token,
      headers: elsewhere,
      body: { name: 'theirs' },
    })
    await server.db
      .insertInto('memberships')
      .values({ tenant_id: person.tenantId, user_id: host.userId, role: 'viewer', joined_at: new Date() })
      .execute()
    for (const key of [api_key, made.body.api_key])
      expect((await call(server, 'GET', '/api/v2/user-files', { token: key })).status).toBe(200)
    const bytes = jpeg()
    const fileId = await upload(server, person, bytes)
    const kept = await upload(server, host, bytes)
    const linkOf = async (owner: Person, id: string) =>
      (await call(server, 'GET', `/api/v2/user-files/${id}/download`, { token: owner.token })).headers.get('location') ?? ''
    const [link, keptLink] = [await linkOf(person, fileId), await linkOf(host, kept)]
    const other = await signIn(person)
    expect((await fetch(link)).status).toBe(200)

    const wrong = await post(person.token, '/account/delete', { confirmation: 'Delete my account' })
    expect([wrong.status, wrong.body.error.code]).toEqual([400, 'BAD_REQUEST'])
    const done = await post(person.token, '/account/delete', { confirmation: 'delete my account' })
    expect([done.status, done.body]).toEqual([200, { message: 'Account deleted successfully' }])
    expect([await alive(person.token), await alive(other)]).toEqual([false, false])
    for (const key of [api_key, made.body.api_key])
      expect((await call(server, 'GET', '/api/v2/user-files', { token: key })).status).toBe(401)
    const there = await call(server, 'GET', '/api/v2/user-files', {
      token: host.token,
      headers: { 'x-tenant-id': person.tenantId },
    })
    expect(there.status).toBe(404)
    expect([(await fetch(link)).status, (await fetch(keptLink)).status]).toEqual([404, 200])
    expect((await login(person.email, person.password)).status).toBe(401)
    expect((await types(host.tenantId))[0]).toBe('user.deleted')
    expect((await types(person.tenantId))[0]).toBe('tenant.deleted')
    expect((await server.mail.to(person.email, 2))[0]?.subject).toBe('Your account was deleted')
    await expect
      .poll(async () =>
        (await readdir(join(server.dataDir, 'objects'), { recursive: true, withFileTypes: true })).filter((entry) =>
          entry.isFile(),
        ),
      )
      .toHaveLength(1)
  })

  it('asks for a fresh proof before the address changes or the account goes', async () => {
    const person = await signUp(server)
    clock.advance(16 * 60_000)
    for (const [path, body] of [
      ['/change-email', { new_email: `n-${randomUUID()}@example.com`, password: person.password }],
      ['/account/delete', { confirmation: 'delete my account' }],
    ] as const) {
      const refused = await post(person.token, path, body)
      expect([refused.status, refused.body.error.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED'])
    }
  })
})

it('wrong passwords given by who is signed in slow down sign-in to the same account', async () => {
  const clock = fakeClock()
  const server = await startTestServer({ clock, env: { AION_LIMIT_LOGIN: '100/60' } })
  try {
    const person = await signUp(server)
    const wrong = { new_email: `n-${randomUUID()}@example.com`, password: 'Not-My-Password-1' }
    for (let attempt = 0; attempt < 3; attempt++) {
      await call(server, 'POST', `${base}/change-email`, { token: person.token, body: wrong })
      await call(server, 'POST', `${base}/change-password`, {
        token: person.token,
        body: { current_password: 'Not-My-Password-1', new_password: 'Another-Phrase-42' },
      })
    }
    const body = { email: person.email, password: person.password }
    const refused = await call(server, 'POST', '/api/v2/auth/session/login', { body })
    expect(refused.status).toBe(429)
    clock.advance(2_000)
    expect((await call(server, 'POST', '/api/v2/auth/session/login', { body })).status).toBe(200)
  } finally {
    await server.stop()
  }
})

it('an account goes while it is at work: it gives way, and nothing that it meets is a fault of ours', async () => {
  const server = await startTestServer({
    env: { AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: 100_000 } }) },
  })
  const beside = await startTestServer({ beside: server })
  for (let round = 0; round < 6; round++) {
    const person = await signUp(server)
    const { api_key } = await createKey(server, person)
    const sessions: string[] = []
    for (let count = 0; count < 4; count++)
      sessions.push(
        (await call(server, 'POST', '/api/v2/auth/session/login', { body: { email: person.email, password: person.password } }))
          .body.session_token,
      )
    const statuses: number[] = []
    let over = false
    const ask = async (method: string, path: string, token: string, body?: unknown) => {
      const answer = await call(statuses.length % 2 ? beside : server, method, `/api/v2${path}`, { token, body })
      statuses.push(answer.status)
      return answer
    }
    const uploads = async () => {
      while (!over) {
        const bytes = jpeg()
        const { body } = await request(server, { token: api_key }, bytes)
        if (!body.upload_url) return
        await fetch(body.upload_url, { method: 'PUT', headers: { 'content-type': 'image/jpeg' }, body: new Uint8Array(bytes) })
        await ask('POST', '/uploads/confirm', api_key, { object_key: body.object_key, size_bytes: bytes.length })
      }
    }
    const rotations = async (token: string) => {
      for (let held = token; held && !over; )
        held = (await ask('POST', '/auth/session/rotate-session', held, {})).body.session_token
    }
    const mails = async () => {
      while (!over)
        await ask('POST', '/user/change-email', person.token, {
          new_email: `${randomUUID()}@example.com`,
          password: person.password,
        })
    }
    const work = [uploads(), uploads(), uploads(), mails(), ...sessions.slice(1).map(rotations)]
    await sleep(100 + Math.random() * 200)
    const [done] = await Promise.all([
      call(server, 'POST', `${base}/account/delete`, { token: person.token, body: { confirmation: 'delete my account' } }),
      ask('POST', '/user/revoke-all-sessions', sessions[0] ?? ''),
    ])
    over = true
    await Promise.all(work)
    // Revoked by the other session, or gone.
    expect([200, 401], done.text).toContain(done.status)
    expect(statuses.filter((status) => status === 500)).toEqual([])
  }
  expect(server.logs() + beside.logs()).not.toContain('deadlock detected')
  await beside.stop()
  await server.stop()
}, 120_000)
