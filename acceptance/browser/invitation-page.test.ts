// Where an invitation leads: for who is new, for who has an account, for who is signed in as somebody else, and when it is over.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessibleInBothThemes, phone, refusal, signInAs, startBrowser, type Visit, visit } from '../support/browser.ts'
import { call, mailToken, type Person, signUp, succeed } from '../support/client.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

const workspace = 'Analytical Engines'
let server: Server
let browser: Browser
let owner: Person
beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer(relaxed), startBrowser()])
  owner = await signUp(server.url)
  await succeed(call(server.url, 'PATCH', '/api/v2/tenant/settings', { token: owner.session, body: { name: workspace } }))
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

/** The path of the link in the mail. */
async function invite(email: string): Promise<string> {
  const body = { email, role: 'editor' }
  await succeed(call(server.url, 'POST', '/api/v2/tenant/members/invite', { token: owner.session, body }))
  return `/auth/accept-invitation?token=${await mailToken(server.url, email, 'accept-invitation')}`
}

test('who is new gives a name and a password and stands in the workspace', () =>
  inBrowser(async ({ page, expectClean }) => {
    const link = await invite(`new-${Date.now()}@example.com`)
    await page.goto(link)
    await page.getByText(workspace).waitFor()
    await page.getByText('n•••@example.com is invited as editor.').waitFor()
    await expectAccessibleInBothThemes(page)
    await page.getByLabel('Your name').fill('Charles')
    await page.getByLabel('Password', { exact: true }).fill('weak')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Password', { exact: true }).fill('Difference-Engine-1822')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.waitForURL('**/dashboard')
    await page.getByText(workspace).filter({ visible: true }).first().waitFor()
    await page.goto(link)
    await page.getByRole('heading', { name: 'This invitation is not valid any more' }).waitFor()
    await expectAccessibleInBothThemes(page)
    await expectClean({ allowed: [refusal(422), refusal(410)] })
  }, phone))

test('who has an account signs in on the way, and joins as themselves', () =>
  inBrowser(async ({ page, expectClean }) => {
    const person = await signUp(server.url, 'free')
    const link = await invite(person.email)
    await page.goto(link)
    await page.getByRole('link', { name: 'Sign in to join' }).click()
    await page.getByText('Sign in with the invited address').waitFor()
    await page.getByLabel('E-mail address').fill(person.email)
    await page.getByLabel('Password', { exact: true }).fill(person.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('button', { name: `Join as ${person.email}` }).click()
    await page.waitForURL('**/dashboard')
    await page.getByText(workspace).filter({ visible: true }).first().waitFor()
    await expectClean()
  }))

test('who is signed in as somebody else is told, and changes the account', () =>
  inBrowser(async ({ page, expectClean }) => {
    const [invited, other] = [await signUp(server.url, 'free'), await signUp(server.url, 'free')]
    const link = await invite(invited.email)
    await signInAs(page, server.url, other.session)
    await page.goto(link)
    // Both addresses look alike once masked: the refusal of the API decides.
    await page.getByRole('button', { name: `Join as ${other.email}` }).click()
    await page.getByRole('heading', { name: 'This invitation is for another address' }).waitFor()
    await page.getByText(`You are signed in as ${other.email}`).waitFor()
    await expectAccessibleInBothThemes(page)
    await page.getByRole('button', { name: 'Sign out and use the other account' }).click()
    await page.getByText('Sign in with the invited address').waitFor()
    expect((await call(server.url, 'GET', '/api/v2/auth/session/me', { token: other.session })).status).toBe(401)
    await expectClean({ allowed: [refusal(403)] })
  }))

test('somebody signed in makes a new account for another address; a cut link says so', () =>
  inBrowser(async ({ page, expectClean }) => {
    await signInAs(page, server.url, (await signUp(server.url, 'free')).session)
    await page.goto(await invite(`second-${Date.now()}@example.com`))
    await page.getByText('Joining makes an account of its own').waitFor()
    await expectAccessibleInBothThemes(page)
    await page.goto('/auth/accept-invitation')
    await page.getByRole('heading', { name: 'This link is not complete' }).waitFor()
    await page.goto('/auth/accept-invitation?token=nonsense')
    await page.getByRole('heading', { name: 'This invitation is not valid any more' }).waitFor()
    await expectClean({ allowed: [refusal(410)] })
  }))
