// Signing in: password, second factor, passkey, provider, and a command line that asks; and on to where the person was going.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessibleInBothThemes, phone, refusal, signInAs, startBrowser, type Visit, visit } from '../support/browser.ts'
import { call, type Person, signIn, signUp, succeed } from '../support/client.ts'
import { ageProofs } from '../support/database.ts'
import { type Issuer, startIssuer } from '../support/oidc-issuer.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'
import { totpCode } from '../support/totp.ts'

const base = '/api/v2/auth/session'
let issuer: Issuer
let server: Server
let browser: Browser
beforeAll(async () => {
  ;[issuer, browser] = await Promise.all([startIssuer(), startBrowser()])
  server = await startServer({
    ...relaxed,
    // Passkeys belong to a host name: an address has none.
    HOST: 'localhost',
    OIDC_ACME_LABEL: 'Acme Inc.',
    OIDC_ACME_ISSUER: issuer.url,
    OIDC_ACME_CLIENT_ID: 'aionvision',
    OIDC_ACME_CLIENT_SECRET: 'a-secret-nobody-may-read',
  })
})
afterAll(async () => {
  await browser.close()
  await server.discard()
  await issuer.stop()
})

async function inBrowser(task: (visit: Visit) => Promise<void>, size = {}): Promise<void> {
  const opened = await visit(browser, server.url, size)
  try {
    await task(opened)
  } finally {
    await opened.close()
  }
}

/** With an authenticator app and recovery codes. */
async function enrolled(): Promise<Person & { secret: string; codes: string[] }> {
  const person = await signUp(server.url, 'free')
  const { session: token } = person
  const offered = await succeed(call(server.url, 'POST', `${base}/mfa/totp`, { token }))
  const secret = offered.text('secret')
  const body = { code: totpCode(secret) }
  const confirmed = await succeed(call(server.url, 'POST', `${base}/mfa/totp/confirm`, { token, body }))
  return { ...person, secret, codes: confirmed.at('recovery_codes') as string[] }
}

async function typePassword(page: Page, { email, password }: Person): Promise<void> {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Away from a page that would notice, as a browser that was never signed in. */
async function forget(page: Page): Promise<void> {
  await page.goto('about:blank')
  await page.context().clearCookies()
}

const arrived = (page: Page) => page.waitForURL('**/dashboard/billing')
const there = '/auth/login?next=%2Fdashboard%2Fbilling'

test('a wrong password is told, the right one leads on, and "stay signed in" is kept for 30 days', () =>
  inBrowser(async ({ page, expectClean }) => {
    const person = await signUp(server.url, 'free')
    await page.goto('/dashboard/billing')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await typePassword(page, { ...person, password: 'Not-My-Password-1' })
    await page.getByRole('alert').waitFor()
    await expectAccessibleInBothThemes(page)
    await page.getByLabel('Stay signed in for 30 days').check()
    await typePassword(page, person)
    await arrived(page)
    const cookie = (await page.context().cookies()).find(({ name }) => name === 'aionvision_session')
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' })
    expect((cookie?.expires ?? 0) - Date.now() / 1000).toBeGreaterThan(29 * 86_400)
    await expectClean({ allowed: [refusal(401)] })
  }))

test('a second factor: the app’s code, a recovery code, and too many wrong ones', () =>
  inBrowser(async ({ page, expectClean }) => {
    const person = await enrolled()
    await page.goto(there)
    await typePassword(page, person)
    await page.getByRole('heading', { name: 'One more step' }).waitFor()
    await expectAccessibleInBothThemes(page)
    const code = page.getByLabel('Code from your authenticator app')
    await code.fill('000000')
    await code.press('Enter')
    await page.getByRole('alert').waitFor()
    await page.getByRole('button', { name: 'Use a recovery code' }).click()
    await page.getByLabel('Recovery code').fill(` ${person.codes[0]} `)
    await page.getByRole('button', { name: 'Go on' }).click()
    await arrived(page)

    await forget(page)
    await page.goto(there)
    await typePassword(page, person)
    for (let attempt = 0; attempt < 6; attempt++) {
      await code.fill('000000')
      await page.getByRole('button', { name: 'Go on' }).click()
      await page
        .getByRole('button', { name: 'Go on', disabled: false })
        .or(page.getByRole('heading', { name: 'Sign in' }))
        .waitFor()
    }
    await page.getByText('Sign in again.').waitFor()
    await expectClean({ allowed: [refusal(403), refusal(401), refusal(410)] })
  }, phone))

test('a passkey signs in by itself; a prompt that is closed says so', () =>
  inBrowser(async ({ page, expectClean }) => {
    const { session } = await signUp(server.url, 'free')
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    await signInAs(page, server.url, session)
    await page.goto('/dashboard/settings?section=second-factor')
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByLabel('Name of the passkey').fill('Laptop')
    await page.getByRole('button', { name: 'Create passkey' }).click()
    await page.getByRole('dialog', { name: 'Your recovery codes' }).waitFor()
    await forget(page)

    await page.goto(there)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await arrived(page)

    await forget(page)
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    await page.goto(there)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText('No passkey was used').waitFor()
    await expectAccessibleInBothThemes(page)
    await expectClean()
  }))

test('a provider signs in and leads on; who has a second factor proves it here, who gives up is told', () =>
  inBrowser(async ({ page, expectClean }) => {
    const allowed = [new RegExp(`^request to ${issuer.url}/authorize`)]
    const elsewhere = page.getByRole('button', { name: 'Continue with Acme Inc.' })
    issuer.visitor = null
    await page.goto(there)
    await elsewhere.click()
    await page.getByText('The sign-in was given up').waitFor()
    await expectAccessibleInBothThemes(page)

    // The address in the bar still knows where they were going.
    issuer.visitor = { email: `grace-${Date.now()}@example.com`, name: 'Grace' }
    await elsewhere.click()
    await arrived(page)
    await expectClean({ allowed })

    await forget(page)
    const person = await enrolled()
    issuer.visitor = { email: person.email, name: 'Ada' }
    await page.goto(there)
    await elsewhere.click()
    await page.getByRole('heading', { name: 'One more step' }).waitFor()
    expect(page.url()).not.toContain('mfa_')
    await page.getByRole('button', { name: 'Use a recovery code' }).click()
    await page.getByLabel('Recovery code').fill(person.codes[1] ?? '')
    await page.getByRole('button', { name: 'Go on' }).click()
    await arrived(page)
    const left = (await page.context().cookies(`${server.url}${base}/mfa/challenge`)).map(({ name }) => name)
    expect(left).toContain('aionvision_session')
    expect(left).not.toContain('aionvision_challenge')
    await expectClean({ allowed })
  }))

test('a command line is approved by who sees what asks, after a fresh proof, and gets its code at its own address', () =>
  inBrowser(async ({ page, expectClean }) => {
    const person = await signUp(server.url, 'free')
    const listener = createServer((request, response) => response.end(`arrived ${new URL(request.url ?? '', 'http://x').search}`))
    await once(listener.listen(0, '127.0.0.1'), 'listening')
    const redirect_uri = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`
    const code_challenge = createHash('sha256').update(randomBytes(32)).digest('base64url')
    const begin = async (extra: object) => {
      const body = { client_name: '<b>aion</b> on ada-laptop', code_challenge, ...extra }
      return (await succeed(call(server.url, 'POST', `${base}/cli/start`, { body }))).text('user_code')
    }

    const refused = await begin({})
    await page.goto(`/auth/cli?code=${refused}`)
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
    await typePassword(page, person)
    await page.getByRole('heading', { name: 'Sign in this command line?' }).waitFor()
    await page.getByText('<b>aion</b> on ada-laptop').waitFor()
    await page.getByText(refused, { exact: true }).waitFor()
    await expectAccessibleInBothThemes(page)
    await page.getByRole('button', { name: 'Refuse' }).click()
    await page.getByRole('heading', { name: 'Refused' }).waitFor()
    await page.goto('/auth/cli')
    await page.getByLabel('The code that the command line shows').fill(refused)
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByText('This code is not waiting').waitFor()
    await expectAccessibleInBothThemes(page)

    await ageProofs(server)
    await signInAs(page, server.url, await signIn(server.url, person.email, person.password))
    await ageProofs(server)
    const approved = await begin({ redirect_uri })
    await page.goto(`/auth/cli?code=${approved.toLowerCase()}`)
    await page.getByRole('button', { name: 'Sign it in' }).click()
    await page.getByText('this step needs a proof').waitFor()
    await typePassword(page, person)
    await page.getByRole('button', { name: 'Sign it in' }).click()
    await page.getByText(/^arrived \?code=/).waitFor()
    listener.close()
    await expectClean({ allowed: [refusal(410), refusal(403), /^request to http:\/\/127\.0\.0\.1:\d+\/(callback|favicon)/] })
  }))
