// S23 with 32 requests in flight: once a removal, a lowered role, an ended session or a required factor was answered, nothing comes through.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'

const api = '/api/v2'
/** Of each of the four kinds; `npm run revocation` does a thousand. */
const rounds = 13
const lanes = 32

describe('S23 the next request is refused', () => {
  let server: TestServer
  let second: TestServer
  const clock = fakeClock()
  beforeAll(async () => {
    const env = {
      AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: 1_000_000, activeKeys: 500 } }),
      AION_TENANT_CEILING_FACTOR: '0',
    }
    server = await startTestServer({ clock, env })
    second = await startTestServer({ clock, env, beside: server })
  })
  afterAll(async () => {
    await second.stop()
    await server.stop()
  })

  let owner: Person
  let member: Person
  let key: string
  const asOwner = async (method: string, path: string, body?: unknown) => {
    // Below every limit a minute, and fresh all the while.
    clock.advance(13_000)
    await server.db
      .updateTable('sessions')
      .set({ authenticated_at: new Date(clock.now()) })
      .where('user_id', '=', owner.userId)
      .execute()
    server.deps.changes.apply({ kind: 'user', id: owner.userId })
    return call(server, method, api + path, { token: owner.token, body })
  }
  const setRole = async (role: 'admin' | null) => {
    const row = { tenant_id: owner.tenantId, user_id: member.userId }
    await server.db.deleteFrom('memberships').where('tenant_id', '=', row.tenant_id).where('user_id', '=', row.user_id).execute()
    if (role)
      await server.db
        .insertInto('memberships')
        .values({ ...row, role, joined_at: new Date() })
        .execute()
    for (const { deps } of [server, second]) deps.changes.apply({ kind: 'user', id: member.userId })
  }
  beforeEach(async () => {
    owner = await signUp(server)
    member = await signUp(server, { plan: 'free' })
    await setRole('admin')
    const made = await call(server, 'POST', `${api}/api-keys`, {
      token: member.token,
      body: { name: 'k' },
      headers: { 'x-tenant-id': owner.tenantId },
    })
    key = made.body.api_key
  })

  interface Probe {
    readonly token: () => string
    readonly method: string
    readonly path: () => string
    /** The answer to a request that was let in. */
    readonly open: number
  }
  const bySession = (method: string, path: () => string, open: number): Probe => ({
    token: () => member.token,
    method,
    path,
    open,
  })
  const byKey = (method: string, path: () => string, open: number): Probe => ({ token: () => key, method, path, open })
  const unknownFile = () => `/user-files/${randomUUID()}`
  const readers = [bySession('GET', () => '/tenant/settings', 200), byKey('GET', () => '/user-files?limit=1', 200)]

  /** 32 lanes of requests; how many were let in before the deed was answered, and of those sent after it. */
  async function through(probes: readonly Probe[], deed: () => Promise<{ status: number }>) {
    let answered = false
    let stop = false
    const count = { before: 0, after: 0, sentAfter: 0 }
    const lane = async (index: number) => {
      const probe = probes[index % probes.length]
      if (!probe) return
      const { token, method, path, open } = probe
      while (!stop) {
        const late = answered
        const { status } = await call(server, method, api + path(), {
          token: token(),
          headers: token().startsWith('ses_') ? { 'x-tenant-id': owner.tenantId } : {},
        })
        if (late) count.sentAfter++
        if (status === open) count[late ? 'after' : 'before']++
        else if (late) return
      }
    }
    // Each lane ends with its first refusal after the answer.
    const running = Array.from({ length: lanes }, (_, index) => lane(index))
    for (let waited = 0; count.before < lanes && waited < 5_000; waited++) await new Promise((resolve) => setTimeout(resolve, 1))
    const done = await deed().catch((error: Error) => ({ status: error.message }))
    answered = true
    setTimeout(() => {
      stop = true
    }, 2_000).unref()
    await Promise.all(running)
    expect(done.status).toBe(200)
    return count
  }

  async function series(probes: readonly Probe[], deed: () => Promise<{ status: number }>, undo: () => Promise<unknown>) {
    let sentAfter = 0
    for (let round = 0; round < rounds; round++) {
      const count = await through(probes, deed)
      expect([round, count.after]).toEqual([round, 0])
      sentAfter += count.sentAfter
      await undo()
    }
    expect(sentAfter).toBeGreaterThanOrEqual(rounds * lanes)
  }

  it(
    'a member is removed: session and key',
    () =>
      series(
        readers,
        () => asOwner('DELETE', `/tenant/members/${member.userId}`),
        () => setRole('admin'),
      ),
    120_000,
  )

  it(
    'a role is lowered: session and key',
    () =>
      series(
        [bySession('DELETE', unknownFile, 404), byKey('DELETE', unknownFile, 404)],
        () => asOwner('PATCH', `/tenant/members/${member.userId}/role`, { role: 'viewer' }),
        () => setRole('admin'),
      ),
    120_000,
  )

  it('a session is revoked', () => {
    let other = ''
    return series(
      [bySession('GET', () => '/tenant/settings', 200)],
      async () => {
        const login = await call(server, 'POST', `${api}/auth/session/login`, {
          body: { email: member.email, password: member.password },
        })
        other = login.body.session_token
        const list = await call(server, 'GET', `${api}/auth/session/sessions`, { token: member.token })
        const current = list.body.find((session: { is_current: boolean }) => session.is_current)
        return call(server, 'DELETE', `${api}/auth/session/sessions/${current.session_id}`, { token: other })
      },
      async () => {
        member = { ...member, token: other }
      },
    )
  }, 120_000)

  it(
    'a factor is required',
    () =>
      series(
        [bySession('GET', () => '/tenant/settings', 200)],
        () => asOwner('PATCH', '/tenant/policy', { factor_required: true }),
        async () => {
          await server.db.updateTable('tenants').set({ factor_required: false }).where('id', '=', owner.tenantId).execute()
          for (const { deps } of [server, second]) deps.changes.apply({ kind: 'tenant', id: owner.tenantId })
        },
      ),
    120_000,
  )

  it('another server refuses as well, as soon as word has come', async () => {
    const read = (token: string) =>
      call(second, 'GET', `${api}/tenant/settings`, { token, headers: { 'x-tenant-id': owner.tenantId } })
    expect((await read(member.token)).status).toBe(200)
    await asOwner('DELETE', `/tenant/members/${member.userId}`)
    await expect.poll(async () => (await read(member.token)).status).toBe(404)
  })
})
