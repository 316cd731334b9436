// Somebody who reads only what is on the screen gets from the start page to a stored file, without a dead end.
import { randomBytes } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, test } from 'vitest'
import { expectAccessible, expectAccessibleInBothThemes, startBrowser, visit } from '../support/browser.ts'
import { call, succeed } from '../support/client.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

let server: Server
let browser: Browser
beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer(relaxed), startBrowser()])
})
afterAll(async () => {
  await browser.close()
  await server.discard()
})

/** The link in the newest mail to somebody, as they would click it. */
async function linkFor(email: string): Promise<string> {
  for (;;) {
    const mails = await succeed(call(server.url, 'GET', `/dev/mailbox.json?to=${encodeURIComponent(email)}`))
    const link = /https?:\/\/\S+verify-email\S*/.exec((JSON.parse(mails.raw) as { text: string }[])[0]?.text ?? '')?.[0]
    if (link) return link
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

test('from the start page to a confirmed upload', async () => {
  const email = `new-${randomBytes(6).toString('hex')}@example.com`
  const password = `Pw1-${randomBytes(12).toString('base64url')}`
  const { page, expectClean, close } = await visit(browser, server.url)
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
  await page.goto('/')
  await page
    .getByRole('main')
    .getByRole('link', { name: 'Create an account' })
    .or(page.getByRole('main').getByRole('link', { name: 'Create account' }))
    .first()
    .click()
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await button('Create account').click()
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
  await expectAccessibleInBothThemes(page)

  await page.goto(await linkFor(email))
  await button('Verify my address').click()
  await page.getByRole('heading', { name: 'Your address is verified' }).waitFor()
  await page
    .getByRole('main')
    .getByRole('link', { name: /^(Sign in|Go to the dashboard)$/ })
    .first()
    .click()
  const signIn = button('Sign in')
  const overview = page.getByRole('heading', { name: 'Overview', level: 1 })
  await signIn.or(overview).first().waitFor()
  if (await signIn.isVisible()) {
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await signIn.click()
  }
  await overview.waitFor()
  await page.getByText('1 of 5 done').waitFor()
  await expectAccessibleInBothThemes(page)

  await page.getByRole('link', { name: 'See plans' }).click()
  await page
    .getByRole('region', { name: 'STARTER' })
    .or(page.getByRole('region', { name: 'Starter' }))
    .getByRole('button')
    .click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Change to / })
    .click()
  await page
    .getByText(/This workspace is on .* now/)
    .first()
    .waitFor()
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByText('2 of 5 done').waitFor()

  await page.getByRole('main').getByRole('link', { name: 'Create key' }).click()
  await page.getByText('No keys yet').waitFor()
  await button('Create key').first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('My first program')
  await expectAccessibleInBothThemes(page)
  await dialog.getByRole('button', { name: 'Create key' }).click()
  await dialog.getByRole('button', { name: 'Copy key' }).click()
  await dialog.getByRole('button', { name: 'Try it now' }).click()
  await dialog.getByText('Answered 200').waitFor()
  await dialog.getByRole('button', { name: 'I have copied it' }).click()

  // Requests are counted in batches of a few seconds; the list looks again by itself.
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByText('4 of 5 done').waitFor({ timeout: 20_000 })
  await page.getByRole('main').getByRole('link', { name: 'Open files' }).click()
  await page.getByText('No files yet').waitFor()
  const chosen = page.waitForEvent('filechooser')
  await button('Upload files').first().click()
  await (await chosen).setFiles({ name: 'first.txt', mimeType: 'text/plain', buffer: Buffer.from(`The first file. ${email}`) })
  await page.getByText('1 of 1 file uploaded').waitFor()
  await page.getByText('1 file', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByText('Requests in the last 7 days').waitFor()
  await page.getByRole('heading', { name: 'First steps' }).waitFor({ state: 'detached' })
  // With the chart drawn, in each theme from the start.
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.reload()
    await page.getByRole('img', { name: 'Requests a day' }).waitFor()
    await expectAccessible(page)
  }
  await expectClean()
  await close()
}, 120_000)
