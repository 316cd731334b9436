// Settings, section by section, as one person changes them: what is saved is there after a reload, what is refused says why at its place.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { desktop, expectAccessibleInBothThemes, phone, refusal, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, createKey, type Person, signIn, signUp, succeed } from '../support/client.ts'
import { ageProofs } from '../support/database.ts'
import { type Issuer, startIssuer } from '../support/oidc-issuer.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

let server: Server
let browser: Browser
let issuer: Issuer
beforeAll(async () => {
  issuer = await startIssuer()
  const provider = {
    OIDC_ACME_ISSUER: issuer.url,
    OIDC_ACME_CLIENT_ID: 'settings',
    OIDC_ACME_CLIENT_SECRET: 'of-settings',
    OIDC_ACME_LABEL: 'Acme',
  }
  ;[server, browser] = await Promise.all([
    startServer({ ...relaxed, ...provider, AION_OUTBOUND_ALLOW: '127.0.0.1' }),
    startBrowser(),
  ])
})
afterAll(async () => {
  await browser.close()
  await server.discard()
  await issuer.stop()
})

async function open(person: Pick<Person, 'session'>, section: string, size = desktop as typeof desktop | typeof phone) {
  const visited = await visit(browser, server.url, size)
  await signInAs(visited.page, server.url, person.session)
  await visited.page.goto(`/dashboard/settings?section=${section}`)
  return visited
}

const cardOf = (page: Page, title: string) =>
  page
    .getByRole('main')
    .locator('section')
    .filter({ has: page.getByRole('heading', { name: title, exact: true }) })

const sections = ['profile', 'sign-in', 'second-factor', 'sessions', 'delete', 'workspace', 'policy', 'webhook']

test('each section has an address, fits 320 px and passes axe', async () => {
  const { page, expectClean, close } = await open(await signUp(server.url), 'profile')
  for (const section of sections) {
    await page.goto(`/dashboard/settings?section=${section}`)
    await page.getByRole('heading', { level: 2 }).first().waitFor()
    await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
    await expectAccessibleInBothThemes(page)
    await page.setViewportSize({ width: 320, height: 700 })
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    expect(overflow, section).toBe(0)
    await page.setViewportSize(desktop.viewport)
  }
  await expectClean()
  await close()
}, 120_000)

test('on a phone the sections are a list to choose from', async () => {
  const { page, expectClean, close } = await open(await signUp(server.url), 'profile', phone)
  await page.getByLabel('Section').selectOption('Sessions')
  await page.getByRole('heading', { name: 'Your sessions' }).waitFor()
  expect(new URL(page.url()).search).toBe('?section=sessions')
  await expectClean()
  await close()
})

test('name and preferences stay, and JSON that is none is told', async () => {
  const { page, expectClean, close } = await open(await signUp(server.url), 'profile')
  await page.getByLabel('Name').fill('Ada <b>Lovelace</b>')
  await cardOf(page, 'Profile').getByRole('button', { name: 'Save' }).click()
  await page
    .getByRole('button', { name: /^Account / })
    .filter({ hasText: 'Ada <b>Lovelace</b>' })
    .waitFor()
  const preferences = page.getByLabel('Preferences as JSON')
  await preferences.fill('{"digest": ')
  await cardOf(page, 'Preferences').getByRole('button', { name: 'Save' }).click()
  await page.getByText(/^This is not JSON: /).waitFor()
  await preferences.fill('{"digest": "weekly"}')
  await cardOf(page, 'Preferences').getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').first().waitFor()
  await page.reload()
  expect(JSON.parse(await preferences.inputValue())).toEqual({ digest: 'weekly' })
  await expectClean()
  await close()
})

test('the password: rules while typing, the wrong one at its field, other sessions end', async () => {
  const owner = await signUp(server.url)
  const other = await signIn(server.url, owner.email, owner.password)
  const { page, expectClean, close } = await open(owner, 'sign-in')
  const next = page.getByLabel('New password')
  await next.fill('short')
  await page.getByText('Not enough yet.').waitFor()
  await next.fill('Password1')
  await page.getByText('It meets the rules. Longer is stronger.').waitFor()
  const current = page.getByLabel('Current password')
  await current.fill('not it')
  await page.getByRole('button', { name: 'Change password' }).click()
  await cardOf(page, 'Password').getByRole('alert').waitFor()
  await current.fill(owner.password)
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('This password is one of the most common ones').waitFor()
  await expectAccessibleInBothThemes(page)
  await next.fill('Sturdy-Passphrase-41')
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('The password was changed').first().waitFor()
  expect((await call(server.url, 'GET', '/api/v2/user/profile', { token: other })).status).toBe(401)
  // The session of this page swapped its secret and goes on.
  expect((await call(server.url, 'GET', '/api/v2/user/profile', { token: owner.session })).status).toBe(401)
  await page.reload()
  await page.getByLabel('Current password').waitFor()
  await expectClean({ allowed: [refusal(401), refusal(422)] })
  await close()
})

test('another address: asked for with the password, proved again when the last proof is old', async () => {
  const owner = await signUp(server.url)
  const session = await signIn(server.url, owner.email, owner.password)
  await ageProofs(server)
  const { page, expectClean, close } = await open({ session }, 'sign-in')
  await page.getByLabel('New address').fill('not an address')
  await page.getByLabel('Your password').fill(owner.password)
  const send = page.getByRole('button', { name: 'Send the link' })
  await send.click()
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await proof.getByLabel('Password').fill(owner.password)
  // Only what the account has is offered.
  expect(await proof.getByRole('button', { name: /passkey|code/ }).count()).toBe(0)
  await expectAccessibleInBothThemes(page)
  await page.keyboard.press('Enter')
  await proof.waitFor({ state: 'hidden' })
  await cardOf(page, 'E-mail address').getByRole('alert').waitFor()
  await page.getByLabel('New address').fill('ada.elsewhere@example.com')
  await send.click()
  await page.getByText('A link is on its way to ada.elsewhere@example.com').waitFor()
  await expectClean({ allowed: [refusal(401), refusal(403), refusal(422)] })
  await close()
})

test('sessions: one is ended, then all others', async () => {
  const owner = await signUp(server.url)
  for (let count = 0; count < 3; count++) await signIn(server.url, owner.email, owner.password)
  const { page, expectClean, close } = await open(owner, 'sessions')
  const sessions = cardOf(page, 'Your sessions').getByRole('listitem')
  await sessions.nth(3).waitFor()
  const before = await sessions.count()
  await sessions
    .nth(1)
    .getByRole('button', { name: /^End session / })
    .click()
  await sessions.nth(before - 1).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'End all others' }).click()
  const asked = page.getByRole('dialog', { name: 'End all other sessions?' })
  await expectAccessibleInBothThemes(page)
  await asked.getByRole('button', { name: 'End all others' }).click()
  await asked.waitFor({ state: 'hidden' })
  await sessions.nth(1).waitFor({ state: 'detached' })
  await sessions.filter({ hasText: 'This session' }).waitFor()
  await expectClean()
  await close()
})

test('the workspace: name, domains, own data', async () => {
  const { page, expectClean, close } = await open(await signUp(server.url), 'workspace')
  await page.getByLabel('Workspace name').fill('Kiln')
  await page.getByLabel('Allowed domains').fill('not a domain')
  const save = cardOf(page, 'Workspace').getByRole('button', { name: 'Save' })
  await save.click()
  await cardOf(page, 'Workspace').getByText('"not a domain" is neither a host name nor an origin').waitFor()
  await page.getByLabel('Workspace name').fill('')
  await page.getByLabel('Allowed domains').fill('')
  await save.click()
  await cardOf(page, 'Workspace').getByText('Must not be empty').waitFor()
  await page.getByLabel('Workspace name').fill('Kiln')
  await page.getByLabel('Allowed domains').fill('app.example.com\nhttps://other.example.com')
  await save.click()
  await page.getByRole('complementary').getByText('Kiln').waitFor()
  await page.getByLabel('Own data as JSON').fill('{"team": "data"}')
  await cardOf(page, 'Your own data').getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').first().waitFor()
  await page.reload()
  expect(await page.getByLabel('Allowed domains').inputValue()).toBe('app.example.com\nhttps://other.example.com')
  expect(JSON.parse(await page.getByLabel('Own data as JSON').inputValue())).toEqual({ team: 'data' })
  await expectClean({ allowed: [refusal(422)] })
  await close()
})

test('the policy says how many keys it leaves behind, and keeps its owner from shutting themselves out', async () => {
  const owner = await signUp(server.url)
  await createKey(server.url, owner.session)
  const { page, expectClean, close } = await open(owner, 'policy')
  await page.getByLabel('Longest key life, in days').fill('ninety')
  const save = page.getByRole('button', { name: 'Save' })
  await save.click()
  await page.getByText('A whole number of days, 1 to 3650.').waitFor()
  await page.getByLabel('Longest key life, in days').fill('90')
  await page.getByLabel('Default key life, in days').fill('120')
  await save.click()
  await page.getByText('Must not exceed max_key_life_days, 90').waitFor()
  await page.getByLabel('Default key life, in days').fill('30')
  await page.getByLabel('Allowed addresses').fill('127.0.0.0/8\n2001:db8::/32')
  await save.click()
  await page.getByText('1 active key lives longer than this policy allows').waitFor()
  await page.getByLabel('Every member needs a second factor').check()
  await page.getByRole('note').filter({ hasText: 'Add a second factor to your own account first' }).waitFor()
  await expectAccessibleInBothThemes(page)
  await page.reload()
  expect(await page.getByLabel('Default key life, in days').inputValue()).toBe('30')
  expect(await page.getByLabel('Allowed addresses').inputValue()).toBe('127.0.0.0/8\n2001:db8::/32')
  await expectClean({ allowed: [refusal(422)] })
  await close()
})

test('the webhook: address, secret, deliveries, resend', async () => {
  const owner = await signUp(server.url)
  const { page, expectClean, close } = await open(owner, 'webhook')
  await page.getByText('Nothing was sent yet.').waitFor()
  await page.getByLabel('Webhook address').fill('https://10.0.0.1/events')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('not on the public internet: nothing would ever be sent there').waitFor()
  // Who listens there asks not to be called, so the delivery fails, and says so.
  const receiver = createServer((_, answer) => answer.writeHead(410).end()).listen(0, '127.0.0.1')
  await new Promise((listening) => receiver.once('listening', listening))
  await page.getByLabel('Webhook address').fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/events`)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The webhook was saved').first().waitFor()
  await page.getByRole('button', { name: 'Show secret' }).click()
  const secret = page.getByRole('group', { name: 'Signing secret' })
  const first = await secret.textContent()
  expect(first).toMatch(/^whsec_/)
  await page.getByRole('button', { name: 'Replace secret' }).click()
  const asked = page.getByRole('dialog', { name: 'Replace the signing secret?' })
  await asked.getByRole('button', { name: 'Replace secret' }).click()
  await asked.waitFor({ state: 'hidden' })
  expect(await secret.textContent()).not.toBe(first)
  await page.getByText('The secret before signs as well until').waitFor()
  await expect
    .poll(async () =>
      (await call(server.url, 'GET', '/api/v2/tenant/webhook-deliveries?status=failed', { token: owner.session })).at(
        'total_count',
      ),
    )
    .toBeGreaterThan(0)
  await page.getByRole('radio', { name: 'Failed' }).click()
  const deliveries = page.getByRole('table', { name: 'Deliveries' })
  await deliveries.getByText('tenant.updated').first().waitFor()
  await expectAccessibleInBothThemes(page)
  await deliveries.getByRole('button', { name: 'Resend tenant.updated' }).first().click()
  await page.getByText('It is being sent again').first().waitFor()
  await page.getByLabel('Webhook address').fill('')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The webhook has ended').first().waitFor()
  receiver.close()
  await expectClean({ allowed: [refusal(422)] })
  await close()
})

test('the account is deleted with its exact confirmation', async () => {
  const owner = await signUp(server.url)
  const { page, expectClean, close } = await open(owner, 'delete')
  await page.getByRole('button', { name: 'Delete account' }).click()
  const asked = page.getByRole('dialog', { name: 'Delete your account for good?' })
  const typed = asked.getByLabel('Type “delete my account” to confirm')
  await typed.fill('Delete my account')
  await page.keyboard.press('Enter')
  await expectAccessibleInBothThemes(page)
  expect((await succeed(call(server.url, 'GET', '/api/v2/user/profile', { token: owner.session }))).status).toBe(200)
  await typed.fill('delete my account')
  await asked.getByRole('button', { name: 'Delete account' }).click()
  await page.waitForURL(`${server.url}/`)
  expect((await call(server.url, 'GET', '/api/v2/user/profile', { token: owner.session })).status).toBe(401)
  await expectClean()
  await close()
})

test('a workspace that asks for a second factor says so, and leads to adding one', async () => {
  const owner = await signUp(server.url)
  await succeed(call(server.url, 'PATCH', '/api/v2/tenant/policy', { token: owner.session, body: { factor_required: true } }))
  const { page, expectClean, close } = await open(owner, 'workspace')
  await page.getByText('This workspace asks every member for a second factor').waitFor()
  await expectAccessibleInBothThemes(page)
  await page.getByRole('link', { name: 'Add a second factor' }).click()
  await page.getByRole('button', { name: 'Add authenticator app' }).click()
  await page.getByRole('dialog', { name: 'Add an authenticator app' }).waitFor()
  await expectClean({ allowed: [refusal(403)] })
  await close()
})

test('who signed up with a provider sets a first password, then unlinks the provider and links it again', async () => {
  const email = `grace-${Date.now()}@example.com`
  const body = { id_token: issuer.idToken({ aud: 'settings', email, name: 'Grace' }) }
  const session = (await succeed(call(server.url, 'POST', '/api/v2/auth/session/oidc/acme', { body }))).text('session_token')
  const { page, expectClean, close } = await open({ session }, 'sign-in')
  await page.getByRole('button', { name: 'Send the link' }).focus()
  await page.getByText('Set a password first: moving to another address takes it.').waitFor()
  await page.getByRole('button', { name: 'Unlink Acme' }).click()
  const asked = page.getByRole('dialog', { name: 'Unlink Acme?' })
  await asked.getByRole('button', { name: 'Unlink' }).click()
  // It is the only way in.
  await asked.getByRole('alert').waitFor()
  await asked.getByRole('button', { name: 'Cancel' }).click()
  await page.getByLabel('New password').fill('Password1')
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.getByText('This password is one of the most common ones').waitFor()
  await page.getByLabel('New password').fill('Sturdy-Passphrase-41')
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.getByRole('button', { name: 'Change password' }).waitFor()
  await page.getByRole('button', { name: 'Unlink Acme' }).click()
  await asked.getByRole('button', { name: 'Unlink' }).click()
  await asked.waitFor({ state: 'hidden' })
  await expectClean({ allowed: [refusal(409), refusal(422)] })

  // A reload takes the news of it away, which lies over the button.
  await page.reload()
  issuer.visitor = { email: 'grace.elsewhere@example.com', name: 'Grace' }
  await page.getByRole('button', { name: 'Link Acme' }).click()
  await page.getByText('grace.elsewhere@example.com').waitFor()
  expect(new URL(page.url()).search).toBe('?section=sign-in')
  await expectAccessibleInBothThemes(page)
  await expectClean({ allowed: [new RegExp(`^request to ${issuer.url}/authorize`)] })
  await close()
})
