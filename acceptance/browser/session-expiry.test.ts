// Where the dashboard does not let somebody in: a session that ended elsewhere leads to signing in and back, an address that is not
// verified to the mail.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessibleInBothThemes, refusal, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, mailToken, type Person, register, signIn, signUp, succeed } from '../support/client.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

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

test('a session revoked elsewhere leads to the sign-in page and back', async () => {
  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, await signIn(server.url, owner.email, owner.password))
  const here = '/dashboard/audit?event=auth.login'
  await page.goto(here)
  await page.getByRole('table', { name: 'Audit trail' }).getByText('Signed in').first().waitFor()
  await expectClean()

  await succeed(call(server.url, 'POST', '/api/v2/user/revoke-all-sessions', { token: owner.session }))
  await page.getByRole('button', { name: 'Refresh' }).click()
  await page.waitForURL('**/auth/login?**')
  const { searchParams } = new URL(page.url())
  expect(searchParams.get('reason')).toBe('expired')
  expect(searchParams.get('next')).toBe(here)

  await page.getByLabel('E-mail').fill(owner.email)
  await page.getByLabel('Password', { exact: true }).fill(owner.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('table', { name: 'Audit trail' }).getByText('Signed in').first().waitFor()
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe(here)
  await expectClean({ allowed: [refusal(401)] })
  await close()
}, 120_000)

test('so does a form that is sent in a session that has ended', async () => {
  const { page, expectClean, close } = await visit(browser, server.url)
  const session = await signIn(server.url, owner.email, owner.password)
  await signInAs(page, server.url, session)
  await page.goto('/dashboard/settings?section=workspace')
  await page.getByLabel('Workspace name').fill('Kiln')
  await succeed(call(server.url, 'POST', '/api/v2/auth/session/logout', { token: session }))
  await page.getByRole('button', { name: 'Save' }).first().click()
  await page.waitForURL('**/auth/login?**')
  expect(new URL(page.url()).searchParams.get('next')).toBe('/dashboard/settings?section=workspace')
  await page.getByText('Your session has ended. Sign in, and you are back where you were.').waitFor()
  await expectClean({ allowed: [refusal(401)] })
  await close()
}, 120_000)

test('an address that is not verified yet: the dashboard leads to the mail, and opens by itself once it is', async () => {
  const { email, password } = await register(server.url)
  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, await signIn(server.url, email, password))
  await page.goto('/dashboard/settings')
  await page.getByRole('heading', { name: 'Verify your address first' }).waitFor()
  await expectAccessibleInBothThemes(page)
  const token = await mailToken(server.url, email, 'verify-email')
  await succeed(call(server.url, 'POST', '/api/v2/auth/session/verify-email', { body: { token } }))
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await expectClean({ allowed: [refusal(403)] })
  await close()
}, 120_000)
