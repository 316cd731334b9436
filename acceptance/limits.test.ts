// From outside: a burst is admitted to the number of the plan exactly, and a revoked or fallen key is dead when the answer is there.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answer, call, changePlan, createKey, signUp, succeed } from './support/client.ts'
import { relaxed, type Server, startServer } from './support/server.ts'

let server: Server
beforeAll(async () => {
  const plans = { enterprise: { requestsPerMinute: 1_000_000 }, free: { requestsPerMinute: 1_000_000 } }
  const env = { AION_LIMIT_UNAUTHENTICATED: 'off', AION_TENANT_CEILING_FACTOR: '5', AION_PLAN_OVERRIDES: JSON.stringify(plans) }
  server = await startServer({ ...relaxed, ...env })
})
afterAll(() => server.discard())

const use = (key: string) => call(server.url, 'GET', '/api/v2/user-files?limit=1', { token: key })
const numberOf = (answer: Answer, header: string) => Number(answer.headers.get(header))

test('S15: of 300 parallel requests at limit 30 exactly 30 are admitted', async () => {
  const owner = await signUp(server.url)
  const { key } = await createKey(server.url, owner.session)
  const before = Date.now()
  const answers = await Promise.all(Array.from({ length: 300 }, () => use(key)))
  const admitted = answers.filter((answer) => answer.status === 200)
  const refused = answers.filter((answer) => answer.status === 429)
  expect([admitted.length, refused.length]).toEqual([30, 270])
  expect(admitted.map((answer) => numberOf(answer, 'x-ratelimit-remaining')).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 30 }, (_, index) => index),
  )
  for (const answer of refused) {
    expect(numberOf(answer, 'retry-after')).toBeGreaterThanOrEqual(1)
    expect(numberOf(answer, 'retry-after')).toBeLessThanOrEqual(60)
    expect(numberOf(answer, 'x-ratelimit-limit')).toBe(30)
    expect(numberOf(answer, 'x-ratelimit-remaining')).toBe(0)
    expect(numberOf(answer, 'x-ratelimit-reset') * 1000).toBeGreaterThanOrEqual(before + 59_000)
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect(answer.text('error.code')).toBe('RATE_LIMIT_ERROR')
    expect(answer.text('request_id')).toBe(answer.headers.get('x-request-id'))
  }
})

test('all keys of a workspace together have five times the number', async () => {
  const owner = await signUp(server.url)
  const keys = await Promise.all(Array.from({ length: 7 }, () => createKey(server.url, owner.session)))
  const answers = await Promise.all(keys.flatMap(({ key }) => Array.from({ length: 30 }, () => use(key))))
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(150)
})

test('after DELETE has answered, none of 1,000 requests succeeds, with 32 in flight meanwhile', async () => {
  const owner = await signUp(server.url, 'enterprise')
  const { id, key } = await createKey(server.url, owner.session)
  let deleted = false
  let after = 0
  let early = 0
  const succeededAfter: Answer[] = []
  const workers = Array.from({ length: 32 }, async () => {
    while (after < 1_000) {
      const startedAfter = deleted
      const answer = await use(key)
      if (!startedAfter) early++
      else if (++after && answer.status !== 401) succeededAfter.push(answer)
    }
  })
  while (early < 200) await use(key).then(() => early++)
  const answer = await succeed(call(server.url, 'DELETE', `/api/v2/api-keys/${id}?reason=over`, { token: owner.session }))
  deleted = true
  await Promise.all(workers)
  expect(answer.status).toBe(204)
  expect(after).toBeGreaterThanOrEqual(1_000)
  expect(succeededAfter.map(({ status }) => status)).toEqual([])
  expect((await use(key)).text('error.code')).toBe('REVOKED_API_KEY')
})

test('after a change of plan has answered, the key lives by the new one', async () => {
  const owner = await signUp(server.url, 'enterprise')
  const { key } = await createKey(server.url, owner.session)
  for (let round = 0; round < 5; round++) {
    const flood = Promise.all(Array.from({ length: 16 }, () => use(key)))
    await changePlan(server.url, owner.session, { action: 'cancel' })
    const fallen = await Promise.all(Array.from({ length: 16 }, () => use(key)))
    expect(fallen.map((answer) => answer.at('error.code'))).toEqual(Array(16).fill('INSUFFICIENT_SUBSCRIPTION_TIER'))
    await flood
    await changePlan(server.url, owner.session, { action: 'upgrade', new_plan: 'enterprise' })
    expect((await use(key)).status).toBe(200)
  }
})
