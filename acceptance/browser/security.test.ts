// What a page must never do, seen in a real browser: leave for another site, run what somebody wrote, be driven from elsewhere, keep a secret.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, signInAs, startBrowser, type Visit, visit } from '../support/browser.ts'
import { call, createKey, type Person, signUp, succeed } from '../support/client.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

const nasty = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
let server: Server
let browser: Browser
let owner: Person
beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer(relaxed), startBrowser()])
  owner = await signUp(server.url)
})
afterAll(async () => {
  await browser.close()
  await server.discard()
})

async function inBrowser(task: (visit: Visit) => Promise<void>): Promise<void> {
  const opened = await visit(browser, server.url)
  try {
    await task(opened)
  } finally {
    await opened.close()
  }
}

async function signInByForm(page: Page, person: Person): Promise<void> {
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

test(
  'S20 signing in leads to our own pages only, however another address is written',
  () =>
    inBrowser(async ({ page, expectClean }) => {
      for (const next of [
        '//evil.example',
        '/\\evil.example',
        '/..//evil.example',
        '/%09/evil.example',
        '/\t/evil.example',
        'javascript:document.title="owned"',
        'https://good.evil.example',
        '%2F%2Fevil.example',
        'data:text/html,x',
      ]) {
        await page.goto('about:blank')
        await page.context().clearCookies()
        await page.goto(`/auth/login?next=${encodeURIComponent(next)}`)
        await signInByForm(page, owner)
        await page.waitForURL((url) => url.pathname !== '/auth/login')
        expect([next, new URL(page.url()).origin]).toEqual([next, server.url])
        await page.getByRole('heading', { level: 1 }).waitFor()
      }
      // A path of ours that is no page is answered with one that says so.
      await expectClean({ allowed: [refusal(404)] })
    }),
  60_000,
)

test(
  'S21 names and addresses are shown as text',
  () =>
    inBrowser(async ({ page, expectClean }) => {
      const token = owner.session
      await createKey(server.url, token, { name: `k ${nasty}`.slice(0, 100) })
      await succeed(call(server.url, 'PATCH', '/api/v2/tenant/settings', { token, body: { name: `w ${nasty}`.slice(0, 100) } }))
      await signInAs(page, server.url, token)
      for (const path of ['/dashboard', '/dashboard/keys', '/dashboard/audit', '/dashboard/team', '/dashboard/settings']) {
        await page.goto(path)
        await page.getByRole('main').waitFor()
        await page.waitForLoadState('networkidle')
        expect(await page.title(), path).not.toBe('owned')
      }
      await page.goto('about:blank')
      await page.context().clearCookies()
      const query = encodeURIComponent(nasty)
      for (const path of [
        `/auth/login?error=${query}&reason=${query}&methods=${query}`,
        `/auth/login?error=MFA_REQUIRED&methods=${query}`,
        '/auth/login?reason=constructor&error=toString',
        `/auth/verify-email?token=${query}`,
        `/auth/reset-password?token=${query}`,
        `/auth/accept-invitation?token=${query}`,
        `/dev/mailbox?to=${query}`,
      ]) {
        await page.goto(path)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.waitForLoadState('networkidle')
        expect(await page.title(), path).not.toBe('owned')
        expect(await page.getByText('document.title').count(), path).toBe(0)
      }
      await expectClean({ allowed: [refusal(410)] })
    }),
  60_000,
)

test('S31 another site can neither sign a browser in nor use its session', () =>
  inBrowser(async ({ page }) => {
    await signInAs(page, server.url, owner.session)
    const before = (await call(server.url, 'GET', '/api/v2/user/profile', { token: owner.session })).raw
    const form = (action: string, name: string) =>
      `<form method="post" enctype="text/plain" action="${server.url}${action}"><input name='${name}' value='"}'><button>Win</button></form>`
    const evil = createServer((request, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          request.url === '/login'
            ? form('/api/v2/auth/session/login', `{"email":"${owner.email}","password":"${owner.password}","x":"`)
            : form('/api/v2/auth/session/logout', '{"x":"'),
        ),
    )
    await once(evil.listen(0, '127.0.0.1'), 'listening')
    const elsewhere = `http://localhost:${(evil.address() as AddressInfo).port}`
    for (const path of ['/login', '/logout']) {
      await page.goto(elsewhere + path)
      const answered = page.waitForResponse((response) => response.url().startsWith(server.url))
      await page.getByRole('button', { name: 'Win' }).click()
      // 401: a browser sends no cookie along with a form of another site.
      expect([401, 403, 415]).toContain((await answered).status())
    }
    const fetched = await page
      .goto(`${elsewhere}/login`)
      .then(() =>
        page.evaluate(
          `fetch('${server.url}/api/v2/user/profile', { method: 'PATCH', credentials: 'include', headers: { 'content-type': 'application/json' }, body: '{"name":"Mallory"}' }).then(({ status }) => status, () => 'blocked')`,
        ),
      )
    expect(['blocked', 401, 403]).toContain(fetched)
    evil.close()
    expect((await call(server.url, 'GET', '/api/v2/user/profile', { token: owner.session })).raw).toBe(before)
  }))

test('S42 no secret stays in the browser’s storage, its history or its address', () =>
  inBrowser(async ({ page, expectClean }) => {
    await page.goto('/auth/login')
    await signInByForm(page, owner)
    await page.waitForURL('**/dashboard')
    await page.getByRole('heading', { level: 1 }).waitFor()
    const { api_key } = JSON.parse(
      String(
        await page.evaluate(
          `fetch('/api/v2/api-keys', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"S42"}' }).then((answer) => answer.text())`,
        ),
      ),
    ) as { api_key: string }
    for (const path of ['/dashboard/keys', '/dashboard/settings', '/', '/auth/login']) {
      await page.goto(path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
    }
    await page.goBack()
    const kept = String(
      await page.evaluate(
        `JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML])`,
      ),
    )
    const [session] = (await page.context().cookies()).filter(({ name }) => name === 'aionvision_session')
    for (const secret of [owner.password, api_key, session?.value ?? 'none'])
      expect(kept.includes(secret), secret.slice(0, 9)).toBe(false)
    expect(await page.evaluate('indexedDB.databases().then((list) => list.length)')).toBe(0)
    expect(await page.evaluate('caches.keys().then((list) => list.length)')).toBe(0)
    await expectClean()
  }))

test('S42 every page comes with the headers that forbid the rest, and unknown ones do as well', async () => {
  for (const path of ['/', '/pricing', '/auth/login', '/dashboard', '/docs', '/nowhere', '/dev/mailbox']) {
    const { status, headers } = await call(server.url, 'GET', path, { headers: { accept: 'text/html' } })
    expect([path, status]).toEqual([path, path === '/nowhere' ? 404 : 200])
    const policy = headers.get('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) expect(policy).toContain(rule)
    expect(policy).not.toContain('unsafe-inline')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('cache-control')).toBe('no-store')
  }
})
