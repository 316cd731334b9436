// S03: every route × every credential there is, from the route table itself; only the declared ones come through.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../testing/harness.ts'
import { levelOfPermission, type Role } from './principal.ts'

interface Operation {
  method: string
  path: string
  security: Record<string, unknown>[]
  'x-permission'?: keyof typeof levelOfPermission
  'x-scope'?: string
}

describe('S03 the route table is the policy table', () => {
  let server: TestServer
  let owner: Person
  let free: Person
  let operations: Operation[]
  const members = new Map<Role, string>()
  const keys = new Map<string, string>()
  const levels: Record<string, number> = { viewer: 1, editor: 2, admin: 3, owner: 4 }

  /** A session of its own for each call, since some of the calls end it. */
  async function sessionFor(userId: string): Promise<string> {
    const token = `ses_${randomBytes(32).toString('base64url')}`
    const now = new Date()
    await server.db
      .insertInto('sessions')
      .values({
        id: randomUUID(),
        token_hash: createHash('sha256').update(token).digest(),
        user_id: userId,
        created_at: now,
        authenticated_at: now,
        last_accessed_at: now,
      })
      .execute()
    return token
  }

  /** Before each call, since one of them leaves the workspace. */
  const join = (userId: string, role: Role) =>
    server.db
      .insertInto('memberships')
      .values({ tenant_id: owner.tenantId, user_id: userId, role, joined_at: new Date() })
      .onConflict((conflict) => conflict.doNothing())
      .execute()

  beforeAll(async () => {
    server = await startTestServer({ env: { AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: 100_000 } }) } })
    owner = await signUp(server)
    free = await signUp(server, { plan: 'free' })
    members.set('owner', owner.userId)
    for (const role of ['admin', 'editor', 'viewer'] as const) {
      const person = await signUp(server, { plan: 'free' })
      // Only the owner's tenant is left to them, so it is the one they act in.
      await server.db.deleteFrom('memberships').where('user_id', '=', person.userId).execute()
      await join(person.userId, role)
      members.set(role, person.userId)
    }
    for (const scopes of [['read'], ['write'], ['admin'], ['files:read']])
      keys.set(scopes[0] ?? '', (await createKey(server, owner, { scopes })).api_key)
    const document = (await call(server, 'GET', '/openapi.json')).body
    operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    )
  })
  afterAll(() => server.stop())

  const fill = (path: string) => path.replace(/\{[^}]+\}/g, randomUUID())
  const guarded = () => operations.filter((operation) => operation.security.length > 0)
  const send = (operation: Operation, token?: string) =>
    call(server, operation.method, fill(operation.path), token ? { token } : {})

  it('S03 refuses every guarded route without a credential, with 401 and a challenge', async () => {
    expect(guarded().length).toBeGreaterThan(40)
    for (const operation of guarded()) {
      const answer = await send(operation)
      expect([operation.method, operation.path, answer.status]).toEqual([operation.method, operation.path, 401])
      expect(answer.body.error.code).toBe('MISSING_CREDENTIALS')
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="aionvision"')
    }
  })

  it('S03 lets each role do what the route declares, and nothing above it', async () => {
    for (const operation of guarded())
      for (const [role, userId] of members) {
        await join(userId, role)
        const answer = await send(operation, await sessionFor(userId))
        const allowed = (levels[role] ?? 0) >= levelOfPermission[operation['x-permission'] ?? 'OWNER']
        const refused = answer.status === 401 || answer.body?.error?.code === 'INSUFFICIENT_PERMISSIONS'
        expect(`${role} ${operation.method} ${operation.path} ${refused}`).toBe(
          `${role} ${operation.method} ${operation.path} ${!allowed}`,
        )
      }
  })

  it('S03 lets each key do what its scopes cover, and never what needs a session', async () => {
    const keyLevels: Record<string, number> = { read: 1, write: 2, admin: 3, 'files:read': 0 }
    for (const operation of guarded())
      for (const [scope, key] of keys) {
        const answer = await send(operation, key)
        const open = operation.security.some((entry) => 'apiKey' in entry)
        const covered =
          (keyLevels[scope] ?? 0) >= levelOfPermission[operation['x-permission'] ?? 'OWNER'] || operation['x-scope'] === scope
        const code = !open ? 'SESSION_REQUIRED' : covered ? null : 'INSUFFICIENT_PERMISSIONS'
        const got = answer.status === 403 ? answer.body.error.code : null
        expect(`${scope} ${operation.method} ${operation.path} ${got}`).toBe(
          `${scope} ${operation.method} ${operation.path} ${code}`,
        )
        expect(answer.headers.get('x-ratelimit-limit')).toBe('100000')
      }
  })

  it('an unverified session reaches only what says so', async () => {
    const unverified = await signUp(server, { verified: false })
    for (const operation of guarded()) {
      const answer = await send(operation, await sessionFor(unverified.userId))
      const open = operation.path.startsWith('/api/v2/auth/session/') || operation.path === '/api/v2/user/profile'
      expect(`${operation.path} ${answer.body?.error?.code === 'EMAIL_NOT_VERIFIED'}`).toBe(`${operation.path} ${!open}`)
    }
  })

  it('a key whose tenant fell to FREE is told so on every route', async () => {
    // The matrix has ended the first session: one of its calls ends all others.
    const token = await sessionFor(owner.userId)
    const { api_key } = await createKey(server, { ...owner, token })
    await call(server, 'POST', '/api/v2/payment/subscription/update', { token, body: { action: 'cancel' } })
    for (const operation of guarded()) {
      const answer = await send(operation, api_key)
      if (answer.status === 429) break
      expect([operation.path, answer.body.error.code]).toEqual([operation.path, 'INSUFFICIENT_SUBSCRIPTION_TIER'])
      expect(answer.body.error.message).toBe('Insufficient subscription tier')
    }
    expect(free.tenantId).not.toBe(owner.tenantId)
  })
})
