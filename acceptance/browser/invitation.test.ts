// An invitation from both ends: the owner's page, the mail, the page it leads to, and what each sees afterwards.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessibleInBothThemes, refusal, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, mailToken, signUp, succeed } from '../support/client.ts'
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

/** Until a newer one has come. */
async function newToken(email: string, before: string): Promise<string> {
  for (;;) {
    const mails = JSON.parse(
      (await succeed(call(server.url, 'GET', `/dev/mailbox.json?to=${encodeURIComponent(email)}`))).raw,
    ) as {
      text: string
    }[]
    const tokens = mails.flatMap(({ text }) => text.match(/^[\w.-]{20,}$/m) ?? [])
    const other = tokens.find((token) => token !== before)
    if (other) return other
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

test('invited, sent again, changed, accepted in another browser; a second one is withdrawn', async () => {
  const owner = await signUp(server.url)
  const email = `grace-${Date.now()}@example.com`
  const inviting = await visit(browser, server.url)
  await signInAs(inviting.page, server.url, owner.session)
  const { page } = inviting
  await page.goto('/dashboard/team')

  await page.getByRole('button', { name: 'Invite' }).click()
  const invite = page.getByRole('dialog', { name: 'Invite somebody' })
  await expectAccessibleInBothThemes(page)
  await invite.getByLabel('E-mail address').fill('grace at example')
  await invite.getByRole('button', { name: 'Send invitation' }).click()
  await invite.getByRole('alert').waitFor()
  await invite.getByLabel('E-mail address').fill(owner.email)
  await invite.getByRole('button', { name: 'Send invitation' }).click()
  await invite
    .getByRole('alert')
    .filter({ hasText: /member/ })
    .waitFor()
  await invite.getByLabel('E-mail address').fill(email)
  await page.keyboard.press('Enter')
  await page.getByText(`An invitation is on its way to ${email}`).first().waitFor()
  const open = page.getByRole('table', { name: 'Open invitations' })
  await open.getByText('Viewer').waitFor()
  const act = async (who: string, deed: string) => {
    await open.getByRole('button', { name: `Actions for ${who}` }).click()
    await page.getByRole('menuitem', { name: deed }).click()
  }
  const first = await mailToken(server.url, email, 'accept-invitation')
  await act(email, 'Send again')
  await page.getByText(`A new link is on its way to ${email}`).first().waitFor()
  const second = await newToken(email, first)
  await act(email, 'Change role')
  const role = page.getByRole('dialog', { name: `Change the role of ${email}` })
  await role.getByLabel('Editor').check()
  await role.getByRole('button', { name: 'Change role' }).click()
  await open.getByText('Editor').waitFor()
  await expectAccessibleInBothThemes(page)

  const invited = await visit(browser, server.url)
  await invited.page.goto(`/auth/accept-invitation?token=${first}`)
  await invited.page.getByRole('heading', { name: 'This invitation is not valid any more' }).waitFor()
  await invited.page.goto(`/auth/accept-invitation?token=${second}`)
  await invited.page.getByText('is invited as editor.').waitFor()
  await invited.page.getByLabel('Your name').fill('Grace <i>Hopper</i>')
  await invited.page.getByLabel('Password', { exact: true }).fill('Nanoseconds-Of-Wire-1952')
  await invited.page.getByRole('button', { name: 'Join' }).click()
  await invited.page.waitForURL('**/dashboard')
  await invited.page.goto('/dashboard/team')
  await invited.page.getByText('Your role is editor.').waitFor()
  await invited.expectClean({ allowed: [refusal(410)] })
  await invited.close()

  await page.reload()
  await page.getByRole('table', { name: 'Members' }).getByText('Grace <i>Hopper</i>').waitFor()
  expect(await open.count()).toBe(0)

  await page.getByRole('button', { name: 'Invite' }).click()
  await invite.getByLabel('E-mail address').fill('mistaken@example.com')
  await invite.getByLabel('Admin').check()
  await invite.getByRole('button', { name: 'Send invitation' }).click()
  await open.getByText('mistaken@example.com').waitFor()
  await act('mistaken@example.com', 'Withdraw')
  const asked = page.getByRole('dialog', { name: 'Withdraw the invitation of mistaken@example.com?' })
  await expectAccessibleInBothThemes(page)
  await asked.getByRole('button', { name: 'Withdraw' }).click()
  await open.waitFor({ state: 'hidden' })
  await inviting.expectClean({ allowed: [refusal(422), refusal(409)] })
  await inviting.close()
}, 120_000)
