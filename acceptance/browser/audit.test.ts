// The audit trail as an admin reads it: filtered by what the address says, proved, exported; and an edit in the database is named.
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessibleInBothThemes, phone, refusal, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, createKey, mailToken, type Person, register, signIn, signUp, succeed } from '../support/client.ts'
import { databaseOf } from '../support/database.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

let server: Server
let browser: Browser
let owner: Person
/** More than one page of a hundred. */
const namings = 120
beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer({ ...relaxed }), startBrowser()])
  owner = await signUp(server.url)
  const { id } = await createKey(server.url, owner.session)
  for (let count = 0; count < namings; count++)
    await succeed(call(server.url, 'PUT', `/api/v2/api-keys/${id}`, { token: owner.session, body: { name: `Key ${count}` } }))
})
afterAll(async () => {
  await browser.close()
  await server.discard()
})

const trailOf = (page: Page) => page.getByRole('table', { name: 'Audit trail' })

test('filters, details, and a list that loads as it is read', async () => {
  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, owner.session)
  await page.goto('/dashboard/audit')
  await trailOf(page).getByRole('row').nth(3).waitFor()
  await expectAccessibleInBothThemes(page)
  const count = page.getByText(/^\d+ of \d+ entries loaded$/)
  await count.waitFor()
  await trailOf(page).hover()
  await page.mouse.wheel(0, 20_000)
  await page.getByText(/^\d+ entries$/).waitFor()

  // The choice stands in the address, and a reload keeps it.
  await page.getByLabel('Event', { exact: true }).selectOption('Key created')
  await page.getByText('1 entry', { exact: true }).waitFor()
  expect(new URL(page.url()).search).toBe('?event=api_key.created')
  await page.reload()
  await page.getByText('1 entry', { exact: true }).waitFor()

  await trailOf(page)
    .getByRole('button', { name: /Key created/ })
    .click()
  const entry = page.getByRole('dialog', { name: 'Key created' })
  await entry.getByText('api_key.create', { exact: true }).waitFor()
  await expectAccessibleInBothThemes(page)
  await page.reload()
  await entry.getByText('api_key.create', { exact: true }).waitFor()
  await entry.getByRole('button', { name: 'Only what this person did' }).click()
  await entry.waitFor({ state: 'hidden' })
  expect(new URL(page.url()).searchParams.has('actor')).toBe(true)
  await page.getByLabel('Result', { exact: true }).selectOption('Denied')
  await page.getByText('No entry matches these filters.').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await count.waitFor()
  await expectClean()
  await close()
}, 120_000)

test('export as CSV and NDJSON', async () => {
  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, owner.session)
  await page.goto('/dashboard/audit?period=day')
  for (const [item, start, ending] of [
    ['CSV', 'sequence,id,', '.csv'],
    ['NDJSON', '{"', '.ndjson'],
  ] as const) {
    await page.getByRole('button', { name: 'Export' }).click()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: item }).click()])
    expect(file.suggestedFilename().endsWith(ending)).toBe(true)
    const content = await readFile(await file.path(), 'utf8')
    expect(content.startsWith(start)).toBe(true)
    expect(content).toContain('api_key.created')
  }
  await expectClean()
  await close()
}, 120_000)

test('a menu that is opened before the entries are there stays open when they come', async () => {
  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, owner.session)
  const asked = /\/(audit-logs|members)\b/
  await page.route(asked, () => {})
  await page.goto('/dashboard/audit', { waitUntil: 'commit' })
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('menuitem', { name: 'NDJSON' }).waitFor()
  await page.unroute(asked)
  await trailOf(page).getByRole('row').nth(3).waitFor()
  // Long enough for what would close it.
  await page.waitForTimeout(300)
  expect(await page.getByRole('menuitem', { name: 'NDJSON' }).count()).toBe(1)
  await expectClean()
  await close()
}, 120_000)

test('verify proves the trail, and names a row that was edited in the database', async () => {
  const { page, expectClean, close } = await visit(browser, server.url, phone)
  await signInAs(page, server.url, owner.session)
  await page.goto('/dashboard/audit')
  await page.getByRole('button', { name: 'Verify' }).click()
  await page.getByText(/^The trail is intact: \d+ rows were proved$/).waitFor()
  const database = await databaseOf(server)
  const edited = await database.query<{ sequence: string; id: string }>(
    `UPDATE audit_events SET ip_address = '192.0.2.1' WHERE event_type = 'api_key.created' RETURNING sequence, id`,
  )
  await database.end()
  await page.getByRole('button', { name: 'Verify' }).click()
  await page.getByText(`The trail is broken at row ${edited.rows[0]?.sequence}`).waitFor()
  await expectAccessibleInBothThemes(page)
  await page.getByRole('button', { name: 'Show this entry' }).click()
  await page.getByRole('dialog', { name: 'Key created' }).getByText('192.0.2.1').waitFor()
  await expectClean()
  await close()
}, 120_000)

test('who is no admin is told why the trail is not theirs', async () => {
  const { email, password } = await register(server.url)
  const token = await mailToken(server.url, email, 'verify-email')
  await succeed(call(server.url, 'POST', '/api/v2/auth/session/verify-email', { body: { token } }))
  const session = await signIn(server.url, email, password)
  const invite = { email, role: 'viewer' }
  await succeed(call(server.url, 'POST', '/api/v2/tenant/members/invite', { token: owner.session, body: invite }))
  const invitation = await mailToken(server.url, email, 'accept-invitation')
  const joined = { token: session, body: { token: invitation } }
  const accepted = await succeed(call(server.url, 'POST', '/api/v2/auth/session/accept-invitation', joined))
  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, session)
  await page.goto('/dashboard')
  const tenants = await succeed(call(server.url, 'GET', '/api/v2/user/tenants', { token: session }))
  const workspace = (tenants.at('tenants') as { id: string; is_owner: boolean }[]).find(({ is_owner }) => !is_owner)
  expect(accepted.status).toBeLessThan(300)
  await page.evaluate(`localStorage.setItem('aion.workspace', '${workspace?.id}')`)
  await page.goto('/dashboard/audit')
  await page.getByRole('heading', { name: 'The audit trail is for owner and admins' }).waitFor()
  await page.goto('/dashboard/settings?section=policy')
  const save = page.getByRole('button', { name: 'Save' })
  await save.waitFor()
  await save.focus()
  await page.getByRole('tooltip', { name: '' }).filter({ hasText: 'This needs the role admin in this workspace.' }).waitFor()
  await expectAccessibleInBothThemes(page)
  await expectClean({ allowed: [refusal(403)] })
  await close()
}, 120_000)
