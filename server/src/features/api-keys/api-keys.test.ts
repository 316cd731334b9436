// The life of a key, through HTTP: made, seen, changed, rotated, revoked; and everything that must not work.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, createKey, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { contrary, expectLocksInOrder } from '../../testing/lock-order.ts'
import { addUses, adoptKeys } from './queries.ts'

const base = '/api/v2/api-keys'
const probe = '/api/v2/user-files'

describe('api keys', () => {
  let server: TestServer
  let owner: Person
  const clock = fakeClock()
  beforeAll(async () => {
    server = await startTestServer({
      clock,
      env: {
        AION_PLAN_OVERRIDES: JSON.stringify({
          free: { requestsPerMinute: 10_000 },
          starter: { requestsPerMinute: 10_000, activeKeys: 400 },
        }),
      },
    })
    owner = await signUp(server)
  })
  afterAll(() => server.stop())

  const post = (body: unknown, token = owner.token) => call(server, 'POST', base, { token, body })
  const use = (key: string) => call(server, 'GET', probe, { token: key })

  it('creates a key that works at once, and shows it once', async () => {
    const made = await post({
      name: 'ci',
      description: 'd',
      scopes: ['read'],
      metadata: { team: 'a' },
      expires_at: new Date(clock.now() + 3_600_000).toISOString(),
    })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      name: 'ci',
      description: 'd',
      is_active: true,
      scopes: ['read'],
      metadata: { team: 'a' },
      environment: 'live',
      created_by: owner.userId,
    })
    expect(made.body.api_key).toMatch(/^aion_live_[0-9A-Za-z]{38}$/)
    expect(made.body.key_prefix).toBe(made.body.api_key.slice(0, 14))
    expect((await use(made.body.api_key)).status).toBe(200)
    for (const path of [base, `${base}/${made.body.id}`])
      expect((await call(server, 'GET', path, { token: owner.token })).text).not.toContain(made.body.api_key)
    expect((await post({ name: 't', environment: 'test' })).body.api_key).toMatch(/^aion_test_/)
  })

  it('lists with paging, and hides what is inactive unless asked', async () => {
    const person = await signUp(server)
    const ids: string[] = []
    for (const name of ['a', 'b', 'c']) ids.push((await createKey(server, person, { name })).id)
    await call(server, 'DELETE', `${base}/${ids[0]}?reason=lost`, { token: person.token })
    const list = async (query: string) => (await call(server, 'GET', base + query, { token: person.token })).body
    expect(await list('')).toMatchObject({ total: 2 })
    expect((await list('?limit=1&offset=1')).api_keys).toHaveLength(1)
    const all = await list('?include_inactive=true')
    expect(all.total).toBe(3)
    const revoked = all.api_keys.find((key: { id: string }) => key.id === ids[0])
    expect(revoked).toMatchObject({
      is_active: false,
      metadata: { deactivation_reason: 'lost', deactivated_at: expect.any(String) },
    })
  })

  it('refuses bad input with the code that says what is wrong', async () => {
    const cases: [unknown, number, string][] = [
      [{ name: 'x', scopes: ['root'] }, 400, 'UNKNOWN_SCOPE'],
      [{ name: 'x', scopes: ['files:readwrite'] }, 400, 'UNKNOWN_SCOPE'],
      [{ name: 'x', metadata: { created_by_user_id: 'me' } }, 400, 'RESERVED_METADATA'],
      [{ name: 'x', metadata: { deactivated_at: 1 } }, 400, 'RESERVED_METADATA'],
      [{ name: 'x', expires_at: new Date(clock.now() - 1000).toISOString() }, 422, 'VALIDATION_ERROR'],
      [{ name: '' }, 422, 'VALIDATION_ERROR'],
      [{ name: '   ' }, 422, 'VALIDATION_ERROR'],
      [{ name: 'a\0b' }, 422, 'VALIDATION_ERROR'],
      [{ name: 'x', metadata: { half: '\ud800' } }, 422, 'VALIDATION_ERROR'],
      [{ name: 'x', metadata: { '\udc00': 1 } }, 422, 'VALIDATION_ERROR'],
      [{ name: 'x'.repeat(256) }, 422, 'VALIDATION_ERROR'],
      [{}, 422, 'VALIDATION_ERROR'],
      [{ name: 'x', allowed_ips: ['10.0.0.0/33'] }, 422, 'VALIDATION_ERROR'],
      [{ name: 'x', allowed_ips: ['nowhere'] }, 422, 'VALIDATION_ERROR'],
      [{ name: 'x', rate_limit_per_minute: 10_001 }, 422, 'VALIDATION_ERROR'],
      [{ name: 'x', rate_limit_per_minute: 0 }, 422, 'VALIDATION_ERROR'],
    ]
    for (const [body, status, code] of cases) {
      const answer = await post(body)
      expect([JSON.stringify(body).slice(0, 80), answer.status, answer.body.error.code]).toEqual([
        JSON.stringify(body).slice(0, 80),
        status,
        code,
      ])
    }
  })

  it('checks in order: session, role, verified, plan, count', async () => {
    expect((await call(server, 'POST', base, { body: { name: 'x' } })).body.error.code).toBe('MISSING_CREDENTIALS')
    const unverified = await signUp(server, { verified: false })
    expect((await post({ name: 'x' }, unverified.token)).body.error.code).toBe('EMAIL_NOT_VERIFIED')
    const free = await signUp(server, { plan: 'free' })
    const tier = await post({ name: 'x' }, free.token)
    expect([tier.status, tier.body.error.code, tier.body.error.message]).toEqual([
      403,
      'INSUFFICIENT_SUBSCRIPTION_TIER',
      'Insufficient subscription tier',
    ])
    // Before the body is looked at.
    expect((await post({}, free.token)).body.error.code).toBe('INSUFFICIENT_SUBSCRIPTION_TIER')
    expect(tier.body.error.details).toEqual({
      current_plan: 'FREE',
      required_plan: 'STARTER',
      pricing_url: `${server.url}/pricing`,
    })
    await server.db.updateTable('memberships').set({ role: 'editor' }).where('user_id', '=', unverified.userId).execute()
    server.deps.changes.apply({ kind: 'user', id: unverified.userId })
    expect((await post({ name: 'x' }, unverified.token)).body.error.code).toBe('INSUFFICIENT_PERMISSIONS')
  })

  it('holds no more active keys than the plan, whatever arrives at once', async () => {
    const small = await startTestServer({ env: { AION_PLAN_OVERRIDES: JSON.stringify({ starter: { activeKeys: 3 } }) } })
    const person = await signUp(small)
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => call(small, 'POST', base, { token: person.token, body: { name: 'x' } })),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3)
    const refused = answers.filter(({ status }) => status !== 201)
    expect(new Set(refused.map(({ body }) => body.error.code))).toEqual(new Set(['KEY_LIMIT_REACHED']))
    await small.stop()
  })

  it('S01 creates nothing without a session, whatever the body names', async () => {
    const before = await server.db
      .selectFrom('api_keys')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    const body = { name: 'x', user_id: owner.userId, tenant_id: owner.tenantId, created_by: owner.userId }
    expect((await call(server, 'POST', base, { body })).status).toBe(401)
    expect((await call(server, 'POST', base, { body, headers: { 'x-tenant-id': owner.tenantId } })).status).toBe(401)
    const after = await server.db
      .selectFrom('api_keys')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    expect(after.count).toBe(before.count)
  })

  it('S02 ignores fields that a member may not set', async () => {
    const forbidden = {
      tier: 'enterprise',
      rate_limit: 1e6,
      is_active: false,
      key_hash: 'x',
      created_at: '2000-01-01T00:00:00Z',
      owner_user_id: randomUUID(),
      scopes: ['admin'],
      expires_at: null,
      usage_count: 9,
    }
    const { id } = await createKey(server, owner, { scopes: ['read'], expires_at: new Date(clock.now() + 1e6).toISOString() })
    const row = () => server.db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    const before = await row()
    expect(
      (await call(server, 'PUT', `${base}/${id}`, { token: owner.token, body: { ...forbidden, name: 'renamed' } })).status,
    ).toBe(200)
    expect(await row()).toEqual({ ...before, name: 'renamed', updated_at: expect.any(Date) })
    const made = await post({ ...forbidden, name: 'made', scopes: [], expires_at: null })
    expect(made.body).toMatchObject({ is_active: true, created_by: owner.userId, rate_limit_per_minute: null })
  })

  it('S04 lets no key manage keys, and rotation widens nothing', async () => {
    const { id, api_key } = await createKey(server, owner, { scopes: ['admin', 'api_keys:write'] })
    const attempts: [string, string, unknown][] = [
      ['POST', base, { name: 'x' }],
      ['GET', base, undefined],
      ['PUT', `${base}/${id}`, { name: 'x' }],
      ['POST', `${base}/${id}/rotate`, {}],
      ['DELETE', `${base}/${id}`, undefined],
    ]
    for (const [method, path, body] of attempts) {
      const answer = await call(server, method, path, { token: api_key, body })
      expect([method, answer.status, answer.body.error.code]).toEqual([method, 403, 'SESSION_REQUIRED'])
    }
    const until = new Date(clock.now() + 60_000).toISOString()
    const limited = await createKey(server, owner, {
      scopes: ['files:read'],
      expires_at: until,
      allowed_ips: ['127.0.0.1'],
      rate_limit_per_minute: 7,
    })
    const rotated = await call(server, 'POST', `${base}/${limited.id}/rotate`, {
      token: owner.token,
      body: { scopes: ['admin'], overlap_seconds: 604_800 },
    })
    expect(rotated.body).toMatchObject({
      scopes: ['files:read'],
      expires_at: until,
      allowed_ips: ['127.0.0.1'],
      rate_limit_per_minute: 7,
      rotated_from: limited.id,
    })
    const old = await call(server, 'GET', `${base}/${limited.id}`, { token: owner.token })
    expect(old.body).toMatchObject({ rotated_to: rotated.body.id, expires_at: until })
  })

  it('S05 S06 answers another tenant’s key like one that does not exist', async () => {
    const other = await signUp(server)
    const { id } = await createKey(server, other)
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PUT', '', { name: 'x' }],
      ['DELETE', '', undefined],
      ['POST', '/rotate', {}],
    ] as const) {
      const foreign = await call(server, method, `${base}/${id}${path}`, { token: owner.token, body })
      const unknown = await call(server, method, `${base}/${randomUUID()}${path}`, { token: owner.token, body })
      const nonsense = await call(server, method, `${base}/nonsense${path}`, { token: owner.token, body })
      expect([foreign.status, foreign.body.error]).toEqual([404, unknown.body.error])
      expect([nonsense.status, nonsense.body.error]).toEqual([404, unknown.body.error])
    }
    expect((await call(server, 'GET', `${base}/${id}`, { token: other.token })).body.name).toBe('test')
  })

  it('S07 compares scopes whole, and an empty list is the creator’s rights capped at admin', async () => {
    const read = await createKey(server, owner, { scopes: ['files:read'] })
    expect((await use(read.api_key)).status).toBe(200)
    const write = await call(server, 'POST', '/api/v2/user-files/batch-delete', {
      token: read.api_key,
      body: { file_ids: [randomUUID()] },
    })
    expect([write.status, write.body.error.details]).toEqual([403, { required: ['write', 'files:delete'], held: ['files:read'] }])
    const inherited = await createKey(server, owner)
    const allowed = await call(server, 'POST', '/api/v2/user-files/batch-delete', {
      token: inherited.api_key,
      body: { file_ids: [randomUUID()] },
    })
    expect(allowed.status).toBe(200)
    await server.db.updateTable('memberships').set({ role: 'viewer' }).where('user_id', '=', owner.userId).execute()
    server.deps.changes.apply({ kind: 'user', id: owner.userId })
    expect(
      (
        await call(server, 'POST', '/api/v2/user-files/batch-delete', {
          token: inherited.api_key,
          body: { file_ids: [randomUUID()] },
        })
      ).status,
    ).toBe(403)
    await server.db.updateTable('memberships').set({ role: 'owner' }).where('user_id', '=', owner.userId).execute()
    server.deps.changes.apply({ kind: 'user', id: owner.userId })
  })

  it('S38 the old key works until the overlap ends and not a second longer', async () => {
    const { id, api_key } = await createKey(server, owner)
    const rotated = await call(server, 'POST', `${base}/${id}/rotate`, { token: owner.token, body: { overlap_seconds: 100 } })
    expect(rotated.status).toBe(201)
    clock.advance(99_999)
    expect([(await use(api_key)).status, (await use(rotated.body.api_key)).status]).toEqual([200, 200])
    clock.advance(1)
    const ended = await use(api_key)
    expect([ended.status, ended.body.error.code]).toEqual([401, 'EXPIRED_API_KEY'])
    expect((await use(rotated.body.api_key)).status).toBe(200)
    const again = await call(server, 'POST', `${base}/${id}/rotate`, { token: owner.token, body: {} })
    expect([again.status, again.body.error.code]).toEqual([409, 'CONFLICT'])
  })

  it('S38 refuses an overlap that is negative, too long or no number, and S27 rotates once', async () => {
    const { id } = await createKey(server, owner)
    for (const overlap of ['-1', '604801', '1e400', '"NaN"', '1.5', 'null']) {
      const answer = await call(server, 'POST', `${base}/${id}/rotate`, {
        token: owner.token,
        body: `{"overlap_seconds":${overlap}}`,
      })
      expect([overlap, answer.status]).toEqual([overlap, 422])
    }
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call(server, 'POST', `${base}/${id}/rotate`, { token: owner.token })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)])
  })

  it('after DELETE has answered, 0 of 1,000 requests succeed, with 32 in flight meanwhile', async () => {
    const { id, api_key } = await createKey(server, owner)
    let deleted = false
    let late = 0
    let sent = 0
    const worker = async () => {
      while (!deleted || sent < 1000) {
        const startedAfter = deleted
        if (startedAfter) sent++
        const { status } = await use(api_key)
        if (startedAfter && status !== 401) late++
      }
    }
    const workers = Array.from({ length: 32 }, worker)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await call(server, 'DELETE', `${base}/${id}`, { token: owner.token })).status).toBe(204)
    deleted = true
    await Promise.all(workers)
    expect([late, sent >= 1000]).toEqual([0, true])
    expect((await use(api_key)).body.error.code).toBe('REVOKED_API_KEY')
  })

  it('S37 over 1,000 interleavings of first use and revocation, a revoked key is never alive again', async () => {
    // 503: too busy to know, asked again.
    const answerTo = async (api_key: string): Promise<number> => {
      const { status } = await use(api_key)
      return status === 503 ? answerTo(api_key) : status
    }
    const lane = async () => {
      const person = await signUp(server)
      for (let round = 0; round < 125; round++) {
        const { id, api_key } = await createKey(server, person)
        const uses = Array.from({ length: 3 }, () => use(api_key))
        await call(server, 'DELETE', `${base}/${id}`, { token: person.token })
        expect(await answerTo(api_key)).toBe(401)
        await Promise.all(uses)
        expect(await answerTo(api_key)).toBe(401)
      }
    }
    await Promise.all(Array.from({ length: 8 }, lane))
  }, 300_000)

  it('a key whose creator leaves is dead at once, and alive at once when they are back', async () => {
    const person = await signUp(server)
    const { api_key } = await createKey(server, person)
    const setRole = async (role: 'owner' | null) => {
      const change = { kind: 'user', id: person.userId } as const
      const { tenantId, userId } = person
      if (role)
        await server.db
          .insertInto('memberships')
          .values({ tenant_id: tenantId, user_id: userId, role, joined_at: new Date() })
          .execute()
      else await server.db.deleteFrom('memberships').where('tenant_id', '=', tenantId).where('user_id', '=', userId).execute()
      server.deps.changes.apply(change)
    }
    expect((await use(api_key)).status).toBe(200)
    await setRole(null)
    expect((await use(api_key)).status).toBe(401)
    await setRole('owner')
    expect((await use(api_key)).status).toBe(200)
  })

  it('rotating over and over holds no more overlaps than the plan holds keys', async () => {
    const small = await startTestServer({ env: { AION_PLAN_OVERRIDES: JSON.stringify({ starter: { activeKeys: 3 } }) } })
    const person = await signUp(small)
    let { id } = await createKey(small, person)
    const rotate = (overlap_seconds: number) =>
      call(small, 'POST', `${base}/${id}/rotate`, { token: person.token, body: { overlap_seconds } })
    for (let round = 0; round < 3; round++) {
      const answer = await rotate(604_800)
      expect(answer.status).toBe(201)
      id = answer.body.id
    }
    const refused = await rotate(604_800)
    expect([refused.status, refused.body.error.code]).toEqual([403, 'KEY_LIMIT_REACHED'])
    expect((await rotate(0)).status).toBe(201)
    await small.stop()
  })

  it('a plan change decides the very next request', async () => {
    const person = await signUp(server)
    const { api_key } = await createKey(server, person)
    const change = (body: object) => call(server, 'POST', '/api/v2/payment/subscription/update', { token: person.token, body })
    for (let round = 0; round < 10; round++) {
      expect((await use(api_key)).status).toBe(200)
      await change({ action: 'cancel' })
      expect((await use(api_key)).body.error.code).toBe('INSUFFICIENT_SUBSCRIPTION_TIER')
      await change({ action: 'upgrade', new_plan: 'starter' })
    }
  })

  it('keeps last_used_at, last_used_ip and usage_count without a write per request', async () => {
    const { id, api_key } = await createKey(server, owner)
    for (let round = 0; round < 25; round++) await use(api_key)
    await expect
      .poll(async () => (await call(server, 'GET', `${base}/${id}`, { token: owner.token })).body.usage_count, { timeout: 6_000 })
      .toBe(25)
    expect((await call(server, 'GET', `${base}/${id}`, { token: owner.token })).body).toMatchObject({
      last_used_ip: '127.0.0.1',
      last_used_at: expect.any(String),
    })
  })

  it('refuses an offset that no list is long enough for', async () => {
    const beyond = await call(server, 'GET', `${base}?offset=99999999999999999999`, { token: owner.token })
    expect([beyond.status, beyond.body.error.code]).toEqual([422, 'VALIDATION_ERROR'])
  })

  it('counts the same keys on two servers, and neither waits for the other for ever', async () => {
    const ids: [string, string] = [(await createKey(server, owner)).id, (await createKey(server, owner)).id]
    for (const given of [ids, [...ids].reverse()])
      await expectLocksInOrder(server, 'api_keys', ids, () =>
        addUses(
          server.deps.pool,
          given.map((id) => ({ id, count: 1, at: clock.now(), ip: '127.0.0.1' })),
        ),
      )
    for (const id of ids) expect((await call(server, 'GET', `${base}/${id}`, { token: owner.token })).body.usage_count).toBe(2)
  })

  it('takes keys over in the order in which they are counted', async () => {
    const person = await signUp(server)
    const made: string[] = []
    for (let count = 0; count < 8; count++) made.push((await createKey(server, person)).id)
    const { tenantId, userId: from } = person
    await expectLocksInOrder(server, 'api_keys', contrary(made), () =>
      server.db
        .transaction()
        .execute((trx) => adoptKeys(trx, { tenantId, from, to: owner.userId, inherited: [], at: new Date(clock.now()) })),
    )
  })

  it('writes every deed to the trail, and S10 no key anywhere', async () => {
    const { id, api_key } = await createKey(server, owner, { name: 'traced' })
    const rotated = await call(server, 'POST', `${base}/${id}/rotate`, { token: owner.token })
    await call(server, 'PUT', `${base}/${id}`, { token: owner.token, body: { name: 'again' } })
    await call(server, 'DELETE', `${base}/${id}`, { token: owner.token })
    const events = await server.db
      .selectFrom('audit_events')
      .selectAll()
      .where('api_key_id', '=', id)
      .orderBy('sequence')
      .execute()
    expect(events.map(({ event_type }) => event_type)).toEqual([
      'api_key.created',
      'api_key.rotated',
      'api_key.updated',
      'api_key.deleted',
    ])
    const rows = await server.db.selectFrom('api_keys').selectAll().execute()
    for (const secret of [api_key, rotated.body.api_key]) {
      expect(JSON.stringify(events)).not.toContain(secret)
      expect(JSON.stringify(rows)).not.toContain(secret)
      expect(server.logs()).not.toContain(secret)
    }
  })
})
