// `npm run screens`: every page at two widths in two themes, written to docs/screens/ as the README shows them; under 3 MB in all.
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { desktop, phone, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, createKey, type Person, register, signIn, signUp, storeDocument, succeed } from '../support/client.ts'
import { relaxed, repository, type Server, startServer } from '../support/server.ts'

const target = join(repository, 'docs/screens')
const bytesMax = 3_000_000
const pages = {
  home: '/',
  pricing: '/pricing',
  register: '/auth/register',
  login: '/auth/login',
  docs: '/docs/quick-start',
  'api-reference': '/docs/api',
  overview: '/dashboard',
  keys: '/dashboard/keys',
  usage: '/dashboard/usage',
  files: '/dashboard/files',
  team: '/dashboard/team',
  audit: '/dashboard/audit',
  billing: '/dashboard/billing',
  'limits-lab': '/dashboard/limits-lab',
  settings: '/dashboard/settings',
}

let server: Server
let browser: Browser
let owner: Person
beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer(relaxed), startBrowser()])
  owner = await signUp(server.url)
  await furnish()
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true })
}, 120_000)
afterAll(async () => {
  await browser.close()
  await server.discard()
})

/** A workspace that somebody works in: keys, pictures, documents, a colleague, and some traffic. */
async function furnish(): Promise<void> {
  const { url } = server
  const token = owner.session
  await succeed(call(url, 'PATCH', '/api/v2/tenant/settings', { token, body: { name: 'Analytical Engines' } }))
  const names = ['Production worker', 'Nightly import', 'Ada’s laptop', 'Continuous integration']
  const keys = await Promise.all(
    names.map((name) => createKey(url, token, { name, scopes: ['read', 'write'], expires_in_days: 90 })),
  )
  for (const hue of [20, 80, 140, 200, 260, 320]) await storePicture(`engine-${hue}.png`, hue)
  for (let count = 1; count <= 4; count++) await storeDocument(url, token, Buffer.from(`Notes on the engine, part ${count}\n`))
  const colleague = await register(url)
  await signIn(url, colleague.email, colleague.password)
  await succeed(
    call(url, 'POST', '/api/v2/tenant/members/invite', { token, body: { email: 'charles@example.com', role: 'editor' } }),
  )
  for (let count = 0; count < 120; count++) {
    const { key } = keys[count % 3] as { key: string }
    const path =
      ['/api/v2/user-files', '/api/v2/documents', '/api/v2/user-files/00000000-0000-4000-8000-000000000000'][count % 7] ?? ''
    await call(url, 'GET', path || '/api/v2/usage/summary', { token: key })
  }
}

async function storePicture(filename: string, hue: number): Promise<void> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="hsl(${hue} 55% 62%)"/><circle cx="${200 + hue}" cy="300" r="170" fill="hsl(${hue + 40} 60% 35%)"/><circle cx="${200 + hue}" cy="300" r="60" fill="hsl(${hue} 30% 92%)"/></svg>`
  const bytes = await sharp(Buffer.from(svg)).png().toBuffer()
  const token = owner.session
  const body = { filename, content_type: 'image/png', size_bytes: bytes.length }
  const upload = await succeed(call(server.url, 'POST', '/api/v2/uploads/request-presigned-url', { token, body }))
  await fetch(upload.text('upload_url'), { method: 'PUT', headers: { 'content-type': 'image/png' }, body: new Uint8Array(bytes) })
  const confirmed = { object_key: upload.text('object_key'), size_bytes: bytes.length }
  await succeed(call(server.url, 'POST', '/api/v2/uploads/confirm', { token, body: confirmed }))
}

test('every page', async () => {
  let bytes = 0
  for (const [width, size] of [
    [1440, desktop],
    [390, phone],
  ] as const)
    for (const theme of ['light', 'dark'] as const) {
      const { page, close } = await visit(browser, server.url, { ...size, colorScheme: theme })
      for (const [name, path] of Object.entries(pages)) {
        if (path.startsWith('/dashboard')) await signInAs(page, server.url, owner.session)
        await page.goto(path)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.waitForLoadState('networkidle')
        const file = join(target, `${name}-${width}-${theme}.webp`)
        await writeFile(
          file,
          await sharp(await page.screenshot())
            .webp({ quality: 60 })
            .toBuffer(),
        )
        bytes += (await stat(file)).size
      }
      await close()
    }
  console.log(`${Object.keys(pages).length * 4} screens, ${(bytes / 1e6).toFixed(2)} MB`)
  expect(bytes).toBeLessThan(bytesMax)
}, 300_000)
