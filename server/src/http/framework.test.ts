// What reaches the server in a form that the framework alone would answer, and addresses as proxies write them.
import { expect, test } from 'vitest'
import { call, createKey, signUp, startTestServer } from '../testing/harness.ts'

test('a path that is no URL is refused in the envelope, with the caller’s request id', async () => {
  const server = await startTestServer()
  try {
    const id = '0b5a9b1e-7d0c-4d7e-9a39-0d9b0f6f2a11'
    const answer = await call(server, 'GET', '/api/v2/%ZZ', { headers: { 'x-request-id': id } })
    expect([answer.status, answer.body.error.code, answer.body.request_id]).toEqual([400, 'BAD_REQUEST', id])
    expect([answer.headers.get('x-request-id'), answer.headers.get('x-content-type-options')]).toEqual([id, 'nosniff'])
  } finally {
    await server.stop()
  }
})

test('S14 a port behind a forwarded address is no part of it', async () => {
  const server = await startTestServer({ env: { AION_TRUSTED_PROXIES: '127.0.0.1', AION_LIMIT_UNAUTHENTICATED: '2/60' } })
  try {
    const from = (address: string) =>
      call(server, 'GET', '/api/v2/user-files', { token: 'x', headers: { 'x-forwarded-for': address } }).then(
        ({ status }) => status,
      )
    expect([await from('203.0.113.9:1234'), await from('203.0.113.9:5'), await from('203.0.113.9')]).toEqual([401, 401, 429])
    expect([await from('[2001:db8::1]:80'), await from('2001:db8::2'), await from('[2001:db8::3]')]).toEqual([401, 401, 429])
    expect([await from('not:an:address'), await from('garbage')]).toEqual([401, 401])
    const owner = await signUp(server)
    const { api_key } = await createKey(server, owner, { allowed_ips: ['203.0.113.0/24'] })
    const used = await call(server, 'GET', '/api/v2/user-files', {
      token: api_key,
      headers: { 'x-forwarded-for': '203.0.113.9:99' },
    })
    expect(used.status).toBe(200)
  } finally {
    await server.stop()
  }
})

test('a date alone, as the end of a span, is the whole day; a tenant on FREE is told so however much it asked', async () => {
  const server = await startTestServer()
  try {
    const owner = await signUp(server)
    const { api_key } = await createKey(server, owner)
    const today = new Date().toISOString().slice(0, 10)
    const logs = await call(server, 'GET', `/api/v2/tenant/audit-logs?date_from=${today}&date_to=${today}`, {
      token: owner.token,
    })
    expect(logs.body.total_count).toBeGreaterThan(0)
    const usage = await call(server, 'GET', `/api/v2/usage/summary?start_date=${today}&end_date=${today}`, { token: owner.token })
    expect(usage.status).toBe(200)
    for (let count = 0; count < 12; count++) await call(server, 'GET', '/api/v2/user-files', { token: api_key })
    await call(server, 'POST', '/api/v2/payment/subscription/update', { token: owner.token, body: { action: 'cancel' } })
    const refused = await call(server, 'GET', '/api/v2/user-files', { token: api_key })
    expect([refused.status, refused.body.error.code]).toEqual([403, 'INSUFFICIENT_SUBSCRIPTION_TIER'])
    expect(refused.headers.get('x-ratelimit-limit')).toBe('10')
  } finally {
    await server.stop()
  }
})
