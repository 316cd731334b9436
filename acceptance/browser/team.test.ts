// The team as owner, admin and viewer see it: roles, removal with its keys, leaving, and handing the workspace over.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { desktop, expectAccessibleInBothThemes, phone, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, mailToken, type Person, signIn, signUp, succeed } from '../support/client.ts'
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

async function open(person: Person, workspaceId: string, size = desktop as typeof desktop | typeof phone) {
  const visited = await visit(browser, server.url, size)
  await signInAs(visited.page, server.url, person.session)
  await visited.page.addInitScript(
    `localStorage.getItem('aion.workspace') ?? localStorage.setItem('aion.workspace', '${workspaceId}')`,
  )
  await visited.page.goto('/dashboard/team')
  await visited.page.getByRole('heading', { name: /^Members/ }).waitFor()
  return visited
}

async function workspaceOf(owner: Person): Promise<string> {
  return (await succeed(call(server.url, 'GET', '/api/v2/user/tenants', { token: owner.session }))).text('tenants.0.id')
}

async function join(owner: Person, role: string): Promise<Person> {
  const person = await signUp(server.url, 'free')
  const body = { email: person.email, role }
  await succeed(call(server.url, 'POST', '/api/v2/tenant/members/invite', { token: owner.session, body }))
  const token = await mailToken(server.url, person.email, 'accept-invitation')
  await succeed(call(server.url, 'POST', '/api/v2/auth/session/accept-invitation', { token: person.session, body: { token } }))
  return person
}

const asMember = (person: Person, tenantId: string) => ({ token: person.session, headers: { 'x-tenant-id': tenantId } })

test('the owner changes a role, takes a leaver’s keys over, and hands the workspace over', async () => {
  const owner = await signUp(server.url)
  const tenantId = await workspaceOf(owner)
  const admin = await join(owner, 'admin')
  const editor = await join(owner, 'editor')
  const body = { name: 'nightly import', scopes: ['read'] }
  const made = await succeed(call(server.url, 'POST', '/api/v2/api-keys', { ...asMember(admin, tenantId), body }))
  // Another session, which the server has not seen yet.
  const session = await signIn(server.url, owner.email, owner.password)
  await ageProofs(server)

  const { page, expectClean, close } = await open({ ...owner, session }, tenantId)
  const rowOf = (person: Person) => page.getByRole('row').filter({ hasText: person.email })
  const act = async (person: Person, deed: string) => {
    await rowOf(person)
      .getByRole('button', { name: /^Actions for/ })
      .click()
    await page.getByRole('menuitem', { name: deed }).click()
  }
  await expectAccessibleInBothThemes(page)

  await act(editor, 'Change role')
  const role = page.getByRole('dialog', { name: `Change the role of Ada (${editor.email})` })
  await role.getByLabel('Viewer').check()
  await expectAccessibleInBothThemes(page)
  await role.getByRole('button', { name: 'Change role' }).click()
  // The last proof is an hour old.
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await proof.getByLabel('Password').fill(owner.password)
  await page.keyboard.press('Enter')
  await rowOf(editor).getByText('Viewer').waitFor()

  await act(admin, 'Remove')
  const removal = page.getByRole('dialog', { name: `Remove Ada (${admin.email})?` })
  await removal.getByText('They have 1 active key here. Without a take-over every request with it is refused').waitFor()
  await removal.getByLabel('Take their keys over first').check()
  await expectAccessibleInBothThemes(page)
  await removal.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Ada is removed; 1 active key taken over').first().waitFor()
  await rowOf(admin).waitFor({ state: 'detached' })
  expect((await call(server.url, 'GET', '/api/v2/user-files', { token: made.text('api_key') })).status).toBe(200)

  await act(editor, 'Make owner')
  const transfer = page.getByRole('dialog', { name: `Hand the workspace over to Ada (${editor.email})?` })
  const typed = transfer.getByLabel(`Type “${editor.email}” to confirm`)
  await typed.fill('somebody else')
  await page.keyboard.press('Enter')
  await expectAccessibleInBothThemes(page)
  await typed.fill(editor.email)
  await transfer.getByRole('button', { name: 'Hand over' }).click()
  await rowOf(editor).getByText('Owner').waitFor()
  await page.getByRole('complementary').getByText('Your role: admin').waitFor()

  await page.getByRole('button', { name: 'Leave workspace' }).click()
  const leave = page.getByRole('dialog', { name: /^Leave / })
  await leave.getByRole('button', { name: 'Leave workspace' }).click()
  await page.waitForURL(`${server.url}/dashboard`)
  expect((await call(server.url, 'GET', '/api/v2/tenant/members', asMember(owner, tenantId))).status).toBe(404)
  await expectClean({ allowed: [/ 403 /, / 404 /] })
  await close()
}, 120_000)

test('admins and viewers see what they may not do, and why', async () => {
  const owner = await signUp(server.url)
  const tenantId = await workspaceOf(owner)
  const admin = await join(owner, 'admin')
  const second = await join(owner, 'admin')
  const viewer = await join(owner, 'viewer')

  const asAdmin = await open(admin, tenantId)
  const row = asAdmin.page.getByRole('row').filter({ hasText: second.email })
  await row.getByRole('button', { name: /^Actions for/ }).click()
  await asAdmin.page
    .getByRole('menuitem', { name: 'Change role Only the owner appoints, changes or removes an admin.' })
    .waitFor()
  await asAdmin.page.getByRole('menuitem', { name: 'Make owner Only the owner hands the workspace over.' }).waitFor()
  await expectAccessibleInBothThemes(asAdmin.page)
  await asAdmin.page.keyboard.press('Escape')
  await asAdmin.page.getByRole('button', { name: 'Invite' }).click()
  const invite = asAdmin.page.getByRole('dialog', { name: 'Invite somebody' })
  expect(await invite.getByLabel('Admin').isDisabled()).toBe(true)
  await asAdmin.expectClean()
  await asAdmin.close()

  const asViewer = await open(viewer, tenantId, phone)
  await asViewer.page.getByRole('button', { name: 'Invite' }).focus()
  await asViewer.page
    .getByRole('tooltip')
    .filter({ hasText: 'Only owners and admins invite, change and remove people.' })
    .waitFor()
  await asViewer.page.getByText('Your role is viewer. Keys that you made here are never worth more than that').waitFor()
  await expectAccessibleInBothThemes(asViewer.page)
  expect(await asViewer.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
  await asViewer.expectClean()
  await asViewer.close()
}, 120_000)

test('a long team is searched, and the search outlives a reload', async () => {
  const owner = await signUp(server.url)
  const tenantId = await workspaceOf(owner)
  const { page, expectClean, close } = await open(owner, tenantId)
  await page.getByText('Nobody else is here yet.').waitFor()
  const [own] = JSON.parse(
    (await succeed(call(server.url, 'GET', '/api/v2/tenant/members', { token: owner.session }))).raw,
  ) as object[]
  const members = Array.from({ length: 300 }, (_, index) => ({
    ...own,
    ...(index > 0 && {
      id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      name: `Person ${index}`,
      email: `person.${index}.${'long'.repeat(8)}@example.com`,
      role: 'viewer',
    }),
  }))
  await page.route('**/api/v2/tenant/members', (route) => route.fulfill({ json: members }))
  await page.reload()
  await page.getByLabel('Search name, address or role').fill('person.217')
  await page.getByText('Person 217').waitFor()
  await page.reload()
  await page.getByText('Person 217').waitFor()
  expect(await page.getByRole('table', { name: 'Members' }).getByRole('row').count()).toBe(2)
  await page.setViewportSize({ width: 320, height: 700 })
  expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
  await expectClean()
  await close()
})
