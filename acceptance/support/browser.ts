// A real Chromium, driven by role and label, that notes everything a page must never do.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

/** The first is the same engine without windows, for a third of the work. */
const installed = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]
/** Brings a Chromium for Linux on x64 as an npm package, for machines without one. */
const packaged = '@sparticuz/chromium@153.0.0'
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** AION_CHROMIUM, else the one that is installed, else one from npm: a browser test is never skipped. */
async function findChromium(): Promise<string> {
  const found = [process.env.AION_CHROMIUM, ...installed].find((path) => path && existsSync(path))
  if (found) return found
  const prefix = join(tmpdir(), 'aion-chromium')
  await mkdir(prefix, { recursive: true })
  await promisify(execFile)('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', prefix, packaged])
  const { default: fromPackage } = (await import(createRequire(join(prefix, 'x.js')).resolve('@sparticuz/chromium'))) as {
    default: { executablePath(): Promise<string> }
  }
  return fromPackage.executablePath()
}

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await findChromium(), args: quiet })
}

export interface Visit {
  readonly page: Page
  /** Fails on any console error or warning, CSP report, uncaught error, or request to another host since the last time it was called. */
  expectClean(options?: { readonly allowed?: readonly RegExp[] }): Promise<void>
  close(): Promise<void>
}

export const desktop = { viewport: { width: 1440, height: 900 } } as const
export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true } as const

/** Where the objects of the server under test are, when not there: see start-radosgw.mjs. */
const store = process.env.AION_TEST_S3_ENDPOINT

const reportPolicyViolations = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber))`

/** A browser profile of its own. `allowed` names console lines that the journey provokes: Chromium writes one for each refusal. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ baseURL: url, ...desktop, ...options })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url })
  const faults: string[] = []
  await context.addInitScript({ content: reportPolicyViolations })
  context.on('request', (request) => {
    const address = request.url()
    if (!address.startsWith(url) && !(store && address.startsWith(store)) && !/^(data|blob|about):/.test(address))
      faults.push(`request to ${address}`)
  })
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      faults.push(`${message.type()}: ${message.text()} ${message.location().url}`)
  })
  context.on('weberror', (error) => faults.push(`uncaught: ${error.error().stack ?? error.error().message}`))
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  return {
    page,
    async expectClean({ allowed = [] } = {}) {
      const left = faults.splice(0).filter((fault) => !allowed.some((pattern) => pattern.test(fault)))
      expect(left).toEqual([])
    },
    close: () => context.close(),
  }
}

/** Chromium's own line for an answer of this status. */
export const refusal = (status: number): RegExp => new RegExp(`^error: Failed to load resource: .* ${status} `)

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** WCAG 2.2 A and AA, and axe's best practices, in the theme that the page is shown in. */
export async function expectAccessible(page: Page): Promise<void> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axeSource)
  const { violations } = (await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
  )) as axe.AxeResults
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`)
  expect(told, page.url()).toEqual([])
}

/** In both themes. */
export async function expectAccessibleInBothThemes(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    // Without motion: half-way from one theme to the other no contrast holds.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
    await expectAccessible(page)
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
}

/** Puts the session of somebody who signed up over the API into the browser. */
export async function signInAs(page: Page, url: string, session: string): Promise<void> {
  await page.context().addCookies([{ name: 'aionvision_session', value: session, url, httpOnly: true, sameSite: 'Lax' }])
}
