// Usage: counted to the last request, whatever happens on the way, and shown to nobody else.
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import {
  type Answer,
  call,
  createKey,
  fakeClock,
  type Person,
  signUp,
  startTestServer,
  type TestServer,
} from '../../testing/harness.ts'
import { expectEmptyHands } from '../../testing/lock-order.ts'
import { upload } from '../../testing/uploads.ts'
import { trimRequests } from './queries.ts'
import { createUsageRecorder, newTally } from './recorder.ts'
import { usageTasks } from './tasks.ts'

const env = {
  AION_PLAN_OVERRIDES: JSON.stringify({
    starter: { requestsPerMinute: 100_000, activeKeys: 100, monthlyUploads: 10 },
  }),
  AION_TENANT_CEILING_FACTOR: '0',
}
/** In the afternoon of a day in the middle of a month. */
const started = Date.UTC(2026, 10, 17, 14, 30, 20)
const dayMs = 24 * 3_600_000
const clock = fakeClock(started)
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ clock, env })
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => server?.stop())

const read = (person: { token: string }, path: string, at = server): Promise<Answer> =>
  call(at, 'GET', `/api/v2/usage/${path}`, { token: person.token })
/** Readers are at most a second behind the process they ask. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 1_050))
const files = (key: string, at = server) => call(at, 'GET', '/api/v2/user-files', { token: key })

it('counts every request of every key to the last one before a clean stop, refused ones too', async () => {
  const owner = await signUp(server)
  const keys = await Promise.all(Array.from({ length: 5 }, () => createKey(server, owner)))
  const narrow = await createKey(server, owner, { scopes: ['read'], rate_limit_per_minute: 3 })
  const other = await startTestServer({ clock, env, beside: server })
  const perKey = 40
  await Promise.all(
    keys.flatMap(({ api_key }) =>
      Array.from({ length: perKey }, (_, index) =>
        index % 4 === 0
          ? call(other, 'GET', `/api/v2/nowhere/${index}`, { token: api_key })
          : index % 4 === 1
            ? call(other, 'GET', `/api/v2/user-files/${randomUUID()}`, { token: api_key })
            : files(api_key, other),
      ),
    ),
  )
  const answers = []
  for (let index = 0; index < 5; index++)
    answers.push((await call(other, 'DELETE', `/api/v2/user-files/${randomUUID()}`, { token: narrow.api_key })).status)
  expect(answers).toEqual([403, 403, 403, 429, 429])
  await other.stop()

  const total = 5 * perKey + 5
  const summary = await read(owner, 'summary')
  expect(summary.body.usage).toEqual({
    describe_count: 0,
    total_requests: total,
    successful_requests: 100,
    failed_requests: 105,
  })
  expect(summary.body.performance.avg_response_time_ms).toBeGreaterThan(0)
  for (const { id } of keys)
    expect((await read(owner, `summary?api_key_id=${id}`)).body.usage).toMatchObject({
      total_requests: perKey,
      successful_requests: 20,
    })
  const byPeriod = await read(owner, 'by-period')
  expect(byPeriod.body.data.at(-1)).toEqual({
    timestamp: '2026-11-17T00:00:00.000Z',
    value: total,
    failed: 105,
    label: '2026-11-17',
  })
  const details = await read(owner, `details?api_key_id=${narrow.id}&page_size=2`)
  expect(details.body.pagination).toEqual({ page: 1, page_size: 2, total_count: 5, total_pages: 3, available_count: 5 })
  const all = await read(owner, `details?api_key_id=${narrow.id}`)
  expect((await read(owner, `log?api_key_id=${narrow.id}`)).body.events).toEqual(all.body.events)
  expect((await read(owner, 'log?page_size=2501')).status).toBe(422)
  expect(all.body.events.map(({ error_code }: { error_code: string }) => error_code).sort()).toEqual([
    'INSUFFICIENT_PERMISSIONS',
    'INSUFFICIENT_PERMISSIONS',
    'INSUFFICIENT_PERMISSIONS',
    'RATE_LIMIT_ERROR',
    'RATE_LIMIT_ERROR',
  ])
  expect(all.body.events[0]).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    timestamp: new Date(started).toISOString(),
    operation_type: 'api_request',
    endpoint: '/api/v2/user-files/:image_id',
    method: 'DELETE',
    status_code: 429,
    response_time_ms: expect.any(Number),
    error_code: 'RATE_LIMIT_ERROR',
    api_key_id: narrow.id,
  })
  const top = await read(owner, 'top-endpoints?limit=2')
  expect(top.body.endpoints).toMatchObject([
    { endpoint: '/api/v2/user-files', method: 'GET', request_count: 100, successful_requests: 100, failed_requests: 0 },
    { endpoint: '(unknown)', method: 'GET', request_count: 50, successful_requests: 0, failed_requests: 50 },
  ])
})

it('shows a workspace nothing of another', async () => {
  const [ours, theirs] = [await signUp(server), await signUp(server)]
  const key = await createKey(server, ours)
  await files(key.api_key)
  await aMoment()
  expect((await read(ours, 'summary')).body.usage.total_requests).toBe(1)
  for (const query of ['', `?api_key_id=${key.id}`]) {
    expect((await read(theirs, `summary${query}`)).body.usage.total_requests).toBe(0)
    expect((await read(theirs, `details${query}`)).body.events).toEqual([])
    expect((await read(theirs, `details${query}`)).body.pagination.total_count).toBe(0)
    const points = (await read(theirs, `by-period${query}`)).body.data as { value: number }[]
    expect(points.every(({ value }) => value === 0)).toBe(true)
  }
  expect((await read(theirs, 'top-endpoints')).body.endpoints).toEqual([])
})

type Query = typeof server.deps.pool.query
function onBatch(instead: (write: () => Promise<unknown>) => Promise<unknown>): void {
  const query = server.deps.pool.query.bind(server.deps.pool) as (...given: unknown[]) => Promise<unknown>
  vi.spyOn(server.deps.pool, 'query').mockImplementation(((...given: [{ name?: string }]) =>
    given[0]?.name === 'usage-batch' ? instead(() => query(...given)) : query(...given)) as Query)
}

it('writes nothing twice when the answer of a write is lost, and nothing is lost when a write fails', async () => {
  const owner = await signUp(server)
  const { api_key } = await createKey(server, owner)
  let attempts = 0
  onBatch(async (write) => {
    attempts++
    if (attempts === 1) throw new Error('PostgreSQL is away')
    const written = await write()
    if (attempts === 2) throw new Error('the connection broke after the commit')
    return written
  })
  const seen: number[] = []
  let unwritten = 0
  for (let round = 0; round < 4; round++) {
    await files(api_key)
    await aMoment()
    const tried = attempts
    const shown = (await read(owner, 'summary')).body.usage.total_requests
    seen.push(shown)
    // Until a second attempt begins nothing is in the database.
    if (tried < 2 && attempts === tried) unwritten += shown
  }
  expect(attempts).toBeGreaterThanOrEqual(3)
  expect(unwritten).toBe(0)
  // How many attempts a round had room for is the machine's affair; a request that is shown twice, or no more, is ours.
  expect(seen).toEqual(seen.map((shown, round) => Math.max(seen[round - 1] ?? 0, Math.min(shown, round + 1))))
  expect(seen.at(-1)).toBe(4)
  expect((await read(owner, 'details')).body.pagination).toMatchObject({ total_count: 4, available_count: 4 })
})

it('is not held up by a workspace that is gone', async () => {
  const [gone, stays] = [await signUp(server), await signUp(server)]
  const [lost, kept] = [await createKey(server, gone), await createKey(server, stays)]
  await Promise.all([files(lost.api_key), files(kept.api_key)])
  await server.db.deleteFrom('tenants').where('id', '=', gone.tenantId).execute()
  await aMoment()
  expect((await read(stays, 'summary')).body.usage.total_requests).toBe(1)
  expect((await rowsOf(gone.tenantId)).length).toBe(0)
})

const rowsOf = (tenantId: string) =>
  server.db.selectFrom('usage_requests').select('id').where('tenant_id', '=', tenantId).execute()

it("keeps a workspace's newest 10,000 requests in full, and counts them all", async () => {
  const owner = await signUp(server)
  const { id, api_key } = await createKey(server, owner)
  const older = Array.from({ length: 10_000 }, (_, index) => ({
    tenant_id: owner.tenantId,
    at: new Date(started - dayMs + index),
    id: randomUUID(),
    api_key_id: id,
    route: 'GET /older',
    status_code: 200,
    milliseconds: 1,
  }))
  for (let from = 0; from < older.length; from += 2_000)
    await server.db
      .insertInto('usage_requests')
      .values(older.slice(from, from + 2_000))
      .execute()
  for (let index = 0; index < 3; index++) await files(api_key)
  await aMoment()
  const { events, pagination } = (await read(owner, 'details?page_size=100')).body
  expect(events.filter(({ endpoint }: { endpoint: string }) => endpoint === '/api/v2/user-files')).toHaveLength(3)
  expect(pagination).toMatchObject({ total_count: 3, total_pages: 100, available_count: 10_000 })
  const last = (await read(owner, 'details?page_size=100&page=100')).body.events.at(-1)
  expect(last.timestamp).toBe(older[3]?.at.toISOString())
  await trimRequests(server.deps.pool, owner.tenantId)
  expect(await rowsOf(owner.tenantId)).toHaveLength(10_000)
  expect((await read(owner, 'details?page_size=100&page=100')).body.events.at(-1)).toEqual(last)
})

it('takes a range from its first minute to before its end, and both from the calendar where they are left out', async () => {
  const owner = await signUp(server)
  const { id } = await createKey(server, owner)
  const at = (text: string, requests: number) => ({
    tenant_id: owner.tenantId,
    api_key_id: id,
    route: 'GET /somewhere',
    status_class: 2,
    minute: new Date(text),
    requests,
    milliseconds: 5 * requests,
  })
  await server.db
    .insertInto('usage_minutes')
    .values([
      at('2026-10-31T23:59:00Z', 1),
      at('2026-11-01T00:00:00Z', 10),
      at('2026-11-15T23:59:00Z', 100),
      at('2026-11-16T00:00:00Z', 1_000),
      at('2026-11-16T23:59:00Z', 10_000),
      at('2026-11-17T00:00:00Z', 100_000),
    ])
    .execute()
  const total = async (query: string) => (await read(owner, `summary?${query}`)).body.usage.total_requests
  expect(await total('period=month')).toBe(111_110)
  expect(await total('period=week')).toBe(111_000)
  expect(await total('period=day')).toBe(100_000)
  expect(await total('start_date=2026-11-01&end_date=2026-11-15')).toBe(110)
  // A day alone as the end is within the span.
  expect(await total('start_date=2026-11-01&end_date=2026-11-16')).toBe(11_110)
  expect(await total('start_date=2026-11-16T00:00:00Z&end_date=2026-11-16T23:59:00Z')).toBe(1_000)
  expect(await total('start_date=2026-11-16T01:00:30%2B01:00&end_date=2026-11-16T23:59:01Z')).toBe(11_000)
  expect(await total('end_date=2026-10-31')).toBe(1)
  const spans = (await read(owner, 'summary?start_date=2026-11-16T00:00:30Z&end_date=2026-11-16T23:59:01Z')).body.period
  expect(spans).toEqual({ start: '2026-11-16T00:00:00.000Z', end: '2026-11-17T00:00:00.000Z' })
  expect((await read(owner, 'summary')).body.performance.avg_response_time_ms).toBe(5)

  const points = async (query: string) => (await read(owner, `by-period?${query}`)).body.data
  const months = await points('period_type=month')
  expect(months).toHaveLength(12)
  expect(months.slice(-2)).toEqual([
    { timestamp: '2026-10-01T00:00:00.000Z', value: 1, failed: 0, label: '2026-10' },
    { timestamp: '2026-11-01T00:00:00.000Z', value: 111_110, failed: 0, label: '2026-11' },
  ])
  const days = await points('')
  expect(days).toHaveLength(30)
  expect(days.slice(-3).map(({ value }: { value: number }) => value)).toEqual([100, 11_000, 100_000])
  const hours = await points('period_type=hour&start_date=2026-11-16T23:30:00Z&end_date=2026-11-17T01:00:00Z')
  expect(hours).toEqual([
    { timestamp: '2026-11-16T23:00:00.000Z', value: 10_000, failed: 0, label: '2026-11-16 23:00' },
    { timestamp: '2026-11-17T00:00:00.000Z', value: 100_000, failed: 0, label: '2026-11-17 00:00' },
  ])
})

it.each([
  ['summary?period=decade', 'period'],
  ['summary?start_date=yesterday', 'start_date'],
  ['summary?start_date=2026-11-02&end_date=2026-11-01', 'end_date'],
  ['summary?start_date=2027-01-01', 'start_date'],
  ['summary?api_key_id=mine', 'api_key_id'],
  ['details?page=0', 'page'],
  ['details?page_size=101', 'page_size'],
  ['by-period?period_type=minute', 'period_type'],
  ['by-period?period_type=hour&start_date=2025-01-01', 'start_date'],
  ['plan?period=decade', 'period'],
  ['top-endpoints?limit=51', 'limit'],
  ['tokens/monthly?month=13', 'month'],
  ['tokens/files?limit=101', 'limit'],
  ['dashboard-analytics?period=day', 'period'],
])('refuses %s', async (path, field) => {
  const owner = await once()
  const answer = await read(owner, path)
  expect(answer.status).toBe(422)
  expect(answer.body.detail[0].loc).toEqual(['query', field])
})

let anybody: Promise<Person> | undefined
const once = () => {
  anybody ??= signUp(server)
  return anybody
}

it('tells what is left of the month: an upload is a credit', async () => {
  const owner = await signUp(server)
  const check = (body: unknown) => call(server, 'POST', '/api/v2/usage/check', { token: owner.token, body })
  for (let index = 0; index < 4; index++) await upload(server, owner, Buffer.concat([jpegHead, Buffer.from(randomUUID())]))
  const rest = {
    current_usage: 4,
    monthly_limit: 10,
    available_credits: 6,
    reset_date: '2026-12-01T00:00:00.000Z',
    prepaid_credits: 0,
    supports_overage: false,
    included_credits: 10,
    overage_credits_used: 0,
    max_overage_credits: 0,
    overage_cost: 0,
  }
  expect((await check({})).body).toEqual({ can_proceed: true, required_credits: 1, message: null, ...rest })
  expect((await check({ item_count: 6 })).body).toMatchObject({ can_proceed: true, required_credits: 6 })
  expect((await check({ item_count: 7 })).body).toEqual({
    can_proceed: false,
    required_credits: 7,
    message: "6 of this month's 10 uploads are left.",
    ...rest,
  })
  expect((await check({ item_count: -1 })).status).toBe(422)
  expect((await read(owner, 'breakdown')).body).toEqual({
    current_month: '2026-11',
    total_credits_used: 4,
    monthly_limit: 10,
    remaining_credits: 6,
    usage_percentage: 40,
    reset_date: '2026-12-01T00:00:00.000Z',
  })
  const summary = (await read(owner, 'summary')).body
  expect(summary.limits).toEqual({ monthly_limit: 10, used_this_month: 4, remaining: 6, percentage_used: 40 })
  expect(summary.plan).toEqual({
    name: 'STARTER',
    requests_limit: 10,
    requests_used: 4,
    requests_remaining: 6,
    usage_percentage: 40,
    renewal_date: '2026-12-01T00:00:00.000Z',
  })
  expect(summary.total_credits).toBe(4)

  await server.db.insertInto('monthly_uploads').values({ tenant_id: owner.tenantId, month: '2026-10-01', uploads: 3 }).execute()
  const plan = (await read(owner, 'plan?period=quarter')).body
  expect(plan.billing_period).toEqual({
    start_date: '2026-10-01T00:00:00.000Z',
    end_date: '2027-01-01T00:00:00.000Z',
    days_remaining: 44,
    renewal_date: '2026-12-01T00:00:00.000Z',
  })
  expect(plan.plan_details).toMatchObject({
    plan_name: 'STARTER',
    monthly_requests_limit: 10,
    requests_used: 4,
    requests_remaining: 6,
    usage_percentage: 40,
    requests_used_in_period: 7,
    features: { api_access: true, active_keys: 100 },
  })
  expect(plan.projections).toEqual({ projected_monthly_requests: 7, will_exceed_limit: false, trending: 'up' })
  expect(plan.optimization_recommendations).toEqual({ suggestions: [] })
  await server.db.updateTable('monthly_uploads').set({ uploads: 9 }).where('tenant_id', '=', owner.tenantId).execute()
  const ahead = (await read(owner, 'plan')).body
  expect(ahead.projections).toEqual({ projected_monthly_requests: 16, will_exceed_limit: true, trending: 'up' })
  expect(ahead.optimization_recommendations.suggestions).toHaveLength(1)
  expect((await read(owner, 'plan?include_projections=false')).body.projections).toBeNull()

  const dashboard = (await read(owner, 'dashboard-analytics?period=week')).body
  expect(dashboard.daily_activity).toHaveLength(7)
  expect(dashboard.daily_activity.at(-1)).toEqual({ date: '2026-11-17', files_uploaded: 4, chat_messages: 0 })
  expect(dashboard).toMatchObject({ total_files_uploaded: 4, avg_processing_time_ms: null, success_rate: null, total_tokens: 0 })
})
const jpegHead = Buffer.from('ffd8ffe000104a46494600010100000100010000ffc0000b080002000301011100', 'hex')

it('says -1 where the plan has no limit', async () => {
  const owner = await signUp(server, { plan: 'enterprise' })
  const answer = await call(server, 'POST', '/api/v2/usage/check', { token: owner.token, body: { item_count: 1_000_000 } })
  expect(answer.body).toMatchObject({ can_proceed: true, monthly_limit: -1, available_credits: -1, included_credits: -1 })
  expect((await read(owner, 'breakdown')).body).toMatchObject({ monthly_limit: -1, remaining_credits: -1, usage_percentage: 0 })
  expect((await read(owner, 'plan')).body.projections.will_exceed_limit).toBe(false)
})

it('tells the truth about tokens: none', async () => {
  const owner = await once()
  const none = { total_input_tokens: 0, total_output_tokens: 0 }
  expect((await read(owner, 'tokens/monthly')).body).toEqual({ year: 2026, month: 11, ...none, total_tokens: 0 })
  expect((await read(owner, 'tokens/monthly?year=2025&month=2')).body).toMatchObject({ year: 2025, month: 2 })
  expect((await read(owner, 'tokens/files')).body).toEqual({ files: [], total_count: 0, ...none })
  expect((await read(owner, 'tokens/conversations')).body).toEqual({ conversations: [], total_count: 0, ...none })
})

it.each([
  ['GET', 'summary', 30],
  ['POST', 'check', 60],
])('answers %s %s so often in a minute and no more', async (method, path, count) => {
  const owner = await signUp(server)
  const { api_key } = await createKey(server, owner, { scopes: ['usage:read'] })
  const ask = () =>
    call(server, method, `/api/v2/usage/${path}`, { token: api_key, ...(method === 'POST' && { body: { item_count: 1 } }) })
  const statuses = []
  for (let index = 0; index <= count; index++) statuses.push((await ask()).status)
  expect(statuses).toEqual([...Array(count).fill(200), 429])
  expect((await read(owner, 'summary')).status).toBe(200)
})

it('mails owner and admins once when four fifths of the month are used, and once when all is', async () => {
  const [owner, admin, viewer, unverified] = [
    await signUp(server),
    await signUp(server, { plan: 'free' }),
    await signUp(server, { plan: 'free' }),
    await signUp(server, { verified: false }),
  ]
  for (const [{ userId }, role] of [
    [admin, 'admin'],
    [viewer, 'viewer'],
    [unverified, 'admin'],
  ] as const)
    await server.db
      .insertInto('memberships')
      .values({ tenant_id: owner.tenantId, user_id: userId, role, joined_at: new Date() })
      .execute()
  const tasks = usageTasks(server.deps).tasks
  const use = async (uploads: number) => {
    await server.db
      .insertInto('monthly_uploads')
      .values({ tenant_id: owner.tenantId, month: '2026-11-01', uploads })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'month']).doUpdateSet({ uploads }))
      .execute()
    // Two servers look at the same time.
    await Promise.all([tasks['notice-usage-limits']?.({}), tasks['notice-usage-limits']?.({})])
    while (await unsent()) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const unsent = async () => {
    const { rows } = await server.deps.pool.query("SELECT FROM graphile_worker.jobs WHERE task_identifier = 'mail-usage-limit'")
    return rows.length > 0
  }
  const subjects = async (person: Person, count: number) =>
    (await server.mail.to(person.email, count)).map(({ subject }) => subject)
  await use(7)
  await use(8)
  await use(9)
  for (const person of [owner, admin]) expect((await subjects(person, 2))[0]).toBe("80 % of this month's uploads are used")
  await use(10)
  for (const person of [owner, admin]) {
    expect(await subjects(person, 3)).toHaveLength(3)
    expect((await subjects(person, 3))[0]).toBe("This month's uploads are used up")
  }
  expect(await subjects(viewer, 1)).toHaveLength(1)
  expect(await subjects(unverified, 1)).toHaveLength(1)
})

it('mails only that all is used when nobody looked in between', async () => {
  const owner = await signUp(server)
  await server.db.insertInto('monthly_uploads').values({ tenant_id: owner.tenantId, month: '2026-11-01', uploads: 10 }).execute()
  for (let times = 0; times < 2; times++) await usageTasks(server.deps).tasks['notice-usage-limits']?.({})
  const mails = await server.mail.to(owner.email, 2)
  expect(mails).toHaveLength(2)
  expect(mails[0]?.text).toContain('10 of 10')
})

it('forgets minutes after 13 months, requests after 30 days, batches after a day', async () => {
  const owner = await signUp(server)
  const { id } = await createKey(server, owner)
  const common = { tenant_id: owner.tenantId, api_key_id: id, route: 'GET /somewhere', milliseconds: 1 }
  const minute = (at: number) => ({ ...common, minute: new Date(at), status_class: 2, requests: 1 })
  const request = (at: number) => ({ ...common, at: new Date(at), id: randomUUID(), status_code: 200 })
  const oldest = Date.UTC(2025, 9, 1)
  await server.db
    .insertInto('usage_minutes')
    .values([minute(oldest - 60_000), minute(oldest)])
    .execute()
  await server.db
    .insertInto('usage_requests')
    .values([request(clock.now() - 30 * dayMs - 1), request(clock.now() - 30 * dayMs + 60_000)])
    .execute()
  const [old, young] = [randomUUID(), randomUUID()]
  await server.db
    .insertInto('usage_batches')
    .values([
      { id: old, written_at: new Date(clock.now() - dayMs - 1) },
      { id: young, written_at: new Date(clock.now() - dayMs + 60_000) },
    ])
    .execute()
  await usageTasks(server.deps).tasks['prune-usage']?.({})
  const minutes = await server.db.selectFrom('usage_minutes').select('minute').where('tenant_id', '=', owner.tenantId).execute()
  expect(minutes).toEqual([{ minute: new Date(oldest) }])
  expect(await rowsOf(owner.tenantId)).toHaveLength(1)
  const batches = await server.db.selectFrom('usage_batches').select('id').where('id', 'in', [old, young]).execute()
  expect(batches).toEqual([{ id: young }])
})

it('waits for a workspace that is being deleted with nothing in its hands', async () => {
  const { tenantId } = await signUp(server)
  const recorder = createUsageRecorder(server.deps)
  const principal = { kind: 'key', keyId: randomUUID(), tenantId, tally: newTally() }
  const use = (route: string) =>
    recorder.record({ principal, route, errorCode: null } as unknown as FastifyRequest, { statusCode: 200 } as FastifyReply, 1)
  use('GET /a')
  await recorder.flush()
  use('GET /a')
  use('GET /b')
  await expectEmptyHands(server, {
    held: `SELECT 1 FROM tenants WHERE id = '${tenantId}' FOR UPDATE`,
    wanted: `SELECT 1 FROM usage_minutes WHERE tenant_id = '${tenantId}' FOR UPDATE`,
    write: () => recorder.flush(),
  })
  const rows = await server.db
    .selectFrom('usage_minutes')
    .select(['route', 'requests'])
    .where('tenant_id', '=', tenantId)
    .execute()
  expect(new Map(rows.map(({ route, requests }) => [route, requests]))).toEqual(
    new Map([
      ['GET /a', 2],
      ['GET /b', 1],
    ]),
  )
})
