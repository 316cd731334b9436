// Files as people handle them: taken in, refused with a reason, found, opened, described, downloaded, thrown out and brought back.
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { crc32, deflateSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { desktop, expectAccessibleInBothThemes, phone, refusal, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, download, mailToken, type Person, signUp, storeDocument, succeed } from '../support/client.ts'
import { databaseOf } from '../support/database.ts'
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

async function open(person: Pick<Person, 'session'>, search = '', size = desktop as typeof desktop | typeof phone) {
  const visited = await visit(browser, server.url, size)
  await signInAs(visited.page, server.url, person.session)
  await visited.page.goto(`/dashboard/files${search}`)
  return visited
}

const note = (name: string, text = 'Minutes of the meeting.\n') => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })

/** A picture of one colour, of any size. */
function png(side: number, shade: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 8
  const line = Buffer.concat([Buffer.of(0), Buffer.alloc(side, shade)])
  const pixels = deflateSync(Buffer.concat(Array.from({ length: side }, () => line)))
  const magic = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([magic, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

const chooser = (page: Page) => page.locator('input[type=file]')
const uploads = (page: Page) => page.getByRole('region', { name: 'Uploads' })
const gallery = (page: Page) => page.getByRole('list', { name: 'Files' })

test('from the first file to its deletion, and back: reasons for what is refused, bytes that are the same', async () => {
  const owner = await signUp(server.url)
  const { page, expectClean, close } = await open(owner)
  await page.getByRole('heading', { name: 'No files yet' }).waitFor()
  await expectAccessibleInBothThemes(page)

  const bytes = png(800, 120)
  const chosen = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Upload files' }).first().click()
  await (await chosen).setFiles([
    { name: 'a wall.png', mimeType: 'image/png', buffer: bytes },
    note('minutes.txt'),
    { name: 'archive.zip', mimeType: 'application/zip', buffer: Buffer.from('PK') },
    { name: 'not a picture.png', mimeType: 'image/png', buffer: Buffer.from('only text') },
    note('empty.txt', ''),
  ])
  await uploads(page).getByText('2 of 5 files uploaded, 3 failed').waitFor()
  const rowOf = (name: string) => uploads(page).getByRole('listitem').filter({ hasText: name })
  await rowOf('archive.zip').getByText('Files of this type (application/zip) are not taken.').waitFor()
  await rowOf('not a picture.png').getByText('Its content is not what its type says').waitFor()
  await rowOf('empty.txt').getByText('The file is empty.').waitFor()
  await gallery(page).getByRole('presentation').first().waitFor()
  await expectAccessibleInBothThemes(page)
  await uploads(page).getByRole('button', { name: 'Clear the list' }).click()
  await uploads(page).waitFor({ state: 'hidden' })

  await page.getByRole('button', { name: 'Details of a wall.png' }).click()
  const details = page.getByRole('dialog', { name: 'a wall.png' })
  await details.getByText('800 × 800 pixels').waitFor()
  await details.getByText(createHash('sha256').update(bytes).digest('hex')).waitFor()
  await details.getByText('4 made').waitFor()
  await details.getByRole('img', { name: 'a wall.png' }).waitFor()
  await expectAccessibleInBothThemes(page)
  await details.getByLabel('Tags').fill('indoors, '.repeat(3) + 'x'.repeat(51))
  await details.getByLabel('Title').fill('The <b>grey</b> wall')
  await details.getByRole('button', { name: 'Save' }).click()
  await details.getByText('A tag has up to 50 characters.').waitFor()
  await details.getByLabel('Tags').fill('indoors, grey, indoors')
  await details.getByRole('button', { name: 'Save' }).click()
  const renamed = page.getByRole('dialog', { name: 'The <b>grey</b> wall' })
  await renamed.waitFor()
  // An open file has an address.
  await page.reload()
  await renamed.waitFor()
  expect(await renamed.getByLabel('Tags').inputValue()).toBe('indoors, grey')
  const saving = page.waitForEvent('download')
  await renamed.getByRole('button', { name: 'Download' }).click()
  const saved = await saving
  expect(saved.suggestedFilename()).toBe('a wall.png')
  expect((await readFile(await saved.path())).equals(bytes)).toBe(true)
  await page.goBack()
  await renamed.waitFor({ state: 'hidden' })

  await page.getByRole('button', { name: 'Details of The <b>grey</b> wall' }).click()
  await renamed.getByRole('button', { name: 'Delete' }).click()
  await page.getByText('The <b>grey</b> wall is deleted').first().waitFor()
  await page.getByText('1 file', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('2 files', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Details of The <b>grey</b> wall' }).waitFor()
  await expectClean({ allowed: [refusal(400)] })
  await close()
}, 120_000)

test('search, type, order and view stand in the address; several are deleted at once, and brought back', async () => {
  const owner = await signUp(server.url)
  for (let count = 0; count < 4; count++) await storeDocument(server.url, owner.session, Buffer.from(`note ${count}`))
  const { page, expectClean, close } = await open(owner)
  await page.getByText('4 files', { exact: true }).waitFor()
  await chooser(page).setInputFiles([note('budget.txt'), { name: 'plan.png', mimeType: 'image/png', buffer: png(32, 9) }])
  await page.getByText('6 files', { exact: true }).waitFor()
  await page.getByLabel('Type').selectOption('Images')
  await page.getByText('1 file', { exact: true }).waitFor()
  await page.getByLabel('Type').selectOption('All types')
  await page.getByLabel('Search title, name or tag').fill('budg')
  await page.getByText('1 file', { exact: true }).waitFor()
  await page.getByRole('radio', { name: 'List' }).click()
  await page.reload()
  const table = page.getByRole('table', { name: 'Files' })
  await table.getByRole('button', { name: 'Details of budget.txt' }).waitFor()
  await page.getByLabel('Search title, name or tag').fill('nothing has this')
  await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
  await page.getByRole('button', { name: 'Show all files' }).click()
  await table.getByRole('row').nth(6).waitFor()
  await table.getByRole('button', { name: 'Size' }).click()
  expect(new URL(page.url()).search).toContain('order=largest')
  await expectAccessibleInBothThemes(page)
  const boxes = table.getByRole('checkbox')
  await boxes.nth(0).check()
  await boxes.nth(3).click({ modifiers: ['Shift'] })
  await page.getByText('4 files selected').waitFor()
  await expectAccessibleInBothThemes(page)
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('4 files are deleted').first().waitFor()
  await page.getByText('2 files', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('6 files', { exact: true }).waitFor()
  await expectClean()
  await close()
}, 120_000)

test('an upload shows how far it is, goes on under another tab, and can be cancelled and tried again', async () => {
  const owner = await signUp(server.url)
  const { page, expectClean, close } = await open(owner)
  await page.getByRole('heading', { name: 'No files yet' }).waitFor()
  const network = await page.context().newCDPSession(page)
  const slow = (bytesPerSecond: number) =>
    network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytesPerSecond,
    })
  await slow(60_000)
  const content = randomBytes(900_000).toString('base64')
  await chooser(page).setInputFiles([note('long.txt', content)])
  const bar = page.getByRole('progressbar', { name: 'Progress of long.txt' })
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow')), { timeout: 10_000 }).toBeGreaterThan(10)
  await expectAccessibleInBothThemes(page)
  await page.getByRole('link', { name: 'Team' }).click()
  await page.getByRole('link', { name: '1 file uploading' }).click()
  await page.getByRole('button', { name: 'Cancel long.txt' }).click()
  await uploads(page).getByText('Cancelled').waitFor()
  const left = await succeed(call(server.url, 'GET', '/api/v2/user-files', { token: owner.session }))
  expect(left.at('total_count')).toBe(0)
  await slow(-1)
  await page.getByRole('button', { name: 'Try long.txt again' }).click()
  await uploads(page).getByText('1 of 1 file uploaded').waitFor()
  await page.getByRole('button', { name: 'Details of long.txt' }).waitFor()
  const stored = await succeed(call(server.url, 'GET', '/api/v2/user-files', { token: owner.session }))
  expect((await download(server.url, owner.session, stored.text('files.0.id'))).toString()).toBe(content)
  await expectClean()
  await close()
}, 120_000)

test('leaving while something goes up asks first', async () => {
  const owner = await signUp(server.url)
  const { page, close } = await open(owner)
  await page.getByRole('heading', { name: 'No files yet' }).waitFor()
  await page.route('**/request-presigned-url', () => {})
  await chooser(page).setInputFiles([note('held.txt')])
  await uploads(page).getByText('0%').waitFor()
  const asked = page.waitForEvent('dialog')
  const leaving = page.reload().catch(() => {})
  const dialog = await asked
  expect(dialog.type()).toBe('beforeunload')
  await dialog.accept()
  await leaving
  await close()
})

test('a broken connection is told and tried again; dropped files are taken; a full storage says so', async () => {
  const owner = await signUp(server.url)
  const { page, expectClean, close } = await open(owner, '', phone)
  await page.getByRole('heading', { name: 'No files yet' }).waitFor()
  const drop = (name: string) =>
    page.evaluate(
      `{ const data = new DataTransfer(); data.items.add(new File(['dropped'], '${name}', { type: 'text/plain' }));
         const heading = document.querySelector('h1');
         for (const type of ['dragenter', 'dragover', 'drop']) heading.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true })) }`,
    )
  await page.route('**/api/v2/document-uploads/confirm', (route) => route.abort())
  await drop('dropped.txt')
  await uploads(page).getByText('The connection broke.').waitFor()
  await page.unroute('**/api/v2/document-uploads/confirm')
  await page.getByRole('button', { name: 'Try dropped.txt again' }).click()
  await uploads(page).getByText('1 of 1 file uploaded').waitFor()

  const database = await databaseOf(server)
  await database.query(
    `UPDATE tenant_storage SET bytes = 25::bigint << 30 WHERE tenant_id IN (SELECT tenant_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = $1)`,
    [owner.email],
  )
  await database.end()
  await drop('too much.txt')
  await uploads(page).getByText('The storage is full: 25 GB of 25 GB.').waitFor()
  expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
  await expectClean({ allowed: [/net::ERR_FAILED/, refusal(413)] })
  await close()
}, 120_000)

test('a viewer sees and downloads, and is told why nothing can be changed', async () => {
  const owner = await signUp(server.url)
  await storeDocument(server.url, owner.session, Buffer.from('for all'))
  const viewer = await signUp(server.url, 'free')
  await succeed(
    call(server.url, 'POST', '/api/v2/tenant/members/invite', {
      token: owner.session,
      body: { email: viewer.email, role: 'viewer' },
    }),
  )
  const token = await mailToken(server.url, viewer.email, 'accept-invitation')
  await succeed(call(server.url, 'POST', '/api/v2/auth/session/accept-invitation', { token: viewer.session, body: { token } }))
  const tenants = await succeed(call(server.url, 'GET', '/api/v2/user/tenants', { token: owner.session }))
  const { page, expectClean, close } = await open(viewer)
  await page.evaluate(`localStorage.setItem('aion.workspace', '${tenants.text('tenants.0.id')}')`)
  await page.reload()
  const upload = page.getByRole('button', { name: 'Upload files' })
  await upload.hover()
  await page.getByRole('tooltip').filter({ hasText: 'Viewers see and download files.' }).first().waitFor()
  await page.getByRole('button', { name: 'Details of note.txt' }).click()
  expect(await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).getAttribute('aria-disabled')).toBe('true')
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  expect((await readFile(await (await saving).path())).toString()).toBe('for all')
  await expectAccessibleInBothThemes(page)
  await expectClean()
  await close()
}, 120_000)

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly args: { readonly name?: string }
  /** Microseconds on the wall, and of the thread's own work: other work on the machine makes only the first longer. */
  readonly dur?: number
  readonly tdur?: number
}

/** Of the pages' main threads, in milliseconds. */
function longestTask(trace: Buffer): { work: number; wall: number } {
  const { traceEvents: events } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`
  const main = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map((event) => threadOf(event)),
  )
  const tasks = events.filter((event) => event.ph === 'X' && event.name.endsWith('RunTask') && main.has(threadOf(event)))
  const timed = tasks.flatMap(({ dur = 0, tdur }) => (tdur === undefined ? [] : [{ dur, tdur }]))
  expect(timed.length).toBeGreaterThan(1_000)
  const most = (values: number[]) => Math.round(values.reduce((max, value) => Math.max(max, value), 0) / 1000)
  return { work: most(timed.map(({ tdur }) => tdur)), wall: most(timed.map(({ dur }) => dur)) }
}

// Work of one thread on a machine that does other things as well: it may be measured three times.
test('5,000 files scroll and filter without a task over 100 ms, in both views', { retry: 2, timeout: 120_000 }, async () => {
  const owner = await signUp(server.url)
  const { id } = await storeDocument(server.url, owner.session, Buffer.from('one of many'))
  const database = await databaseOf(server)
  const { rowCount } = await database.query(
    `INSERT INTO files (id, tenant_id, uploaded_by, object_key, media_type, filename, tags, content_type, size_bytes, sha256, width, height,
        created_at, updated_at, variant_status, variant_count)
      SELECT gen_random_uuid(), tenant_id, uploaded_by, object_key || n, 'image', 'picture ' || n || '.png', '{seeded}', 'image/png', 1000 + n,
        sha256, 640, 480, created_at - n * interval '1 minute', created_at, 'completed', 4 FROM files, generate_series(1, 4999) n WHERE id = $1`,
    [id],
  )
  expect(rowCount).toBe(4_999)
  await database.end()
  const { page, expectClean, close } = await open(owner, '?view=list')
  const picture = png(256, 200)
  // Their bytes were never stored.
  await page.route('**/variant/**', (route) => route.fulfill({ contentType: 'image/png', body: picture }))
  await page.reload()
  await page.getByText('5,000 files', { exact: true }).waitFor()
  const scrollThrough = `(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    for (let step = 0; step < 90; step++) { scrollBy(0, step % 30 === 29 ? 40000 : 400); await frame() }
    scrollTo(0, document.body.scrollHeight); await frame(); await new Promise((resolve) => setTimeout(resolve, 300)); scrollTo(0, 0); await frame() })()`
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'] })
  for (const view of ['Gallery', 'List']) {
    await page.getByRole('radio', { name: view }).click()
    await page.evaluate(scrollThrough)
  }
  await page.getByLabel('Search title, name or tag').fill('picture 123')
  await page.getByRole('button', { name: 'Details of picture 123.png' }).waitFor()
  await page.getByLabel('Search title, name or tag').fill('')
  await page.getByText('5,000 files', { exact: true }).waitFor()
  const longest = longestTask(await browser.stopTracing())
  console.info(`longest task: ${longest.work} ms of work, ${longest.wall} ms on the wall`)
  expect(longest.work).toBeLessThanOrEqual(100)
  // The last one is as near as the first.
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
  await page.getByRole('button', { name: 'Details of picture 4999.png' }).waitFor()
  expect(await page.getByRole('row').count()).toBeLessThan(60)
  await expectClean()
  await close()
})
