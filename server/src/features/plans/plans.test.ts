// GET /plans through HTTP: what a pricing page reads is what the limits are taken from.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, startTestServer, type TestServer } from '../../testing/harness.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ env: { AION_PLAN_OVERRIDES: '{"professional":{"priceUsd":49.5}}' } })
})
afterAll(() => server.stop())

test('anybody can read the four plans, overrides included', async () => {
  const answer = await call(server, 'GET', '/api/v2/plans')
  expect(answer.status).toBe(200)
  expect(answer.body.plans.map((plan: { title: string }) => plan.title)).toEqual([
    'FREE',
    'STARTER',
    'PROFESSIONAL',
    'ENTERPRISE',
  ])
  expect(answer.body.plans[1]).toEqual({
    name: 'starter',
    title: 'STARTER',
    price_usd: 15,
    requests_per_minute: 30,
    image_size_bytes_max: 52_428_800,
    document_size_bytes_max: 52_428_800,
    storage_bytes_max: 26_843_545_600,
    concurrent_uploads: 20,
    batch_files_max: 50,
    monthly_uploads: 10_000,
    active_keys: 10,
    api_access: true,
    audit_retention_days: 90,
  })
  expect(answer.body.plans[2].price_usd).toBe(49.5)
  expect(answer.body.plans[3]).toMatchObject({ price_usd: null, storage_bytes_max: null, monthly_uploads: null })
})
