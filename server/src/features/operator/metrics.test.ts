// What /metrics tells, and whom, through HTTP.
import { request } from 'node:http'
import { expect, test, vi } from 'vitest'
import { call, createKey, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'

/** `fetch` names no other host than the one it asks. */
function statusFor(server: TestServer, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${server.url}/metrics`, { headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

/** None may be off in production. */
const limits = Object.fromEntries(
  ['LOGIN', 'REGISTER', 'RESET', 'RESEND', 'UNAUTHENTICATED'].map((name) => [`AION_LIMIT_${name}`, '1000/60']),
)

function read(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

test('requests, decisions, keys, jobs, the pool and what is stood on are counted; no path, key or address is in it, and only this machine is told', async () => {
  const server = await startTestServer({ env: { AION_PLAN_OVERRIDES: JSON.stringify({ starter: { requestsPerMinute: 2 } }) } })
  try {
    const person = await signUp(server)
    const { id, api_key: key } = await createKey(server, person)
    const statuses: number[] = []
    for (let count = 0; count < 3; count++)
      statuses.push((await call(server, 'GET', '/api/v2/user-files?limit=1', { token: key })).status)
    expect(statuses).toEqual([200, 200, 429])
    await call(server, 'GET', '/there/is/no/such/path')
    await call(server, 'GET', `/api/v2/api-keys/${id}`, { token: person.token })
    const answer = await call(server, 'GET', '/metrics')
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'no-store',
    ])
    const metrics = read(answer.text)
    const requests = (labels: string) => metrics.get(`aion_http_request_duration_seconds_count{${labels}}`)
    expect(requests('method="GET",route="/api/v2/user-files",status="2xx"')).toBe(2)
    expect(requests('method="GET",route="/api/v2/user-files",status="4xx"')).toBe(1)
    expect(requests('method="",route="(none)",status="4xx"')).toBe(1)
    const bucket = (le: string) =>
      metrics.get(`aion_http_request_duration_seconds_bucket{method="GET",route="/api/v2/user-files",status="2xx",le="${le}"}`)
    expect([bucket('10'), bucket('+Inf')]).toEqual([2, 2])
    expect(
      metrics.get('aion_http_request_duration_seconds_sum{method="GET",route="/api/v2/user-files",status="2xx"}'),
    ).toBeGreaterThan(0)
    expect(metrics.get('aion_rate_limit_decisions_total{counters="exact",decision="refused"}')).toBe(1)
    expect(metrics.get('aion_rate_limit_decisions_total{counters="exact",decision="admitted"}')).toBeGreaterThanOrEqual(2)
    expect(metrics.get('aion_rate_limit_decisions_total{counters="shares",decision="admitted"}')).toBe(0)
    expect(metrics.get('aion_key_cache_lookups_total{result="miss"}')).toBe(1)
    expect(metrics.get('aion_key_cache_lookups_total{result="hit"}')).toBe(2)
    for (const dependency of ['database', 'changes', 'object_store'])
      expect(metrics.get(`aion_dependency_up{dependency="${dependency}"}`)).toBe(1)
    expect(metrics.get('aion_database_pool_max')).toBe(20)
    expect(metrics.get('aion_jobs{state="failed"}')).toBe(0)
    expect(answer.text).toMatch(/^aion_build_info\{version="[\d.]+",node="v[\d.]+"\} 1$/m)
    expect([...metrics.values()].every(Number.isFinite)).toBe(true)
    for (const secret of [id, key, person.tenantId, person.email, person.token, 'no/such/path'])
      expect(answer.text).not.toContain(secret)
    const elsewhere: Record<string, string>[] = [
      { 'x-forwarded-for': '127.0.0.1' },
      { forwarded: 'for=127.0.0.1' },
      { via: '1.1 proxy' },
      { host: 'rebound.example.com' },
      { origin: 'http://rebound.example.com' },
    ]
    expect(await statusFor(server, {})).toBe(200)
    for (const headers of elsewhere) expect([headers, await statusFor(server, headers)]).toEqual([headers, 404])
    await vi.waitFor(async () => {
      const { text } = await call(server, 'GET', '/metrics')
      expect([...read(text)].some(([name, count]) => name.includes('outcome="done"') && count > 0)).toBe(true)
    })
  } finally {
    await server.stop()
  }
})

test('with a token only who sends it is told, and in production nobody without one', async () => {
  const token = 'b3f1c0de5a9e4d21b3f1c0de5a9e4d21'
  const server = await startTestServer({ env: { AION_METRICS_TOKEN: token } })
  try {
    const ask = async (authorization?: string) => {
      const { status, body } = await call(server, 'GET', '/metrics', authorization ? { headers: { authorization } } : {})
      return status === 200 ? 200 : [status, body.error.code]
    }
    expect(await ask()).toEqual([401, 'MISSING_CREDENTIALS'])
    expect(await ask(`Bearer ${token}x`)).toEqual([401, 'INVALID_CREDENTIALS'])
    expect(await ask(`Bearer ${token}`)).toBe(200)
  } finally {
    await server.stop()
  }
  const production = { NODE_ENV: 'production', AION_SECRET: token, AION_PUBLIC_URL: 'https://api.example.com', ...limits }
  const second = await startTestServer({ env: production })
  try {
    expect(await statusFor(second, {})).toBe(404)
  } finally {
    await second.stop()
  }
})
