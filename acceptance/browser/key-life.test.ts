// The life of a key as its owner sees it: made, shown once, found again, replaced with an overlap, ended.
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessibleInBothThemes, phone, refusal, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, createKey, type Person, signIn, signUp, succeed } from '../support/client.ts'
import { ageProofs } from '../support/database.ts'
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

async function open(person: Pick<Person, 'session'>, search = '', size = {}) {
  const visited = await visit(browser, server.url, size)
  await signInAs(visited.page, server.url, person.session)
  await visited.page.goto(`/dashboard/keys${search}`)
  await visited.page.getByRole('heading', { name: 'API keys', level: 1 }).waitFor()
  return visited
}

const dialog = (page: Page) => page.getByRole('dialog')
const hasFocus = (button: Locator) => button.and(button.page().locator(':focus')).waitFor()
const rowOf = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })
const statusOf = async (key: string) => (await call(server.url, 'GET', '/api/v2/user-files', { token: key })).status

async function create(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: 'Create key' }).first().click()
  await dialog(page).getByLabel('Name').fill(name)
  await dialog(page).getByRole('button', { name: 'Create key' }).click()
  await hasFocus(dialog(page).getByRole('button', { name: 'Copy key' }))
  await page.keyboard.press('Enter')
  await dialog(page).getByText('Copied').first().waitFor()
  return page.evaluate('navigator.clipboard.readText()') as Promise<string>
}

/** Everything that a page keeps and that a script, a neighbour at the screen or the back button could read. */
const everywhere = (page: Page) =>
  page.evaluate(`[document.documentElement.outerHTML, JSON.stringify(history.state), location.href, document.title,
    JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie].join('\\n')`) as Promise<string>

test('a new key is copied, tried, and never seen again', async () => {
  const { page, expectClean, close } = await open(await signUp(server.url))
  const key = await create(page, 'Nightly import')
  expect(key).toMatch(/^aion_live_\w{20,}/)
  await dialog(page).getByText(`AIONVISION_API_KEY=${key}`).waitFor()
  for (const language of ['Python', 'TypeScript', 'curl']) {
    await dialog(page).getByRole('tab', { name: language }).click()
    expect(await dialog(page).getByRole('tabpanel').innerText()).toContain(key)
  }
  await dialog(page).getByRole('button', { name: 'Try it now' }).click()
  await dialog(page).getByText('Answered 200').waitFor()
  expect(await dialog(page).getByRole('list', { name: 'Limit headers' }).innerText()).toContain('X-RateLimit-Limit: 30')
  await dialog(page).getByText('"total_count": 0').waitFor()
  await expectAccessibleInBothThemes(page)

  // A click beside the dialog does not lose what is shown once.
  await page.mouse.click(5, 5)
  await dialog(page).getByRole('button', { name: 'I have copied it' }).click()
  await hasFocus(page.getByRole('button', { name: 'Create key' }))
  await rowOf(page, 'Nightly import').getByText(key.slice(0, 14)).waitFor()
  expect(await everywhere(page)).not.toContain(key)
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.goBack()
  await rowOf(page, 'Nightly import').waitFor()
  expect(await everywhere(page)).not.toContain(key)
  await page.reload()
  await rowOf(page, 'Nightly import').waitFor()
  expect(await everywhere(page)).not.toContain(key)
  await expectClean()
  await close()
}, 120_000)

test('leaving while a key is shown, then going back, does not show it', async () => {
  const { page, expectClean, close } = await open(await signUp(server.url))
  const key = await create(page, 'Left alone')
  expect(await everywhere(page)).toContain(key)
  await page.goto('/pricing')
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(await everywhere(page)).not.toContain(key)
  await page.goBack()
  await rowOf(page, 'Left alone').waitFor()
  expect(await everywhere(page)).not.toContain(key)
  expect(await dialog(page).count()).toBe(0)
  await expectClean()
  await close()
}, 120_000)

test('rights by resource, an end, addresses and a lower limit are what the key then has; what is wrong is told at its field', async () => {
  const owner = await signUp(server.url)
  const { page, expectClean, close } = await open(owner, '', phone)
  await page.getByRole('button', { name: 'Create key' }).first().click()
  const form = dialog(page)
  await form.getByLabel('Name').fill('Metrics')
  await form.getByRole('radio', { name: 'Test' }).click()
  await form.getByRole('radio', { name: 'By resource' }).click()
  await form.getByRole('group', { name: 'Files' }).getByLabel('Read').uncheck()
  await form.getByLabel('Expires').selectOption('Never')
  await form.getByText('A key that never ends is found years later').waitFor()
  await form.getByText('Addresses and limit').click()
  await form.getByLabel('Allowed addresses').fill('not an address')
  await form.getByRole('button', { name: 'Create key' }).click()
  await form.getByText('Choose at least one permission.').waitFor()
  await expectAccessibleInBothThemes(page)
  await form.getByRole('group', { name: 'Usage' }).getByLabel('Read').check()
  await form.getByRole('button', { name: 'Create key' }).click()
  await form.getByRole('alert').waitFor()
  expect(await form.getByLabel('Allowed addresses').getAttribute('aria-invalid')).toBe('true')
  await form.getByLabel('Allowed addresses').fill('127.0.0.1\n10.0.0.0/8')
  await form.getByLabel('Requests a minute').fill('7')
  await form.getByLabel('Expires').selectOption('In 30 days')
  await form.getByRole('button', { name: 'Create key' }).click()
  await form.getByRole('button', { name: 'Try it now' }).click()
  await form.getByText('Answered 200').waitFor()
  await form.getByText('6 of 7 requests left in this minute').waitFor()
  await form.getByRole('button', { name: 'I have copied it' }).click()
  await rowOf(page, 'Metrics').getByText('usage:read').waitFor()

  const made = await succeed(call(server.url, 'GET', '/api/v2/api-keys', { token: owner.session }))
  expect(made.at('api_keys.0')).toMatchObject({
    environment: 'test',
    scopes: ['usage:read'],
    allowed_ips: ['127.0.0.1', '10.0.0.0/8'],
    rate_limit_per_minute: 7,
  })
  const days = (Date.parse(made.text('api_keys.0.expires_at')) - Date.now()) / 86_400_000
  expect(days).toBeGreaterThan(29.9)
  expect(days).toBeLessThan(30.1)
  await expectClean({ allowed: [refusal(422)] })
  await close()
}, 120_000)

test('the longest life that the workspace allows is the longest one offered', async () => {
  const owner = await signUp(server.url)
  await succeed(call(server.url, 'PATCH', '/api/v2/tenant/policy', { token: owner.session, body: { max_key_life_days: 60 } }))
  const { page, expectClean, close } = await open(owner)
  await page.getByRole('button', { name: 'Create key' }).first().click()
  await dialog(page).getByText('This workspace allows 60 days at most.').waitFor()
  expect(await dialog(page).getByLabel('Expires').getByRole('option').allInnerTexts()).toEqual(['In 30 days', 'On a date'])
  await expectClean()
  await close()
}, 120_000)

test('rotate with an overlap, see the old key still used, finish now', async () => {
  const owner = await signUp(server.url)
  const old = await createKey(server.url, owner.session, { name: 'Storefront' })
  // Before the rotation: not to be taken for a use since.
  expect(await statusOf(old.key)).toBe(200)
  const session = await signIn(server.url, owner.email, owner.password)
  await ageProofs(server)
  const { page, expectClean, close } = await open({ session })
  await page.getByRole('button', { name: 'Actions for Storefront' }).click()
  await page.getByRole('menuitem', { name: 'Rotate' }).click()
  await dialog(page).getByLabel('The old key works for').selectOption('One hour')
  await expectAccessibleInBothThemes(page)
  await dialog(page).getByRole('button', { name: 'Rotate' }).click()
  // What replaces a key wants a proof that is fresh, and then goes on by itself.
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await proof.getByRole('button', { name: 'Cancel' }).click()
  await hasFocus(dialog(page).getByRole('button', { name: 'Rotate' }))
  await dialog(page).getByRole('button', { name: 'Rotate' }).click()
  await proof.getByLabel('Password').fill(owner.password)
  await page.keyboard.press('Enter')
  await dialog(page).getByText('The old key works until the overlap ends.').last().waitFor()
  await dialog(page).getByRole('button', { name: 'Copy key' }).click()
  await dialog(page).getByText('Copied').first().waitFor()
  const successor = (await page.evaluate('navigator.clipboard.readText()')) as string
  await dialog(page).getByRole('button', { name: 'I have copied it' }).click()

  const replaced = page.getByRole('row').filter({ hasText: 'Being replaced' })
  await replaced.getByText('Old key not used since').waitFor()
  // With the successor filtered out it is still known.
  await page.getByLabel('State').selectOption('Being replaced')
  await replaced.getByText('Old key not used since').waitFor()
  expect([await statusOf(old.key), await statusOf(successor)]).toEqual([200, 200])
  await replaced.getByText(/Old key used (once|2 times) since/).waitFor()
  await expectAccessibleInBothThemes(page)
  await replaced.getByRole('button', { name: 'Finish now' }).click()
  await dialog(page)
    .getByText(/It was last used .* from 127\.0\.0\.1/)
    .waitFor()
  await dialog(page).getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('Storefront is revoked').first().waitFor()
  await replaced.waitFor({ state: 'detached' })
  expect([await statusOf(old.key), await statusOf(successor)]).toEqual([401, 200])
  await expectClean({ allowed: [refusal(403), refusal(401)] })
  await close()
}, 120_000)

test('revoking says what it will break, and then has ended it', async () => {
  const owner = await signUp(server.url)
  const { key } = await createKey(server.url, owner.session, { name: 'Importer' })
  await statusOf(key)
  await createKey(server.url, owner.session, { name: 'Never called' })
  const { page, expectClean, close } = await open(owner)
  await page.getByRole('button', { name: 'Actions for Never called' }).click()
  await expectAccessibleInBothThemes(page)
  await page.getByRole('menuitem', { name: 'Revoke' }).click()
  await dialog(page).getByText('It was never used.').waitFor()
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  await hasFocus(page.getByRole('button', { name: 'Actions for Never called' }))
  await expect
    .poll(
      async () => {
        await page.reload()
        return rowOf(page, 'Importer').innerText()
      },
      { timeout: 10_000 },
    )
    .toContain('from 127.0.0.1')
  await page.getByRole('button', { name: 'Actions for Importer' }).click()
  await page.getByRole('menuitem', { name: 'Revoke' }).click()
  await dialog(page)
    .getByText(/It was last used .* from 127\.0\.0\.1, once in all\. Whatever uses it stops working at once\./)
    .waitFor()
  await expectAccessibleInBothThemes(page)
  // Two keys may have one name.
  await dialog(page).getByText(key.slice(0, 14)).waitFor()
  await dialog(page).getByLabel('Reason').fill('Replaced by the new importer')
  await dialog(page).getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('Importer is revoked').first().waitFor()
  await rowOf(page, 'Importer').waitFor({ state: 'detached' })
  expect(await statusOf(key)).toBe(401)
  await page.getByLabel('State').selectOption('Revoked')
  await rowOf(page, 'Importer').getByText('Revoked').waitFor()
  await expectClean()
  await close()
}, 120_000)

test('search, filters and sorting are in the address and survive a reload; markup in a name is text', async () => {
  const owner = await signUp(server.url, 'enterprise')
  const markup = '<img src=x onerror=alert(1)>'
  for (const name of ['Beta', 'alpha', markup]) await createKey(server.url, owner.session, { name })
  await createKey(server.url, owner.session, { name: 'Gamma', environment: 'test' })
  const { page, expectClean, close } = await open(owner)
  await rowOf(page, markup).waitFor()
  await page.getByRole('button', { name: 'Name', exact: true }).click()
  const names = async () =>
    (await page.getByRole('button', { name: /^Actions for / }).all()).map(async (each) =>
      ((await each.getAttribute('aria-label')) ?? '').replace('Actions for ', ''),
    )
  const listed = async () => Promise.all(await names())
  await expect.poll(listed).toEqual([markup, 'alpha', 'Beta', 'Gamma'])
  await page.getByRole('button', { name: 'Name', exact: true }).click()
  await expect.poll(listed).toEqual(['Gamma', 'Beta', 'alpha', markup])
  await page.getByLabel('Environment').selectOption('Live')
  await page.getByRole('searchbox').fill('a')
  await expect.poll(listed).toEqual(['Beta', 'alpha', markup])
  await page.reload()
  await expect.poll(listed).toEqual(['Beta', 'alpha', markup])
  expect(await page.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort')).toBe('descending')
  expect(await page.getByRole('searchbox').inputValue()).toBe('a')
  await page.getByRole('searchbox').fill('zzz')
  await page.getByText('Nothing matches.').waitFor()
  await expectAccessibleInBothThemes(page)
  await expectClean()
  await close()
}, 120_000)
