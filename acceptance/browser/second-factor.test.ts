// A second factor from the first click to the last: app, recovery codes, passkey, a fresh proof by passkey, and all of it removed.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessibleInBothThemes, refusal, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, type Person, signIn, signUp, succeed } from '../support/client.ts'
import { ageProofs } from '../support/database.ts'
import { snippets } from '../support/documents.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'
import { totpCode } from '../support/totp.ts'

let server: Server
let browser: Browser
let owner: Person
beforeAll(async () => {
  // Passkeys belong to a host name: an address has none.
  ;[server, browser] = await Promise.all([startServer({ ...relaxed, HOST: 'localhost' }), startBrowser()])
  owner = await signUp(server.url)
})
afterAll(async () => {
  await browser.close()
  await server.discard()
})

/** A device with a fingerprint reader whose owner always agrees. */
async function addAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}

test('a second factor: added, used for a fresh proof, removed', async () => {
  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, owner.session)
  await addAuthenticator(page)
  await page.goto('/dashboard/settings?section=second-factor')
  await page.getByText('Your account has no second factor.').waitFor()

  // The app: a wrong code is told at its field, the right one turns it on.
  await page.getByRole('button', { name: 'Add authenticator app' }).click()
  const enrol = page.getByRole('dialog', { name: 'Add an authenticator app' })
  await enrol.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor()
  const secret = ((await enrol.getByRole('group', { name: 'Secret' }).textContent()) ?? '').replaceAll(/\s/g, '')
  await expectAccessibleInBothThemes(page)
  const code = enrol.getByLabel('Code from the app')
  const wrong = totpCode(secret) === '000000' ? '111111' : '000000'
  await code.fill(wrong)
  await code.press('Enter')
  await enrol.getByRole('alert').waitFor()
  await code.fill(totpCode(secret))
  await enrol.getByRole('button', { name: 'Turn on' }).click()

  // Recovery codes come once, and the dialog does not close by accident.
  const codes = page.getByRole('dialog', { name: 'Your recovery codes' })
  await codes.waitFor()
  const shown = await codes.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allTextContents()
  expect(new Set(shown).size).toBe(10)
  await expectAccessibleInBothThemes(page)
  await page.keyboard.press('Escape')
  await codes.getByText('Store the codes first, then say so.').first().waitFor()
  await codes.getByRole('button', { name: 'Copy all' }).click()
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(shown.join('\n'))
  const saved = page.waitForEvent('download')
  await codes.getByRole('button', { name: 'Download' }).click()
  expect((await saved).suggestedFilename()).toBe('aionvision-recovery-codes.txt')
  await codes.getByLabel('I have stored these codes').check()
  await codes.getByRole('button', { name: 'Done' }).click()
  await codes.waitFor({ state: 'hidden' })
  await page.getByText('10 of 10 left').waitFor()
  await page.getByText('Signing in asks for your second factor.').waitFor()
  expect(await page.content()).not.toContain(shown[0])

  // A passkey: made, renamed.
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  const add = page.getByRole('dialog', { name: 'Add a passkey' })
  await add.getByLabel('Name of the passkey').fill('Laptop')
  await add.getByRole('button', { name: 'Create passkey' }).click()
  await add.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Rename Laptop' }).click()
  const rename = page.getByRole('dialog', { name: 'Rename the passkey' })
  await rename.getByLabel('Name of the passkey').fill('Work laptop')
  await rename.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('listitem').filter({ hasText: 'Work laptop' }).waitFor()
  await expectAccessibleInBothThemes(page)
  await expectClean({ allowed: [refusal(401), refusal(422)] })

  // An hour later the same session must prove itself: what the account has is offered, and the deed goes on by itself.
  await ageProofs(server)
  await succeed(call(server.url, 'PATCH', '/api/v2/tenant/settings', { token: owner.session, body: { custom_config: { a: 1 } } }))
  await page.getByRole('button', { name: 'Make new codes' }).click()
  await page.getByRole('dialog', { name: 'Make new recovery codes?' }).getByRole('button', { name: 'Make new codes' }).click()
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await proof.getByLabel('Password').waitFor()
  await proof.getByRole('button', { name: 'Use a recovery code instead' }).click()
  await proof.getByLabel('Recovery code').fill('aaaa-bbbb-cccc-dddd')
  await proof.getByRole('button', { name: 'Confirm' }).click()
  await proof.getByRole('alert').waitFor()
  await expectAccessibleInBothThemes(page)
  await proof.getByRole('button', { name: 'Use a passkey' }).click()
  await codes.getByLabel('I have stored these codes').check()
  await codes.getByRole('button', { name: 'Done' }).click()

  // Away with both: the last one takes the recovery codes along.
  await page.getByRole('button', { name: 'Remove Work laptop' }).click()
  await page.getByRole('dialog', { name: 'Remove the passkey Work laptop?' }).getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No passkey yet.').waitFor()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('dialog', { name: 'Remove the authenticator app?' }).getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Your account has no second factor.').waitFor()
  await expectClean({ allowed: [refusal(401), refusal(403)] })
  await close()
}, 120_000)

test('the passkey snippet of docs/guide/second-factor.md adds one', async () => {
  const person = await signUp(server.url)
  const { page, close } = await visit(browser, server.url)
  await signInAs(page, server.url, person.session)
  await addAuthenticator(page)
  await page.goto('/dashboard')
  const [snippet = ''] = snippets('docs/guide/second-factor.md', 'js')
  await page.evaluate(`(async () => {${snippet}})()`)
  const passkeys = await succeed(call(server.url, 'GET', '/api/v2/auth/session/mfa/passkeys', { token: person.session }))
  expect(passkeys.raw).toContain('My laptop')
  await close()
})

test('a session without its factor: refused where the workspace asks for one, until it is proved there and then', async () => {
  const person = await signUp(server.url)
  const older = await signIn(server.url, person.email, person.password)
  const post = (path: string, body?: object) => succeed(call(server.url, 'POST', path, { token: person.session, body }))
  const { secret } = JSON.parse((await post('/api/v2/auth/session/mfa/totp')).raw) as { secret: string }
  const confirmed = await post('/api/v2/auth/session/mfa/totp/confirm', { code: totpCode(secret) })
  const [recoveryCode = ''] = confirmed.at('recovery_codes') as string[]
  const policy = { token: person.session, body: { factor_required: true } }
  await succeed(call(server.url, 'PATCH', '/api/v2/tenant/policy', policy))

  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, older)
  await page.goto('/dashboard/settings?section=workspace')
  await page.getByText('This workspace asks for a second factor: prove yours to go on.').waitFor()
  await page.getByRole('button', { name: 'Prove it now' }).click()
  const proof = page.getByRole('dialog', { name: 'Prove your second factor' })
  await proof.getByLabel('Code from your authenticator app').waitFor()
  // A password would not do.
  expect(await proof.getByRole('button', { name: /password/ }).count()).toBe(0)
  await expectAccessibleInBothThemes(page)
  await proof.getByRole('button', { name: 'Use a recovery code instead' }).click()
  await proof.getByLabel('Recovery code').fill(recoveryCode.toUpperCase())
  await proof.getByRole('button', { name: 'Confirm' }).click()
  await page.getByLabel('Workspace name').waitFor()
  await expectClean({ allowed: [refusal(403)] })
  await close()
}, 120_000)
