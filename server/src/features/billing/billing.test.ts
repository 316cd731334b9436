// /payment through HTTP: who may change a plan, in which direction, and that the next request already sees it.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const update = (person: Person, body: Record<string, unknown>, on = server) =>
  call(on, 'POST', '/api/v2/payment/subscription/update', { token: person.token, body })
const status = (person: Person, query = '') =>
  call(server, 'GET', `/api/v2/payment/subscription/status${query}`, { token: person.token })

/** A member of `owner`'s tenant who has none of their own to act in. */
async function memberOf(owner: Person, role: 'admin' | 'viewer'): Promise<Person> {
  const person = await signUp(server, { plan: 'free' })
  await server.db
    .insertInto('memberships')
    .values({ tenant_id: owner.tenantId, user_id: person.userId, role, joined_at: new Date() })
    .execute()
  server.deps.changes.apply({ kind: 'user', id: person.userId })
  return person
}

describe('update', () => {
  test('goes up, down and back to FREE at once, and the trail says so', async () => {
    const owner = await signUp(server, { plan: 'free' })
    expect((await status(owner)).body).toMatchObject({ status: 'none', plan_name: 'Free' })
    const up = await update(owner, { action: 'upgrade', new_plan: 'professional', tenant_id: owner.tenantId })
    expect(up.status).toBe(200)
    expect(up.body).toEqual({ success: true, message: expect.any(String), subscription_id: null, tenant_id: owner.tenantId })
    expect((await status(owner)).body).toMatchObject({ status: 'active', plan_name: 'Professional', cancel_at_period_end: false })
    expect((await update(owner, { action: 'downgrade', new_plan: 'starter' })).status).toBe(200)
    expect((await status(owner)).body.plan_name).toBe('Starter')
    expect((await update(owner, { action: 'cancel' })).status).toBe(200)
    expect((await status(owner)).body).toMatchObject({ status: 'none', plan_name: 'Free' })
    const trail = await server.db
      .selectFrom('audit_events')
      .select(['action', 'user_id', 'metadata'])
      .where('tenant_id', '=', owner.tenantId)
      .where('action', 'like', 'plan.%')
      .orderBy('sequence')
      .execute()
    expect(trail.map(({ action, user_id }) => [action, user_id])).toEqual(
      ['plan.upgrade', 'plan.downgrade', 'plan.cancel'].map((action) => [action, owner.userId]),
    )
    expect(trail[0]?.metadata).toMatchObject({ from: 'free', to: 'professional' })
  })

  test.each([
    [{ action: 'upgrade' }],
    [{ action: 'upgrade', new_plan: null }],
    [{ action: 'upgrade', new_plan: 'starter' }],
    [{ action: 'upgrade', new_plan: 'professional' }],
    [{ action: 'downgrade', new_plan: 'professional' }],
    [{ action: 'downgrade', new_plan: 'enterprise' }],
    [{ action: 'resume' }],
  ])('409 on PROFESSIONAL: %j', async (body) => {
    const owner = await signUp(server, { plan: 'professional' })
    const answer = await update(owner, body)
    expect([answer.status, answer.body.error.code]).toEqual([409, 'CONFLICT'])
    expect((await status(owner)).body.plan_name).toBe('Professional')
  })

  test('409: nothing to cancel on FREE', async () => {
    expect((await update(await signUp(server, { plan: 'free' }), { action: 'cancel' })).status).toBe(409)
  })

  test('resume undoes a pending cancellation', async () => {
    const owner = await signUp(server)
    await server.db.updateTable('tenants').set({ cancel_at_period_end: true }).where('id', '=', owner.tenantId).execute()
    expect((await status(owner)).body.cancel_at_period_end).toBe(true)
    expect((await update(owner, { action: 'resume' })).status).toBe(200)
    expect((await status(owner)).body.cancel_at_period_end).toBe(false)
  })

  test.each([[{}], [{ action: 'explode' }], [{ action: 'upgrade', new_plan: 'gold' }], [{ action: 'cancel', tenant_id: 'x' }]])(
    '422: %j',
    async (body) => {
      expect((await update(await signUp(server), body)).status).toBe(422)
    },
  )

  test('a plan that fell refuses the key on the very next request, and takes it back when it rises', async () => {
    const owner = await signUp(server)
    const { api_key } = await createKey(server, owner)
    const use = async () => (await call(server, 'GET', '/api/v2/user-files', { token: api_key })).status
    expect(await use()).toBe(200)
    for (const expected of [403, 200, 403, 200]) {
      await update(owner, expected === 403 ? { action: 'cancel' } : { action: 'upgrade', new_plan: 'starter' })
      expect(await use()).toBe(expected)
    }
  })

  test('of two changes at the same time one sees the other', async () => {
    const owner = await signUp(server, { plan: 'free' })
    const answers = await Promise.all(Array.from({ length: 8 }, () => update(owner, { action: 'upgrade', new_plan: 'starter' })))
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(7).fill(409)])
  })
})

describe('who', () => {
  test('403 for anybody but the owner, 404 for a workspace that is not theirs', async () => {
    const owner = await signUp(server)
    for (const role of ['admin', 'viewer'] as const) {
      const member = await memberOf(owner, role)
      const inTenant = { token: member.token, headers: { 'x-tenant-id': owner.tenantId } }
      const answer = await call(server, 'POST', '/api/v2/payment/subscription/update', {
        ...inTenant,
        body: { action: 'cancel' },
      })
      expect([answer.status, answer.body.error.code]).toEqual([403, 'INSUFFICIENT_PERMISSIONS'])
      expect((await call(server, 'GET', '/api/v2/payment/subscription/status', inTenant)).status).toBe(403)
      expect((await update(member, { action: 'cancel', tenant_id: owner.tenantId })).body.error.details).toEqual({
        required: ['OWNER'],
        held: [role],
      })
    }
    const stranger = await signUp(server)
    for (const tenantId of [owner.tenantId, randomUUID()]) {
      const answer = await update(stranger, { action: 'cancel', tenant_id: tenantId })
      expect([answer.status, answer.body.error.message]).toEqual([404, 'There is no such workspace.'])
      expect((await status(stranger, `?tenant_id=${tenantId}`)).status).toBe(404)
    }
    expect((await status(owner)).body.plan_name).toBe('Starter')
  })

  test('403 SESSION_REQUIRED for a key, 401 for nobody', async () => {
    const { api_key } = await createKey(server, await signUp(server))
    const byKey = await call(server, 'GET', '/api/v2/payment/subscription/status', { token: api_key })
    expect([byKey.status, byKey.body.error.code]).toEqual([403, 'SESSION_REQUIRED'])
    expect((await call(server, 'GET', '/api/v2/payment/subscription/status')).status).toBe(401)
  })
})

describe('status and credits', () => {
  test('name the workspace, and warn when the caller did not', async () => {
    const owner = await signUp(server)
    const named = await status(owner, `?tenant_id=${owner.tenantId}`)
    expect(named.body).toEqual({
      status: 'active',
      current_period_start: null,
      current_period_end: null,
      cancel_at_period_end: false,
      trial_end: null,
      plan_name: 'Starter',
      tenant_id: owner.tenantId,
      deprecation_warning: null,
      has_billing_history: false,
    })
    expect((await status(owner)).body.deprecation_warning).toMatch(/tenant_id/)
    const credits = await call(server, 'GET', `/api/v2/payment/credit-balance?tenant_id=${owner.tenantId}`, {
      token: owner.token,
    })
    expect(credits.body).toEqual({ prepaid_balance: 0, included_remaining: 0, total_available: 0, recent_purchases: [] })
    expect((await call(server, 'GET', '/api/v2/payment/credit-balance', { token: owner.token })).status).toBe(422)
  })
})

describe('without a payment provider', () => {
  test('checkout, packs and portal answer 501', async () => {
    const owner = await signUp(server)
    for (const [path, body] of [
      ['checkout', { plan: 'starter', tenant_id: owner.tenantId }],
      ['credit-packs/checkout', { pack_type: 'pack_250', tenant_id: owner.tenantId }],
      ['billing-portal', undefined],
    ] as const) {
      const answer = await call(server, 'POST', `/api/v2/payment/${path}`, { token: owner.token, ...(body && { body }) })
      expect([path, answer.status, answer.body.error?.code]).toEqual([path, 501, 'PAYMENTS_NOT_CONFIGURED'])
    }
  })

  test('where owners may not change plans themselves, 501 and no change', async () => {
    const strict = await startTestServer({ env: { AION_SELF_SERVICE_PLANS: 'false' } })
    try {
      const owner = await signUp(strict, { plan: 'free' })
      for (const body of [{ action: 'upgrade', new_plan: 'starter' }, { action: 'cancel' }, { action: 'resume' }]) {
        const answer = await update(owner, body, strict)
        expect([answer.status, answer.body.error.code]).toEqual([501, 'PAYMENTS_NOT_CONFIGURED'])
      }
    } finally {
      await strict.stop()
    }
  })
})
