// Settings, limits and policy through HTTP: what is taken, what is refused, and what follows for keys at once.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call, createKey, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'

const api = '/api/v2'
const dayMs = 86_400_000

describe('settings, limits and policy', () => {
  let server: TestServer
  let owner: Person
  const clock = fakeClock()
  beforeAll(async () => {
    server = await startTestServer({ clock, env: { AION_OUTBOUND_ALLOW: 'localhost,10.1.2.3' } })
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    owner = await signUp(server)
  })

  const act = (method: string, path: string, body?: unknown, person = owner) =>
    call(server, method, api + path, { token: person.token, body })
  const patch = (body: unknown) => act('PATCH', '/tenant/settings', body)
  const policy = (body: unknown) => act('PATCH', '/tenant/policy', body)
  const days = (count: number) => new Date(clock.now() + count * dayMs).toISOString()

  it('shows the workspace as the contract has it', async () => {
    const { status, body } = await act('GET', '/tenant/settings')
    expect(status).toBe(200)
    expect(body).toEqual({
      id: owner.tenantId,
      name: "Ada's workspace",
      owner_user_id: owner.userId,
      created_at: expect.any(String),
      updated_at: expect.any(String),
      is_active: true,
      webhook_url: null,
      allowed_vlm_providers: [],
      allowed_domains: [],
      max_monthly_credits: 0,
      max_requests_per_minute: 30,
      custom_config: {},
      subscription_tier: 'starter',
      subscription_expires_at: null,
      current_month_credits: 0,
      current_month_cost: 0,
      total_credits: 0,
      total_cost: 0,
      supports_overage: false,
      included_credits: 0,
      overage_credits_used: 0,
      max_overage_credits: 0,
      overage_cost: 0,
    })
  })

  it('changes what is sent and nothing else, and names the fields in the trail', async () => {
    const all = {
      name: 'Kiln',
      webhook_url: 'https://hooks.example.com/aion?x=1',
      allowed_vlm_providers: ['openai', 'aws'],
      allowed_domains: ['App.Example.com', 'https://bücher.example', 'http://localhost:5173'],
      custom_config: { theme: { dark: true } },
    }
    const changed = await patch(all)
    expect(changed.body).toMatchObject({
      ...all,
      allowed_domains: ['app.example.com', 'https://xn--bcher-kva.example', 'http://localhost:5173'],
    })
    const nulls = Object.fromEntries(Object.keys(all).map((field) => [field, null]))
    const same = await patch(nulls)
    expect(same.body).toMatchObject({ ...changed.body, webhook_url: null, updated_at: expect.any(String) })
    expect((await patch({})).body).toEqual(same.body)
    expect((await patch({ allowed_domains: [], allowed_vlm_providers: [], custom_config: {} })).body).toMatchObject({
      allowed_domains: [],
      allowed_vlm_providers: [],
      custom_config: {},
    })
    const events = await server.db
      .selectFrom('audit_events')
      .select(['action', 'metadata'])
      .where('tenant_id', '=', owner.tenantId)
      .where('action', '=', 'tenant.update')
      .orderBy('sequence')
      .execute()
    expect(events.map(({ metadata }) => metadata)).toEqual([
      { fields: Object.keys(all) },
      { fields: ['webhook_url'] },
      { fields: ['allowed_vlm_providers', 'allowed_domains', 'custom_config'] },
    ])
  })

  it('refuses what it could not keep or would not send to', async () => {
    const faults: object[] = [
      { name: '' },
      { name: ' \n ' },
      { name: 'x'.repeat(256) },
      { webhook_url: 'http://hooks.example.com' },
      { webhook_url: 'http://127.0.0.1.example.com' },
      { webhook_url: 'ftp://hooks.example.com' },
      { webhook_url: 'javascript:alert(1)' },
      { webhook_url: 'https://user:secret@hooks.example.com' },
      { webhook_url: 'nowhere' },
      { webhook_url: 'https://127.0.0.1/hook' },
      { webhook_url: 'https://[::1]/hook' },
      { webhook_url: 'https://2130706433/hook' },
      { webhook_url: 'https://169.254.169.254/latest' },
      { webhook_url: 'https://metadata.localhost/' },
      { allowed_vlm_providers: ['other'] },
      { allowed_domains: ['*.example.com'] },
      { allowed_domains: ['https://example.com/path'] },
      { allowed_domains: ['example.com/path'] },
      { allowed_domains: ['a b'] },
      { allowed_domains: ['nonsense'] },
      { allowed_domains: ['-a.example.com'] },
      { allowed_domains: ['a..example.com'] },
      { allowed_domains: ['ftp://example.com'] },
      { allowed_domains: ['user@example.com'] },
      { custom_config: { blob: 'x'.repeat(16_400) } },
      { custom_config: { nul: 'a\0b' } },
      { custom_config: { half: '\ud800' } },
      { custom_config: [] },
    ]
    for (const [index, body] of faults.entries()) {
      if (index % 9 === 0) clock.advance(61_000)
      const answer = await patch(body)
      expect([JSON.stringify(body).slice(0, 60), answer.status, answer.body.error?.code]).toEqual([
        JSON.stringify(body).slice(0, 60),
        422,
        'VALIDATION_ERROR',
      ])
    }
    clock.advance(61_000)
    for (const webhook_url of ['http://localhost:9000/x', 'http://10.1.2.3:9000', 'https://hooks.example.com'])
      expect((await patch({ webhook_url })).status).toBe(200)
    await patch({ name: 'Kiln\r\nforged line' })
    expect((await act('GET', '/tenant/settings')).body.name).toBe('Kiln forged line')
  })

  it('allows ten changes a minute', async () => {
    for (let count = 0; count < 10; count++) expect((await patch({ name: `n${count}` })).status).toBe(200)
    const refused = await patch({ name: 'eleventh' })
    expect([refused.status, refused.body.error.code, Number(refused.headers.get('retry-after')) > 0]).toEqual([
      429,
      'RATE_LIMIT_ERROR',
      true,
    ])
  })

  it('allowed_domains decide the next request of every key', async () => {
    const { api_key } = await createKey(server, owner)
    const from = (origin: string) => call(server, 'GET', `${api}/user-files`, { token: api_key, headers: { origin } })
    expect((await from('https://evil.example')).status).toBe(200)
    await patch({ allowed_domains: ['https://app.example'] })
    expect((await from('https://evil.example')).body.error.code).toBe('ORIGIN_NOT_ALLOWED')
    expect((await from('https://app.example')).status).toBe(200)
  })

  it('limits tell the plan and what is truly used', async () => {
    const busy = await createKey(server, owner)
    const idle = await createKey(server, owner)
    for (let count = 0; count < 7; count++) await call(server, 'GET', `${api}/user-files`, { token: busy.api_key })
    await call(server, 'GET', `${api}/user-files`, { token: idle.api_key })
    await act('POST', `/api-keys/${idle.id}/rotate`)
    await server.db
      .insertInto('monthly_uploads')
      .values({ tenant_id: owner.tenantId, month: `${new Date(clock.now()).toISOString().slice(0, 7)}-01`, uploads: 12 })
      .execute()
    await server.db.updateTable('tenant_storage').set({ bytes: 4096 }).where('tenant_id', '=', owner.tenantId).execute()
    const limits = { monthly_uploads: 10_000, api_calls_per_minute: 30, storage_bytes: 25 * 2 ** 30, active_keys: 10 }
    const usage = { monthly_uploads: 12, api_calls_per_minute: 7, storage_bytes: 4096, active_keys: 2 }
    expect((await act('GET', '/tenant/limits')).body).toEqual({
      limits,
      usage,
      remaining: { monthly_uploads: 9_988, api_calls_per_minute: 23, storage_bytes: 25 * 2 ** 30 - 4096, active_keys: 8 },
      subscription_tier: 'starter',
    })
    await call(server, 'POST', `${api}/payment/subscription/update`, {
      token: owner.token,
      body: { action: 'upgrade', new_plan: 'enterprise' },
    })
    expect((await act('GET', '/tenant/limits')).body).toMatchObject({
      limits: { monthly_uploads: -1, storage_bytes: -1 },
      remaining: { monthly_uploads: -1, storage_bytes: -1 },
      subscription_tier: 'enterprise',
    })
  })

  it('a policy gives new keys their life, and refuses a longer one by name', async () => {
    const forever = await createKey(server, owner)
    const long = await createKey(server, owner, { expires_at: days(400) })
    expect((await act('GET', '/tenant/policy')).body).toEqual({
      max_key_life_days: null,
      default_key_life_days: null,
      allowed_ips: [],
      factor_required: false,
      keys_beyond_max_life: 0,
    })
    const expiry = async (body: object = {}) => (await act('POST', '/api-keys', { name: 'k', ...body })).body.expires_at
    expect((await policy({ default_key_life_days: 30 })).body.keys_beyond_max_life).toBe(0)
    expect([await expiry(), await expiry({ expires_at: null }), await expiry({ expires_at: days(1000) })]).toEqual([
      days(30),
      days(30),
      days(1000),
    ])
    expect((await policy({ max_key_life_days: 29 })).status).toBe(422)
    expect((await policy({ max_key_life_days: 90 })).body).toMatchObject({ max_key_life_days: 90, keys_beyond_max_life: 3 })
    const refused = await act('POST', '/api-keys', { name: 'k', expires_at: days(91) })
    expect([refused.status, refused.body.detail[0].loc, refused.body.detail[0].msg]).toEqual([
      422,
      ['body', 'expires_at'],
      'The policy of this workspace (max_key_life_days) lets a key live 90 days at most',
    ])
    expect(await expiry({ expires_at: days(90) })).toBe(days(90))
    await policy({ default_key_life_days: null })
    expect(await expiry()).toBe(days(90))
    // What was made before stays as it is; what follows it is bound.
    expect((await act('GET', `/api-keys/${forever.id}`)).body.expires_at).toBe(null)
    const rotate = async (id: string) => (await act('POST', `/api-keys/${id}/rotate`)).body.expires_at
    expect([await rotate(forever.id), await rotate(long.id)]).toEqual([days(90), days(90)])
  })

  it('rotation keeps an expiry that the policy allows', async () => {
    const { id } = await createKey(server, owner, { expires_at: days(5) })
    await policy({ max_key_life_days: 90, default_key_life_days: 30 })
    expect((await act('POST', `/api-keys/${id}/rotate`)).body.expires_at).toBe(days(5))
  })

  it('the policy’s addresses bind every key at once, besides its own', async () => {
    const open = await createKey(server, owner)
    const pinned = await createKey(server, owner, { allowed_ips: ['127.0.0.1'] })
    const elsewhere = await createKey(server, owner, { allowed_ips: ['192.0.2.1'] })
    const verdict = async ({ api_key }: { api_key: string }) =>
      (await call(server, 'GET', `${api}/user-files`, { token: api_key })).body.error?.code ?? 'in'
    const verdicts = async () => [await verdict(open), await verdict(pinned), await verdict(elsewhere)]
    expect(await verdicts()).toEqual(['in', 'in', 'IP_NOT_ALLOWED'])
    expect((await policy({ allowed_ips: ['198.51.100.0/24', '2001:db8::/32'] })).body.allowed_ips).toHaveLength(2)
    expect(await verdicts()).toEqual(['IP_NOT_ALLOWED', 'IP_NOT_ALLOWED', 'IP_NOT_ALLOWED'])
    await policy({ allowed_ips: ['127.0.0.0/8'] })
    expect(await verdicts()).toEqual(['in', 'in', 'IP_NOT_ALLOWED'])
    await policy({ allowed_ips: null })
    expect(await verdicts()).toEqual(['in', 'in', 'IP_NOT_ALLOWED'])
    // Nobody is shut out of what they would undo it with.
    expect((await act('GET', '/tenant/policy')).status).toBe(200)
  })

  it('a policy refuses what makes no sense', async () => {
    for (const body of [
      { max_key_life_days: 0 },
      { max_key_life_days: 3651 },
      { default_key_life_days: 1.5 },
      { max_key_life_days: 10, default_key_life_days: 11 },
      { allowed_ips: ['nowhere'] },
      { factor_required: 'yes' },
    ])
      expect([body, (await policy(body)).status]).toEqual([body, 422])
  })

  it('requiring a factor refuses the next request of who proved none', async () => {
    expect((await policy({ factor_required: true })).body.factor_required).toBe(true)
    expect((await act('GET', '/tenant/settings')).body.error.code).toBe('MFA_REQUIRED')
    // What one needs to add a factor, or to see where else one belongs, stays open.
    expect((await act('GET', '/user/tenants')).status).toBe(200)
  })
})
