// Every address of the site answers with a page that loads without a complaint, fits a phone, and passes axe in both themes.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { desktop, expectAccessibleInBothThemes, phone, refusal, signInAs, startBrowser, visit } from '../support/browser.ts'
import { type Person, signUp } from '../support/client.ts'
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

const publicPages = [
  '/',
  '/pricing',
  '/auth/register',
  '/auth/login',
  '/auth/forgot-password',
  '/auth/verify-email',
  '/auth/reset-password',
  '/auth/accept-invitation',
  '/auth/confirm-email-change',
  '/docs',
  '/docs/quick-start',
  '/docs/errors',
  '/docs/errors/INVALID_API_KEY',
  '/docs/api',
]
const dashboardPages = ['', '/keys', '/usage', '/files', '/team', '/audit', '/billing', '/limits-lab', '/settings'].map(
  (tab) => `/dashboard${tab}`,
)

test.each([...publicPages, ...dashboardPages])('%s', async (path) => {
  const { page, expectClean, close } = await visit(browser, server.url, phone)
  if (path.startsWith('/dashboard')) await signInAs(page, server.url, owner.session)
  await page.goto(path)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.waitForLoadState('networkidle')
  expect(await page.title()).toMatch(/ · Aionvision$/)
  for (const { viewport } of [phone, desktop]) {
    await page.setViewportSize(viewport)
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    expect(overflow, 'scrolls sideways').toBe(0)
    await expectAccessibleInBothThemes(page)
  }
  // A link without its token is refused, and the page says so.
  await expectClean({ allowed: path.startsWith('/auth/') ? [refusal(410), refusal(422)] : [] })
  await close()
})
