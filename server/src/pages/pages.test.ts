// What a browser is sent: the site's one page with its headers, the development mailbox, and nothing that leaks.
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, signUp, startTestServer, type TestServer, tokenIn } from '../testing/harness.ts'

describe('pages', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.stop())
  const open = (path: string) => call(server, 'GET', path)

  it('S42 every page forbids what it does not need, and is never kept', async () => {
    for (const path of ['/', '/pricing', '/auth/login', '/auth/cli', '/dashboard', '/dashboard/keys', '/docs/errors/NOT_FOUND']) {
      const answer = await open(path)
      expect([path, answer.status]).toEqual([path, 200])
      const policy = answer.headers.get('content-security-policy') ?? ''
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[\w+/=]{24}'; /)
      for (const rule of ["base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"]) expect(policy).toContain(rule)
      expect(policy).not.toContain('unsafe')
      expect(answer.headers.get('referrer-policy')).toBe('same-origin')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('x-frame-options')).toBe('DENY')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.text).toContain(`nonce="${/'nonce-([^']+)'/.exec(policy)?.[1]}"`)
    }
    const nonces = await Promise.all([open('/'), open('/')])
    expect(new Set(nonces.map(({ headers }) => headers.get('content-security-policy'))).size).toBe(2)
  })

  it('S21 a page shows nothing of its address, and runs nothing that is not ours', async () => {
    const nasty = '"><script>alert(1)</script>'
    for (const path of ['/auth/verify-email?token=', '/auth/login?error=', '/dev/mailbox?to=']) {
      const answer = await open(path + encodeURIComponent(nasty))
      expect(answer.status).toBe(200)
      expect(answer.text).not.toContain('alert(1)')
    }
    const mailbox = await open('/dev/mailbox')
    expect(mailbox.headers.get('content-security-policy')).toContain("default-src 'none'; style-src 'self';")
    expect((await open('/dev/pages.css')).headers.get('content-type')).toContain('text/css')
  })

  it('an unknown address is a page for people and an error for programs, and 404 for both', async () => {
    for (const path of ['/nowhere', '/auth/nowhere']) {
      const page = await call(server, 'GET', path, { headers: { accept: 'text/html,*/*' } })
      expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
      expect((await open(path)).body.error.code).toBe('NOT_FOUND')
    }
    const program = await call(server, 'GET', '/api/v2/nowhere', { headers: { accept: 'text/html' } })
    expect([program.status, program.body.error.code]).toEqual([404, 'NOT_FOUND'])
  })

  it('tells of the mailbox only those who may read it', async () => {
    const told = async (headers: Record<string, string> = {}) =>
      /<meta name="mailbox" content="(\w+)"/.exec((await call(server, 'GET', '/', { headers })).text)?.[1]
    expect([await told(), await told({ 'x-forwarded-for': '198.51.100.7' })]).toEqual(['yes', 'no'])
  })

  it('S13 links in mail use the configured URL, whatever the headers say', async () => {
    const email = 'host-header@example.com'
    await call(server, 'POST', '/api/v2/auth/session/register', {
      body: { email, password: 'Sturdy-Passphrase-41', name: 'A' },
      headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    })
    const [mail] = await server.mail.to(email)
    expect(mail?.text).toContain(`${server.url}/auth/verify-email?token=`)
    expect(JSON.stringify(mail)).not.toContain('evil.example')
  })

  it('shows the mailbox to this machine only: not through a proxy, another site or a borrowed name', async () => {
    const person = await signUp(server, { verified: false })
    await server.mail.to(person.email)
    const path = `/dev/mailbox.json?to=${encodeURIComponent(person.email.toUpperCase())}`
    const mails = (await open(path)).body
    expect(mails.map(({ to }: { to: string }) => to)).toEqual([person.email])
    expect(Object.keys(mails[0]).sort()).toEqual(['html', 'sent_at', 'subject', 'text', 'to'])
    for (const headers of [
      { 'x-forwarded-for': '127.0.0.1' },
      { forwarded: 'for=127.0.0.1' },
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ] as Record<string, string>[]) {
      const answer = await call(server, 'GET', path, { headers })
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([404, null])
    }
    const { port } = new URL(server.url)
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port, path, headers: { host: `evil.example:${port}` } })
        .on('response', (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end()
    })
    expect(rebound).toBe(404)
  })

  it('a mail that is shown can be followed, and what it says is text', async () => {
    const person = await signUp(server, { verified: false })
    const [mail] = await server.mail.to(person.email)
    const { text } = await open(`/dev/mailbox?to=${encodeURIComponent(person.email)}`)
    expect(text).toContain(`<a href="${server.url}/auth/verify-email?token=${tokenIn(mail)}">`)
  })

  it('S10 no token or password is in the queue, the tables or the log', async () => {
    const person = await signUp(server)
    await call(server, 'POST', '/api/v2/auth/session/password-reset/request', { body: { email: person.email } })
    const token = tokenIn((await server.mail.to(person.email, 2))[0])
    const kept = JSON.stringify([
      await server.db.selectFrom('one_time_tokens').selectAll().execute(),
      await server.db.selectFrom('sessions').selectAll().execute(),
      await server.db.selectFrom('users').selectAll().execute(),
      await server.db.selectFrom('audit_events').selectAll().execute(),
      (await server.deps.pool.query('SELECT * FROM graphile_worker._private_jobs')).rows,
    ])
    for (const secret of [token, person.token, person.password]) expect(kept + server.logs()).not.toContain(secret)
  })
})

it('has no mailbox in production', async () => {
  const server = await startTestServer({
    env: {
      NODE_ENV: 'production',
      AION_PUBLIC_URL: 'https://aion.example',
      AION_SECRET: 'k7Qw2-Zp9xVb4-Tn8rLc3-Hs6dMf1-Yg5jUe0',
      AION_LIMIT_LOGIN: '1000/60',
      AION_LIMIT_REGISTER: '1000/60',
      AION_LIMIT_RESET: '1000/60',
      AION_LIMIT_RESEND: '1000/60',
      AION_LIMIT_UNAUTHENTICATED: '1000/60',
    },
  })
  expect((await call(server, 'GET', '/dev/mailbox.json')).status).toBe(404)
  expect((await call(server, 'GET', '/')).headers.get('strict-transport-security')).toContain('max-age')
  await server.stop()
})
