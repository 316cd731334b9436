// From the start page to the dashboard by what is on the screen; and every way in which a mail's link is not good any more.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessibleInBothThemes, phone, refusal, startBrowser, type Visit, visit } from '../support/browser.ts'
import { call, mailToken, register, signIn, signUp, succeed } from '../support/client.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

const password = 'Difference-Engine-1822'
let server: Server
let browser: Browser
beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer(relaxed), startBrowser()])
})
afterAll(async () => {
  await browser.close()
  await server.discard()
})

async function inBrowser(task: (visit: Visit) => Promise<void>, size = {}): Promise<void> {
  const opened = await visit(browser, server.url, size)
  try {
    await task(opened)
  } finally {
    await opened.close()
  }
}

test('a person signs up, follows the mail, signs in and stands in the dashboard', () =>
  inBrowser(async ({ page, expectClean }) => {
    const email = `ada-${Date.now()}@example.com`
    await page.goto('/')
    await page.getByRole('link', { name: 'Create an account' }).click()
    await page.getByRole('heading', { name: 'Create your account' }).waitFor()

    await page.getByRole('button', { name: 'Create account' }).click()
    expect(await page.getByText('This is needed.').count()).toBe(3)
    expect(await page.getByLabel('Your name').evaluate((field) => field === document.activeElement)).toBe(true)
    await expectAccessibleInBothThemes(page)

    const typed = page.getByLabel('Password', { exact: true })
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('E-mail address').fill('no address')
    await typed.fill('password')
    await page.getByText('Not enough yet.').waitFor()
    await typed.fill('Password1')
    await page.getByText('It meets the rules.').waitFor()
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByRole('alert').first().waitFor()
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('button', { name: 'Create account' }).click()
    // The common ones only the server knows; it says so at the field.
    await page.getByRole('alert').filter({ hasText: 'common' }).waitFor()
    await typed.fill(password)
    expect(await typed.getAttribute('type')).toBe('password')
    await page.getByRole('button', { name: 'Show the password' }).click()
    expect(await typed.getAttribute('type')).toBe('text')
    await page.getByRole('button', { name: 'Create account' }).click()

    await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
    await page.getByText(email).waitFor()
    await page.getByRole('button', { name: 'Send it again' }).click()
    await page.getByText('Sent again.').waitFor()
    await expectAccessibleInBothThemes(page)

    await page.getByRole('link', { name: 'Open the development mailbox' }).click()
    await page.getByRole('heading', { name: 'Mailbox' }).waitFor()
    await page
      .getByRole('link', { name: /verify-email/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Verify my address' }).click()
    await page.getByRole('heading', { name: 'Your address is verified' }).waitFor()
    await expectAccessibleInBothThemes(page)

    await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click()
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL('**/dashboard')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.getByText('Ada Lovelace').filter({ visible: true }).first().waitFor()
    await expectClean({ allowed: [refusal(422)] })
  }))

test('who signs in before the address is verified is told what is missing', () =>
  inBrowser(async ({ page, expectClean }) => {
    const person = await register(server.url)
    await page.goto('/auth/login')
    await page.getByLabel('E-mail address').fill(person.email)
    await page.getByLabel('Password', { exact: true }).fill(person.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Verify your address first' }).waitFor()
    await page.getByRole('button', { name: 'Send it again' }).click()
    await page.getByText('Sent again.').waitFor()
    await expectAccessibleInBothThemes(page)
    await expectClean()
  }, phone))

test('a verification link that was used, is cut off or missing leads to a new mail', () =>
  inBrowser(async ({ page, expectClean }) => {
    const { email } = await register(server.url)
    const token = await mailToken(server.url, email, 'verify-email')
    // Opening a link uses nothing up: scanners of mail do it as well.
    for (let time = 0; time < 2; time++) {
      await page.goto(`/auth/verify-email?token=${token}`)
      await page.getByRole('button', { name: 'Verify my address' }).waitFor()
    }
    await page.getByRole('button', { name: 'Verify my address' }).click()
    await page.getByRole('heading', { name: 'Your address is verified' }).waitFor()
    await page.goto(`/auth/verify-email?token=${token}`)
    await page.getByRole('button', { name: 'Verify my address' }).click()
    await page.getByRole('heading', { name: 'This link is not valid any more' }).waitFor()
    await expectAccessibleInBothThemes(page)

    const late = await register(server.url)
    await page.getByLabel('E-mail address').fill(late.email)
    await page.getByRole('button', { name: 'Send a new mail' }).click()
    await page.getByText(`If ${late.email} waits for verification`).waitFor()
    await page.goto('/auth/verify-email')
    await page.getByRole('heading', { name: 'This link is not complete' }).waitFor()
    await expectClean({ allowed: [refusal(410)] })
  }))

test('a forgotten password is replaced by the mail’s link, once', () =>
  inBrowser(async ({ page, expectClean }) => {
    const { email } = await signUp(server.url, 'free')
    await page.goto('/auth/login')
    await page.getByRole('link', { name: 'Forgot the password?' }).click()
    // The page before has a field of the same name, and stands until this one is there.
    await page.getByRole('heading', { name: 'Reset your password' }).waitFor()
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('button', { name: 'Send the link' }).click()
    await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
    await expectAccessibleInBothThemes(page)
    const token = await mailToken(server.url, email, 'reset-password')
    await page.goto(`/auth/reset-password?token=${token}`)
    await page.getByLabel('New password').fill('weak')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('alert').waitFor()
    await expectAccessibleInBothThemes(page)
    await page.getByLabel('New password').fill('Another-Phrase-88')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.waitForURL('**/dashboard')
    await signIn(server.url, email, 'Another-Phrase-88')
    await page.goto(`/auth/reset-password?token=${token}`)
    await page.getByRole('heading', { name: 'This link is not valid any more' }).waitFor()
    await expectAccessibleInBothThemes(page)
    await page.getByRole('main').getByRole('link', { name: 'Ask for a new link' }).click()
    await page.getByRole('heading', { name: 'Reset your password' }).waitFor()
    await expectClean({ allowed: [refusal(410), refusal(422)] })
  }))

test('a new address is confirmed by its own mail; one that was taken meanwhile says so', () =>
  inBrowser(async ({ page, expectClean }) => {
    const person = await signUp(server.url, 'free')
    const change = async () => {
      const new_email = `new-${Math.random().toString(36).slice(2)}@example.com`
      const body = { new_email, password: person.password }
      await succeed(call(server.url, 'POST', '/api/v2/user/change-email', { token: person.session, body }))
      return { new_email, token: await mailToken(server.url, new_email, 'confirm-email-change') }
    }
    const taken = await change()
    const other = { email: taken.new_email, password, name: 'B' }
    await succeed(call(server.url, 'POST', '/api/v2/auth/session/register', { body: other }))
    await page.goto(`/auth/confirm-email-change?token=${taken.token}`)
    await page.getByRole('button', { name: 'Use this address' }).click()
    await page.getByRole('heading', { name: 'This address is taken' }).waitFor()
    const { token } = await change()
    await page.goto(`/auth/confirm-email-change?token=${token}`)
    await page.getByRole('button', { name: 'Use this address' }).click()
    await page.getByRole('heading', { name: 'Your address has changed' }).waitFor()
    await page.goto(`/auth/confirm-email-change?token=${token}`)
    await page.getByRole('button', { name: 'Use this address' }).click()
    await page.getByRole('heading', { name: 'This link is not valid any more' }).waitFor()
    await expectAccessibleInBothThemes(page)
    await expectClean({ allowed: [refusal(409), refusal(410)] })
  }))

test('the start page shows what its server answers, and the plans say what FREE lacks', () =>
  inBrowser(async ({ page, expectClean }) => {
    await page.goto('/')
    const answer = page.getByRole('region', { name: 'Answer' })
    await answer.getByText('"requests_per_minute"').first().waitFor()
    await answer.getByText('x-request-id').waitFor()
    // Coloured is what a name stands for, never the name nor what lies between two of them.
    const coloured = await answer.getByRole('code').locator('span').allInnerTexts()
    expect(coloured.slice(0, 5)).toEqual(['"USD"', '"free"', '"FREE"', '0', '10'])
    await page.getByRole('button', { name: 'Files, without a key' }).click()
    await answer.getByText('MISSING_CREDENTIALS').waitFor()
    expect(await page.getByRole('table').getByRole('row').count()).toBeGreaterThan(5)
    await expectAccessibleInBothThemes(page)
    await page.getByRole('link', { name: 'Compare the plans' }).click()
    const free = page.getByRole('region', { name: 'FREE' })
    await free.getByText('No API access').waitFor()
    await page.getByRole('region', { name: 'STARTER' }).getByText('$15').waitFor()
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    await expectClean({ allowed: [refusal(401)] })
  }))
