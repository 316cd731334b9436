// Creating and copying a key with the keyboard alone: no click, no fill, no script that moves the focus.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, signUp } from '../support/client.ts'
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

/** How what has the focus is called, and whether one sees that it has it. */
const focused = (page: Page) =>
  page.evaluate(`(() => {
    const element = document.activeElement
    const labels = element.labels?.length ? element.labels[0].innerText : ''
    const style = getComputedStyle(element)
    return { name: element.getAttribute('aria-label') || labels || element.innerText || '', visible: style.outlineStyle !== 'none' || style.boxShadow !== 'none' }
  })()`) as Promise<{ name: string; visible: boolean }>

/** Presses Tab until something called so has the focus, which must be seen at every stop. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    const now = await focused(page)
    if (name.test(now.name.trim())) {
      expect(now.visible, `the focus on ${now.name}`).toBe(true)
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not reach ${name}`)
}

test('a key is created, copied and tried without a pointer', async () => {
  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, (await signUp(server.url)).session)
  await page.goto('/dashboard')
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await tabTo(page, /^API Keys$/)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'API keys', level: 1 }).waitFor()
  await page.getByText('No keys yet').waitFor()
  await tabTo(page, /^Create key$/)
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').waitFor()
  // The first field waits for its name.
  await expect.poll(async () => (await focused(page)).name).toMatch(/^Name/)
  await page.keyboard.type('By hand')
  await tabTo(page, /^Live$/)
  await page.keyboard.press('ArrowRight')
  await expect.poll(async () => (await focused(page)).name).toBe('Test')
  await page.keyboard.press('Space')
  await tabTo(page, /^Write$/)
  await page.keyboard.press('ArrowUp')
  await tabTo(page, /^Expires/)
  await page.keyboard.type('In 30')
  await tabTo(page, /^Create key$/)
  await page.keyboard.press('Enter')
  await dialog.getByText('Your new key').waitFor()
  await tabTo(page, /^Copy key$/)
  await page.keyboard.press('Enter')
  await dialog.getByText('Copied').first().waitFor()
  const key = (await page.evaluate('navigator.clipboard.readText()')) as string
  expect(key).toMatch(/^aion_test_/)
  await tabTo(page, /^Try it now$/)
  await page.keyboard.press('Enter')
  await dialog.getByText('Answered 200').waitFor()
  await tabTo(page, /^I have copied it$/)
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  const row = page.getByRole('row').filter({ hasText: 'By hand' })
  await row.waitFor()
  expect(await row.getByRole('cell').nth(2).textContent()).toBe('read')
  expect((await call(server.url, 'GET', '/api/v2/user-files', { token: key })).status).toBe(200)

  // And ended: the menu by arrows, Escape closes it and gives the focus back.
  await tabTo(page, /^Actions for By hand$/)
  await page.keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  await expect.poll(async () => (await focused(page)).name).toBe('Actions for By hand')
  await page.keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
  // The menu is seen a moment before it has the focus.
  await expect.poll(() => page.evaluate(`document.activeElement.getAttribute('role')`)).toBe('menuitem')
  await page.keyboard.press('End')
  await expect.poll(async () => (await focused(page)).name).toMatch(/^Revoke/)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Revoke By hand' }).waitFor()
  await tabTo(page, /^Revoke$/)
  await page.keyboard.press('Enter')
  await page.getByText('By hand is revoked').first().waitFor()
  await row.waitFor({ state: 'detached' })
  expect((await call(server.url, 'GET', '/api/v2/user-files', { token: key })).status).toBe(401)
  await expectClean()
  await close()
}, 120_000)
