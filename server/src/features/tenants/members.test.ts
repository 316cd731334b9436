// Members through HTTP: who may do what to whom, invitations and their acceptance, leaving, handing over; and one owner whatever happens at once.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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
import { addMember } from './add-member.ts'
import { tenantTasks } from './tasks.ts'

type Role = 'owner' | 'admin' | 'editor' | 'viewer'
const api = '/api/v2'
const password = 'Sturdy-Passphrase-41'

describe('members', () => {
  let server: TestServer
  const clock = fakeClock()
  beforeAll(async () => {
    server = await startTestServer({
      clock,
      env: { AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: 100_000, activeKeys: 500 } }) },
    })
  })
  afterAll(() => server.stop())
  // Between tests the minute of the limits passes; sessions stay fresh, because every test signs up its own people.
  beforeEach(() => clock.advance(61_000))

  const act = (person: Person, tenantId: string, method: string, path: string, body?: unknown) =>
    call(server, method, api + path, { token: person.token, body, headers: { 'x-tenant-id': tenantId } })
  const verdict = ({ status, body }: Answer) => [status, body.error?.code ?? null]

  async function join(tenantId: string, role: Exclude<Role, 'owner'>): Promise<Person> {
    const person = await signUp(server, { plan: 'free' })
    await server.db
      .insertInto('memberships')
      .values({ tenant_id: tenantId, user_id: person.userId, role, joined_at: new Date(clock.now()) })
      .execute()
    server.deps.changes.apply({ kind: 'user', id: person.userId })
    return person
  }
  const rolesIn = async (tenantId: string) =>
    Object.fromEntries(
      (await server.db.selectFrom('memberships').selectAll().where('tenant_id', '=', tenantId).execute()).map((row) => [
        row.user_id,
        row.role,
      ]),
    )
  const invite = (owner: Person, email: string, role?: string) =>
    act(owner, owner.tenantId, 'POST', '/tenant/members/invite', { email, role })
  const accept = (body: object, token?: string) => call(server, 'POST', `${api}/auth/session/accept-invitation`, { body, token })
  const mailed = async (email: string, count = 1) =>
    (await server.mail.to(email, count)).filter(({ text }) => text.includes('/auth/accept-invitation'))
  const invited = async (owner: Person, email: string, role?: string) => {
    const pending = await invite(owner, email, role)
    expect(pending.status).toBe(200)
    const known = await server.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
    return { id: pending.body.id as string, token: tokenIn((await mailed(email, known ? 2 : 1))[0]) }
  }
  const fresh = () => `i-${randomUUID()}@example.com`
  const trail = (tenantId: string) =>
    server.db
      .selectFrom('audit_events')
      .select(['event_type', 'resource_id', 'metadata'])
      .where('tenant_id', '=', tenantId)
      .where('event_type', '!=', 'auth.login')
      .orderBy('sequence')
      .execute()

  it('who may do what to whom: only the owner touches admins, nobody touches the owner', async () => {
    const owner = await signUp(server)
    const { tenantId } = owner
    const people: Record<Role, Person> = {
      owner,
      admin: await join(tenantId, 'admin'),
      editor: await join(tenantId, 'editor'),
      viewer: await join(tenantId, 'viewer'),
    }
    const allowed = (actor: Role, target: Role, to: Role) =>
      actor === 'owner' ? true : actor === 'admin' && target !== 'admin' && to !== 'admin'
    for (const actor of ['owner', 'admin', 'editor', 'viewer'] as const)
      for (const target of ['owner', 'admin', 'editor', 'viewer'] as const) {
        // A member of that role who can be spent.
        const victim = target === 'owner' ? owner : await join(tenantId, target)
        for (const to of ['viewer', 'editor', 'admin'] as const) {
          clock.advance(13_000)
          await server.db
            .updateTable('sessions')
            .set({ authenticated_at: new Date(clock.now()) })
            .execute()
          server.deps.changes.apply({ kind: 'tenant', id: tenantId })
          if (target !== 'owner')
            await server.db
              .updateTable('memberships')
              .set({ role: target })
              .where('user_id', '=', victim.userId)
              .where('tenant_id', '=', tenantId)
              .execute()
          const answer = await act(people[actor], tenantId, 'PATCH', `/tenant/members/${victim.userId}/role`, { role: to })
          const may = allowed(actor, target, to)
          const expected =
            actor !== 'owner' && actor !== 'admin'
              ? [403, 'INSUFFICIENT_PERMISSIONS']
              : target === 'owner'
                ? [409, 'CONFLICT']
                : may
                  ? [200, null]
                  : [403, 'INSUFFICIENT_PERMISSIONS']
          expect([actor, target, to, ...verdict(answer)]).toEqual([actor, target, to, ...expected])
          if (may && target !== 'owner') expect(answer.body).toMatchObject({ id: victim.userId, role: to })
        }
        if (target !== 'owner')
          await server.db
            .updateTable('memberships')
            .set({ role: target })
            .where('user_id', '=', victim.userId)
            .where('tenant_id', '=', tenantId)
            .execute()
        const removed = await act(people[actor], tenantId, 'DELETE', `/tenant/members/${victim.userId}`)
        const expected =
          actor !== 'owner' && actor !== 'admin'
            ? [403, 'INSUFFICIENT_PERMISSIONS']
            : target === 'owner'
              ? [409, 'CONFLICT']
              : actor === 'admin' && target === 'admin'
                ? [403, 'INSUFFICIENT_PERMISSIONS']
                : [200, null]
        expect([actor, 'removes', target, ...verdict(removed)]).toEqual([actor, 'removes', target, ...expected])
        if (removed.status === 200) expect(removed.body).toEqual({ detail: 'Member removed successfully' })
      }
    const invitations: [Role, string, number][] = [
      ['owner', 'admin', 200],
      ['admin', 'admin', 403],
      ['admin', 'editor', 200],
      ['editor', 'viewer', 403],
    ]
    for (const [actor, role, status] of invitations)
      expect([
        actor,
        role,
        (await act(people[actor], tenantId, 'POST', '/tenant/members/invite', { email: fresh(), role })).status,
      ]).toEqual([actor, role, status])
    for (const actor of ['admin', 'editor', 'viewer'] as const) {
      const answer = await act(people[actor], tenantId, 'POST', '/tenant/transfer-ownership', { user_id: people[actor].userId })
      expect([actor, ...verdict(answer)]).toEqual([actor, 403, 'INSUFFICIENT_PERMISSIONS'])
    }
  }, 60_000)

  it('nobody removes themselves; members leave, the owner cannot', async () => {
    const owner = await signUp(server)
    const { tenantId } = owner
    const admin = await join(tenantId, 'admin')
    expect(verdict(await act(admin, tenantId, 'DELETE', `/tenant/members/${admin.userId}`))).toEqual([409, 'CONFLICT'])
    expect(verdict(await act(owner, tenantId, 'POST', '/tenant/leave'))).toEqual([409, 'CONFLICT'])
    expect((await act(admin, tenantId, 'POST', '/tenant/leave')).status).toBe(200)
    expect(verdict(await act(admin, tenantId, 'GET', '/tenant/members'))).toEqual([404, 'NOT_FOUND'])
    expect(await rolesIn(tenantId)).toEqual({ [owner.userId]: 'owner' })
    expect((await trail(tenantId)).at(-1)).toMatchObject({
      event_type: 'tenant.member_removed',
      resource_id: admin.userId,
      metadata: { role: 'admin', by: 'self' },
    })
  })

  it('S05 S06 ids of other tenants and no ids at all are unknown', async () => {
    const owner = await signUp(server)
    const other = await signUp(server)
    const foreign = (await invite(other, fresh())).body.id
    for (const id of [other.userId, foreign, randomUUID(), 'nobody', '..%2f']) {
      clock.advance(13_000)
      expect([
        id,
        ...verdict(await act(owner, owner.tenantId, 'PATCH', `/tenant/members/${id}/role`, { role: 'viewer' })),
      ]).toEqual([id, 404, 'NOT_FOUND'])
      expect([id, ...verdict(await act(owner, owner.tenantId, 'DELETE', `/tenant/members/${id}`))]).toEqual([
        id,
        404,
        'NOT_FOUND',
      ])
      expect([id, ...verdict(await act(owner, owner.tenantId, 'POST', `/tenant/members/${id}/take-over-keys`))]).toEqual([
        id,
        404,
        'NOT_FOUND',
      ])
      expect([id, ...verdict(await act(owner, owner.tenantId, 'POST', '/tenant/transfer-ownership', { user_id: id }))]).toEqual([
        id,
        404,
        'NOT_FOUND',
      ])
    }
    expect(verdict(await act(owner, other.tenantId, 'GET', '/tenant/members'))).toEqual([404, 'NOT_FOUND'])
  })

  it('what changes roles or removes asks for a fresh proof', async () => {
    const owner = await signUp(server)
    const member = await join(owner.tenantId, 'viewer')
    clock.advance(16 * 60_000)
    const attempts: [string, string, object?][] = [
      ['PATCH', `/tenant/members/${member.userId}/role`, { role: 'editor' }],
      ['DELETE', `/tenant/members/${member.userId}`],
      ['POST', `/tenant/members/${member.userId}/take-over-keys`],
      ['POST', '/tenant/transfer-ownership', { user_id: member.userId }],
      ['PATCH', '/tenant/policy', { factor_required: true }],
    ]
    for (const [method, path, body] of attempts)
      expect([path, ...verdict(await act(owner, owner.tenantId, method, path, body))]).toEqual([
        path,
        403,
        'REAUTHENTICATION_REQUIRED',
      ])
  })

  it('inviting answers at once with a pending member, the same for known and unknown addresses', async () => {
    const owner = await signUp(server)
    const known = await signUp(server, { plan: 'free' })
    const unknown = fresh()
    const answers = [await invite(owner, known.email, 'editor')]
    clock.advance(1_000)
    answers.push(await invite(owner, unknown, 'editor'))
    for (const [index, email] of [known.email, unknown].entries())
      expect(answers[index]?.body).toEqual({
        id: expect.any(String),
        email,
        name: email,
        role: 'editor',
        joined_at: null,
        last_active_at: null,
        status: 'invited',
        expires_at: new Date(clock.now() + 7 * 86_400_000 - (1 - index) * 1_000).toISOString(),
      })
    const list = (await act(owner, owner.tenantId, 'GET', '/tenant/members')).body
    expect(list.map(({ email, status }: { email: string; status: string }) => [email, status])).toEqual([
      [owner.email, 'member'],
      [known.email, 'invited'],
      [unknown, 'invited'],
    ])
    expect((await invite(owner, fresh())).body.role).toBe('viewer')
    expect(verdict(await invite(owner, owner.email))).toEqual([409, 'ALREADY_MEMBER'])
    expect(verdict(await invite(owner, fresh(), 'owner'))).toEqual([422, 'VALIDATION_ERROR'])
    expect(verdict(await invite(owner, fresh()))).toEqual([429, 'RATE_LIMIT_ERROR'])
    // No rights before acceptance.
    expect(verdict(await act(known, owner.tenantId, 'GET', '/tenant/members'))).toEqual([404, 'NOT_FOUND'])
  })

  it('an unknown address gets an account on acceptance: verified, a member, signed in, and no workspace besides', async () => {
    const owner = await signUp(server)
    const email = fresh()
    const { token } = await invited(owner, email, 'editor')
    const look = await call(server, 'GET', `${api}/auth/session/invitation?token=${token}`)
    expect(look.body).toMatchObject({
      tenant_name: "Ada's workspace",
      email: 'i•••@example.com',
      role: 'editor',
      account_exists: false,
    })
    for (const body of [
      { token },
      { token, name: 'Bo' },
      { token, password },
      { token, name: ' ', password },
      { token, name: 'Bo', password: 'weak' },
    ])
      expect(verdict(await accept(body))).toEqual([422, 'VALIDATION_ERROR'])
    const done = await call(server, 'POST', `${api}/auth/session/accept-invitation`, {
      body: { token, name: 'Bo\nMallory', password },
      // What is left of a session that ended stands in nobody's way.
      cookie: `aionvision_session=ses_${'x'.repeat(43)}`,
    })
    expect(done.body).toMatchObject({
      email,
      name: 'Bo Mallory',
      tenant_id: owner.tenantId,
      role: 'editor',
      session_token: expect.stringMatching(/^ses_/),
    })
    expect(done.headers.get('set-cookie')).toContain('aionvision_session=ses_')
    const session = done.body.session_token
    expect((await call(server, 'GET', `${api}/auth/session/me`, { token: session })).body).toMatchObject({
      email,
      email_verified: true,
    })
    expect((await call(server, 'GET', `${api}/user/tenants`, { token: session })).body).toEqual({
      tenants: [
        {
          id: owner.tenantId,
          name: "Ada's workspace",
          role: 'editor',
          plan: 'starter',
          is_owner: false,
          joined_at: new Date(clock.now()).toISOString(),
          member_count: 2,
        },
      ],
    })
    expect((await call(server, 'POST', `${api}/auth/session/login`, { body: { email, password } })).status).toBe(200)
    expect(verdict(await accept({ token, name: 'Bo', password }))).toEqual([410, 'TOKEN_EXPIRED'])
    expect((await trail(owner.tenantId)).slice(-2)).toMatchObject([
      { event_type: 'tenant.member_invited', metadata: { role: 'editor' } },
      { event_type: 'tenant.member_added', resource_id: done.body.user_id, metadata: { role: 'editor', by: 'invitation' } },
    ])
  })

  it('a known address accepts signed in as that address, and in no other way', async () => {
    const owner = await signUp(server)
    const person = await signUp(server, { plan: 'free' })
    const stranger = await signUp(server, { plan: 'free' })
    const { token } = await invited(owner, person.email)
    expect((await call(server, 'GET', `${api}/auth/session/invitation?token=${token}`)).body.account_exists).toBe(true)
    expect(verdict(await accept({ token }))).toEqual([401, 'MISSING_CREDENTIALS'])
    expect(verdict(await accept({ token, name: 'Thief', password: 'Another-Phrase-8' }))).toEqual([401, 'MISSING_CREDENTIALS'])
    expect(verdict(await accept({ token }, stranger.token))).toEqual([403, 'INSUFFICIENT_PERMISSIONS'])
    const done = await accept({ token }, person.token)
    expect(done.body).toMatchObject({ user_id: person.userId, role: 'viewer', session_token: null })
    expect((await act(person, owner.tenantId, 'GET', '/tenant/members')).status).toBe(200)
    expect(
      (await call(server, 'POST', `${api}/auth/session/login`, { body: { email: person.email, password: 'Another-Phrase-8' } }))
        .status,
    ).toBe(401)
    // Their own workspace is still the one they act in by default.
    expect((await call(server, 'GET', `${api}/tenant/settings`, { token: person.token })).body.id).toBe(person.tenantId)
    expect(
      (await call(server, 'GET', `${api}/user/tenants`, { token: person.token })).body.tenants.map(
        ({ id }: { id: string }) => id,
      ),
    ).toEqual([person.tenantId, owner.tenantId])
  })

  it('S26 an account that has not verified the invited address is refused', async () => {
    const owner = await signUp(server)
    const squatter = await signUp(server, { verified: false })
    await server.mail.to(squatter.email)
    const { token } = await invited(owner, squatter.email)
    expect(verdict(await accept({ token }, squatter.token))).toEqual([403, 'EMAIL_NOT_VERIFIED'])
    expect(await rolesIn(owner.tenantId)).toEqual({ [owner.userId]: 'owner' })
  })

  it('S25 accepting through the mailbox ends the password and the sessions of who registered the address before', async () => {
    const owner = await signUp(server)
    const squatter = await signUp(server, { verified: false })
    const verification = tokenIn((await server.mail.to(squatter.email))[0])
    const planted = { user_id: squatter.userId, created_at: new Date(), last_used_at: new Date() }
    await server.db
      .insertInto('identities')
      .values({ ...planted, issuer: 'https://issuer.example', subject: 'theirs', provider: 'google', email: 'thief@example.com' })
      .execute()
    const { token } = await invited(owner, squatter.email, 'admin')
    expect((await call(server, 'GET', `${api}/auth/session/invitation?token=${token}`)).body.account_exists).toBe(false)
    const done = await accept({ token, name: 'The real one', password: 'Another-Phrase-8' })
    expect([done.status, done.body.user_id]).toEqual([200, squatter.userId])
    expect((await call(server, 'GET', `${api}/auth/session/me`, { token: squatter.token })).status).toBe(401)
    const login = (word: string) =>
      call(server, 'POST', `${api}/auth/session/login`, { body: { email: squatter.email, password: word } })
    expect((await login(squatter.password)).status).toBe(401)
    expect((await login('Another-Phrase-8')).status).toBe(200)
    expect(await server.db.selectFrom('identities').select('subject').where('user_id', '=', squatter.userId).execute()).toEqual(
      [],
    )
    expect((await call(server, 'POST', `${api}/auth/session/verify-email`, { body: { token: verification } })).status).toBe(410)
  })

  it('S27 of 50 parallel acceptances one wins', async () => {
    const owner = await signUp(server)
    const email = fresh()
    const { token } = await invited(owner, email)
    const answers = await Promise.all(Array.from({ length: 50 }, () => accept({ token, name: 'Bo', password })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(answers.filter(({ status }) => status !== 200).map(({ status }) => status))).toEqual(new Set([410]))
    expect(Object.keys(await rolesIn(owner.tenantId))).toHaveLength(2)
  })

  it('a second invitation replaces the first; a withdrawn, changed or old one says so', async () => {
    const owner = await signUp(server)
    const email = fresh()
    const first = await invited(owner, email, 'viewer')
    const again = await invite(owner, email, 'editor')
    expect(verdict(await accept({ token: first.token, name: 'Bo', password }))).toEqual([410, 'TOKEN_EXPIRED'])
    await server.mail.to(email, 2)
    const second = tokenIn((await mailed(email, 2)).find((mail) => tokenIn(mail) !== first.token))
    const changed = await act(owner, owner.tenantId, 'PATCH', `/tenant/members/${again.body.id}/role`, { role: 'admin' })
    expect(changed.body).toMatchObject({ id: again.body.id, role: 'admin', joined_at: null })
    const admin = await join(owner.tenantId, 'admin')
    for (const [method, path, body] of [
      ['PATCH', `/tenant/members/${again.body.id}/role`, { role: 'viewer' }],
      ['DELETE', `/tenant/members/${again.body.id}`, undefined],
      ['POST', '/tenant/members/invite', { email, role: 'viewer' }],
    ] as const)
      expect([method, ...verdict(await act(admin, owner.tenantId, method, path, body))]).toEqual([
        method,
        403,
        'INSUFFICIENT_PERMISSIONS',
      ])
    expect((await act(owner, owner.tenantId, 'DELETE', `/tenant/members/${again.body.id}`)).body).toEqual({
      detail: 'Member removed successfully',
    })
    expect(verdict(await accept({ token: second, name: 'Bo', password }))).toEqual([410, 'TOKEN_EXPIRED'])
    const old = await invited(owner, fresh())
    clock.advance(7 * 86_400_000)
    expect(verdict(await accept({ token: old.token, name: 'Bo', password }))).toEqual([410, 'TOKEN_EXPIRED'])
    expect((await call(server, 'GET', `${api}/auth/session/invitation?token=${old.token}`)).status).toBe(410)
    expect(verdict(await accept({ token: 'nonsense', name: 'Bo', password }))).toEqual([410, 'TOKEN_EXPIRED'])
  })

  it('who is added otherwise has no open invitation left, and old ones are forgotten after a month', async () => {
    const owner = await signUp(server)
    const person = await signUp(server, { plan: 'free' })
    await invite(owner, person.email)
    const { changes, audit } = server.deps
    await server.db
      .transaction()
      .execute((trx) =>
        addMember(trx, { changes, audit }, { tenantId: owner.tenantId, email: person.email, role: 'editor', at: clock.now() }),
      )
    const list = (await act(owner, owner.tenantId, 'GET', '/tenant/members')).body
    expect(list.map(({ status }: { status: string }) => status)).toEqual(['member', 'member'])
    const rows = () => server.db.selectFrom('invitations').select('id').where('tenant_id', '=', owner.tenantId).execute()
    await tenantTasks(server.deps).tasks['tidy-invitations']?.({})
    expect(await rows()).toHaveLength(1)
    clock.advance(38 * 86_400_000)
    await tenantTasks(server.deps).tasks['tidy-invitations']?.({})
    expect(await rows()).toHaveLength(0)
  })

  it('invitations end with the rights of who sent them', async () => {
    const owner = await signUp(server)
    for (const end of ['removed', 'lowered'] as const) {
      const admin = await join(owner.tenantId, 'admin')
      const email = fresh()
      await act(admin, owner.tenantId, 'POST', '/tenant/members/invite', { email })
      const token = tokenIn((await mailed(email))[0])
      if (end === 'removed') await act(owner, owner.tenantId, 'DELETE', `/tenant/members/${admin.userId}`)
      else await act(owner, owner.tenantId, 'PATCH', `/tenant/members/${admin.userId}/role`, { role: 'editor' })
      expect([end, ...verdict(await accept({ token, name: 'Bo', password }))]).toEqual([end, 410, 'TOKEN_EXPIRED'])
    }
  })

  it('holds a hundred open invitations and then says which wait', async () => {
    const owner = await signUp(server)
    const template = (await invite(owner, fresh())).body.id
    const row = await server.db.selectFrom('invitations').selectAll().where('id', '=', template).executeTakeFirstOrThrow()
    await server.db
      .insertInto('invitations')
      .values(
        Array.from({ length: 99 }, () => ({ ...row, id: randomUUID(), email: fresh(), token_hash: Buffer.from(randomUUID()) })),
      )
      .execute()
    const refused = await invite(owner, fresh())
    expect([...verdict(refused), refused.body.error.details]).toEqual([
      429,
      'RATE_LIMIT_ERROR',
      { limit: 100, retry_after: 7 * 86_400 },
    ])
    expect((await invite(owner, row.email)).status).toBe(200)
  })

  it('S21 a workspace cannot put a link of its own into the mail, and S10 no token is kept', async () => {
    const owner = await signUp(server)
    await act(owner, owner.tenantId, 'PATCH', '/tenant/settings', {
      name: 'Win at https://evil.example/<b>now</b>\r\nBcc: x@y.example',
    })
    const email = fresh()
    const { token } = await invited(owner, email)
    const [mail] = await mailed(email)
    expect(mail?.subject).toBe('Join Win at https evil example b now b Bcc x y example on Aionvision')
    expect(mail?.text).not.toContain('evil.example')
    expect(mail?.text).toContain(`${server.url}/auth/accept-invitation?token=${token}`)
    const kept = JSON.stringify([
      await server.db.selectFrom('invitations').selectAll().execute(),
      await server.db.selectFrom('audit_events').selectAll().execute(),
      (await server.deps.pool.query('SELECT * FROM graphile_worker._private_jobs')).rows,
    ])
    expect(kept + server.logs()).not.toContain(token)
  })

  it('looking at an invitation uses nothing up, a weak password neither, and another site cannot accept', async () => {
    const owner = await signUp(server)
    const email = fresh()
    const { token } = await invited(owner, email)
    const look = (token: string) => call(server, 'GET', `/api/v2/auth/session/invitation?token=${token}`)
    const send = (fields: object, headers: Record<string, string> = {}, cookie?: string) =>
      call(server, 'POST', '/api/v2/auth/session/accept-invitation', { body: fields, headers, ...(cookie && { cookie }) })
    for (let visit = 0; visit < 3; visit++) expect((await look(token)).body.account_exists).toBe(false)
    expect((await send({ token, name: 'Bo', password }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await send({ token, name: 'Bo', password: 'weak' })).status).toBe(422)
    const done = await send({ token, name: 'Bo', password })
    expect([done.status, done.headers.get('set-cookie')?.startsWith('aionvision_session=ses_')]).toEqual([200, true])
    expect((await look(token)).status).toBe(410)

    const person = await signUp(server, { plan: 'free' })
    const known = await invited(owner, person.email)
    expect((await look(known.token)).body.account_exists).toBe(true)
    const joined = await send({ token: known.token }, { 'sec-fetch-site': 'same-origin' }, person.cookie)
    expect([joined.status, (await rolesIn(owner.tenantId))[person.userId]]).toEqual([200, 'viewer'])
  })

  it('ownership goes to a member, the old owner stays as an admin', async () => {
    const owner = await signUp(server)
    const heir = await join(owner.tenantId, 'viewer')
    const pending = (await invite(owner, fresh())).body.id
    expect(verdict(await act(owner, owner.tenantId, 'POST', '/tenant/transfer-ownership', { user_id: pending }))).toEqual([
      404,
      'NOT_FOUND',
    ])
    expect(verdict(await act(owner, owner.tenantId, 'POST', '/tenant/transfer-ownership', { user_id: owner.userId }))).toEqual([
      409,
      'CONFLICT',
    ])
    expect((await act(owner, owner.tenantId, 'POST', '/tenant/transfer-ownership', { user_id: heir.userId })).status).toBe(200)
    expect(await rolesIn(owner.tenantId)).toEqual({ [owner.userId]: 'admin', [heir.userId]: 'owner' })
    expect((await act(heir, owner.tenantId, 'GET', '/tenant/settings')).body.owner_user_id).toBe(heir.userId)
    expect(verdict(await act(owner, owner.tenantId, 'POST', '/tenant/transfer-ownership', { user_id: owner.userId }))).toEqual([
      403,
      'INSUFFICIENT_PERMISSIONS',
    ])
    expect((await act(owner, owner.tenantId, 'POST', '/tenant/leave')).status).toBe(200)
  })

  it('there is exactly one owner after any number of transfers, removals and departures at once', async () => {
    for (let round = 0; round < 15; round++) {
      const owner = await signUp(server)
      const { tenantId } = owner
      const [first, second] = [await join(tenantId, 'admin'), await join(tenantId, 'admin')]
      const answers = await Promise.all([
        act(owner, tenantId, 'POST', '/tenant/transfer-ownership', { user_id: first.userId }),
        act(owner, tenantId, 'POST', '/tenant/transfer-ownership', { user_id: second.userId }),
        act(owner, tenantId, 'DELETE', `/tenant/members/${first.userId}`),
        act(first, tenantId, 'POST', '/tenant/leave'),
        act(second, tenantId, 'POST', '/tenant/leave'),
        act(owner, tenantId, 'PATCH', `/tenant/members/${second.userId}/role`, { role: 'viewer' }),
      ])
      expect(answers.every(({ status }) => status < 500)).toBe(true)
      const roles = await rolesIn(tenantId)
      const owners = Object.keys(roles).filter((id) => roles[id] === 'owner')
      const { owner_user_id } = await server.db
        .selectFrom('tenants')
        .select('owner_user_id')
        .where('id', '=', tenantId)
        .executeTakeFirstOrThrow()
      expect(owners).toEqual([owner_user_id])
    }
  }, 60_000)

  it('the owner takes keys over, of members present and past; none gains rights by it', async () => {
    const owner = await signUp(server)
    const { tenantId } = owner
    const admin = await join(tenantId, 'admin')
    const make = async (body: object) => {
      const made = await act(admin, tenantId, 'POST', '/api-keys', { name: 'k', ...body })
      expect(made.status).toBe(201)
      return made.body as { id: string; api_key: string }
    }
    const [plain, scoped, dead] = [await make({}), await make({ scopes: ['write'] }), await make({})]
    await act(owner, tenantId, 'DELETE', `/api-keys/${dead.id}`)
    const read = (key: string) => call(server, 'GET', `${api}/user-files`, { token: key })
    const write = (key: string) => call(server, 'DELETE', `${api}/user-files/${randomUUID()}`, { token: key })
    await act(owner, tenantId, 'PATCH', `/tenant/members/${admin.userId}/role`, { role: 'viewer' })
    expect(verdict(await write(scoped.api_key))).toEqual([403, 'INSUFFICIENT_PERMISSIONS'])
    await act(owner, tenantId, 'DELETE', `/tenant/members/${admin.userId}`)
    for (const key of [plain, scoped]) expect(verdict(await read(key.api_key))).toEqual([401, 'INVALID_API_KEY'])
    const taken = await act(owner, tenantId, 'POST', `/tenant/members/${admin.userId}/take-over-keys`)
    expect([taken.body.taken_over, taken.body.api_key_ids.sort()]).toEqual([2, [plain.id, scoped.id].sort()])
    for (const key of [plain, scoped]) expect((await read(key.api_key)).status).toBe(200)
    expect(verdict(await write(plain.api_key))).toEqual([403, 'INSUFFICIENT_PERMISSIONS'])
    expect((await write(scoped.api_key)).status).toBe(404)
    expect((await act(owner, tenantId, 'GET', `/api-keys/${plain.id}`)).body).toMatchObject({
      created_by: owner.userId,
      scopes: ['read'],
    })
    expect((await trail(tenantId)).at(-1)).toMatchObject({ event_type: 'api_key.taken_over', resource_id: admin.userId })
    expect(verdict(await act(owner, tenantId, 'POST', `/tenant/members/${admin.userId}/take-over-keys`))).toEqual([
      404,
      'NOT_FOUND',
    ])

    const editor = await join(tenantId, 'admin')
    const { id } = (await act(editor, tenantId, 'POST', '/api-keys', { name: 'k' })).body
    await server.db
      .updateTable('memberships')
      .set({ role: 'editor' })
      .where('user_id', '=', editor.userId)
      .where('tenant_id', '=', tenantId)
      .execute()
    await act(owner, tenantId, 'POST', `/tenant/members/${editor.userId}/take-over-keys`)
    expect((await act(owner, tenantId, 'GET', `/api-keys/${id}`)).body).toMatchObject({
      created_by: owner.userId,
      scopes: ['write'],
    })
  })

  it('taking over and rotating at once locks nobody out', async () => {
    const owner = await signUp(server)
    const admin = await join(owner.tenantId, 'admin')
    for (let round = 0; round < 20; round++) {
      const { id } = await (async () => (await act(admin, owner.tenantId, 'POST', '/api-keys', { name: 'k' })).body)()
      const answers = await Promise.all([
        act(owner, owner.tenantId, 'POST', `/api-keys/${id}/rotate`, { overlap_seconds: 60 }),
        act(owner, owner.tenantId, 'POST', `/tenant/members/${admin.userId}/take-over-keys`),
        act(owner, owner.tenantId, 'DELETE', `/api-keys/${id}`),
      ])
      expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    }
    expect((await createKey(server, owner)).id).toBeTruthy()
  })
})
