// Who may not make keys is told why and where to go; and ten thousand of them stay fluid.
import { randomBytes } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessibleInBothThemes, phone, signInAs, startBrowser, visit } from '../support/browser.ts'
import { call, changePlan, createKey, mailToken, type Person, signUp, succeed } from '../support/client.ts'
import { databaseOf } from '../support/database.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

/** The goal is 100 on a machine of its own; this much is left for tests that run beside it and share its caches. */
const taskMsMax = 250

let server: Server
let browser: Browser
beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer(relaxed), startBrowser()])
})
afterAll(async () => {
  await browser.close()
  await server.discard()
})

async function open(person: Pick<Person, 'session'>, path: string, size = {}) {
  const visited = await visit(browser, server.url, size)
  await signInAs(visited.page, server.url, person.session)
  await visited.page.goto(path)
  await visited.page.getByRole('heading', { level: 1 }).waitFor()
  return visited
}

const reasonOf = async (page: Page, name: string) => {
  const button = page.getByRole('button', { name }).first()
  expect(await button.getAttribute('aria-disabled')).toBe('true')
  await button.click({ force: true })
  expect(await page.getByRole('dialog').count()).toBe(0)
  return page.getByRole('tooltip').first().innerText()
}

/** Somebody who joined the workspace of `owner`. */
async function join(owner: Person, role: 'viewer' | 'editor'): Promise<{ session: string }> {
  const email = `${role}-${randomBytes(6).toString('hex')}@example.com`
  await succeed(call(server.url, 'POST', '/api/v2/tenant/members/invite', { token: owner.session, body: { email, role } }))
  const token = await mailToken(server.url, email, 'accept-invitation')
  const body = { token, name: 'Grace', password: `Pw1-${randomBytes(12).toString('base64url')}` }
  const joined = await succeed(call(server.url, 'POST', '/api/v2/auth/session/accept-invitation', { body }))
  return { session: joined.text('session_token') }
}

test('on FREE the tab explains and leads to the plans', async () => {
  const { page, expectClean, close } = await open(await signUp(server.url, 'free'), '/dashboard/keys', phone)
  await page.getByText('Keys can be created from the STARTER plan on.').waitFor()
  expect(await reasonOf(page, 'Create key')).toBe('The FREE plan has no API access.')
  await expectAccessibleInBothThemes(page)
  await page.getByRole('link', { name: 'Choose a plan' }).click()
  await page.getByRole('heading', { name: 'Billing', level: 1 }).waitFor()
  await expectClean()
  await close()
}, 120_000)

test('keys made before a downgrade to FREE are listed, and the tab says that they do not work', async () => {
  const owner = await signUp(server.url)
  await createKey(server.url, owner.session, { name: 'From before' })
  await changePlan(server.url, owner.session, { action: 'cancel' })
  const { page, expectClean, close } = await open(owner, '/dashboard/keys')
  await page.getByRole('row').filter({ hasText: 'From before' }).waitFor()
  await page.getByRole('note').getByText('The FREE plan has no API access').waitFor()
  await page.getByText('work again on a plan with API access').waitFor()
  // Whoever wants to be rid of one need not pay for it.
  await page.getByRole('button', { name: 'Actions for From before' }).click()
  await page.getByRole('menuitem', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('From before is revoked').first().waitFor()
  await expectClean()
  await close()
}, 120_000)

test.each(['viewer', 'editor'] as const)(
  'a %s sees the keys, and why they cannot be changed',
  async (role) => {
    const owner = await signUp(server.url)
    await createKey(server.url, owner.session, { name: 'Of the owner', expires_at: null })
    const { page, expectClean, close } = await open(await join(owner, role), '/dashboard/keys')
    await page.getByRole('row').filter({ hasText: 'Of the owner' }).getByText('Ada').waitFor()
    const why = 'Only owners and admins manage keys. Ask one of them, or have your role raised.'
    expect(await reasonOf(page, 'Create key')).toBe(why)
    expect(await page.getByRole('button', { name: /^Rotate: Of the owner/ }).getAttribute('aria-disabled')).toBe('true')
    await page.getByRole('button', { name: 'Actions for Of the owner' }).click()
    for (const name of ['Change', 'Rotate', 'Revoke']) {
      const item = page.getByRole('menuitem', { name: new RegExp(`^${name}`) })
      expect(await item.getAttribute('aria-disabled')).toBe('true')
      expect(await item.innerText()).toContain(why)
    }
    await expectAccessibleInBothThemes(page)
    await expectClean()
    await close()
  },
  30_000,
)

test('what could be better about a key is said with the way to do it', async () => {
  const owner = await signUp(server.url, 'enterprise')
  const year = { expires_at: new Date(Date.now() + 300 * 86_400_000).toISOString() }
  const { id: old } = await createKey(server.url, owner.session, { name: 'Old one', scopes: ['read'], ...year })
  const { id: quiet } = await createKey(server.url, owner.session, { name: 'Quiet one', scopes: ['read'], ...year })
  await createKey(server.url, owner.session, { name: 'Mighty one', scopes: ['admin'], ...year })
  await createKey(server.url, owner.session, { name: 'Endless one', scopes: ['read'], expires_at: null })
  await createKey(server.url, owner.session, { name: 'Good one', scopes: ['read'], ...year })
  const database = await databaseOf(server)
  await database.query(`UPDATE api_keys SET created_at = now() - interval '200 days', last_used_at = now() WHERE id = $1`, [old])
  await database.query(`UPDATE api_keys SET created_at = now() - interval '40 days' WHERE id = $1`, [quiet])
  await database.end()
  const { page, expectClean, close } = await open(owner, '/dashboard/keys')
  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  await row('Good one').getByText('Good', { exact: true }).waitFor()
  for (const [name, ailment, action, title] of [
    ['Old one', 'Never rotated', 'Rotate', 'Rotate Old one'],
    ['Quiet one', 'Idle', 'Revoke', 'Revoke Quiet one'],
    ['Endless one', 'Never expires', 'Rotate', 'Rotate Endless one'],
    ['Mighty one', 'Many rights', 'Create key', 'Create key'],
  ] as const) {
    await row(name).getByText(ailment, { exact: true }).waitFor()
    await row(name)
      .getByRole('button', { name: new RegExp(`^${action}: ${name}`) })
      .click()
    await page.getByRole('dialog', { name: title, exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
  await expectAccessibleInBothThemes(page)
  await expectClean()
  await close()
}, 120_000)

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/** Of the page's main thread, in the processor's time: what else runs on the machine does not count. */
async function longestTaskMs(browser: Browser, page: Page, run: () => Promise<unknown>): Promise<number> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  await run()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] }
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  )
  const tasks = traceEvents.filter(({ pid, tid, tdur }) => tdur !== undefined && mains.has(`${pid}/${tid}`))
  expect(tasks.length).toBeGreaterThan(100)
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000
}

// Work of one thread on a machine that does other things as well: it may be measured three times.
test('10,000 keys load, scroll, sort and filter in short tasks', { retry: 2, timeout: 120_000 }, async () => {
  const owner = await signUp(server.url, 'enterprise')
  const { id } = await createKey(server.url, owner.session, { name: 'Key 0' })
  const database = await databaseOf(server)
  await database.query(
    `INSERT INTO api_keys (id, tenant_id, created_by, name, key_prefix, key_hash, environment, scopes, created_at, updated_at, expires_at)
     SELECT gen_random_uuid(), tenant_id, created_by, 'Key ' || n, 'aion_live_' || lpad(n::text, 4, '0'), sha256(n::text::bytea),
       CASE WHEN n % 3 = 0 THEN 'test' ELSE 'live' END, scopes, now() - n * interval '1 minute', now(), now() + n * interval '1 hour'
     FROM api_keys, generate_series(1, 9999) AS n WHERE id = $1`,
    [id],
  )
  await database.end()
  const { page, expectClean, close } = await visit(browser, server.url)
  await signInAs(page, server.url, owner.session)
  const table = page.getByRole('region', { name: 'API keys' })
  const all = page.getByText('10,000 keys', { exact: true })
  const phases: Record<string, () => Promise<unknown>> = {
    load: async () => {
      await page.goto('/dashboard/keys')
      await page.getByRole('row').filter({ hasText: 'Key 0' }).waitFor()
      await all.waitFor({ timeout: 30_000 })
    },
    scroll: async () => {
      await table.hover()
      for (let step = 0; step < 20; step++) await page.mouse.wheel(0, 4_000)
      await table.press('End')
      await page.getByRole('row').filter({ hasText: 'Key 9999' }).waitFor()
    },
    sort: async () => {
      for (const column of ['Name', 'Expires', 'Created by', 'Health']) {
        await page.getByRole('button', { name: column, exact: true }).click()
        await page.getByRole('columnheader', { name: column }).and(page.locator('[aria-sort]')).waitFor()
      }
    },
    filter: async () => {
      await page.getByRole('searchbox').pressSequentially('Key 77')
      await page.getByText('111 of 10,000 keys', { exact: true }).waitFor()
      await page.getByRole('searchbox').fill('')
      await all.waitFor()
      await page.getByLabel('Environment').selectOption('Test')
      await page.getByText('3,333 of 10,000 keys', { exact: true }).waitFor()
      await page.getByLabel('Environment').selectOption('Environment')
      await all.waitFor()
    },
  }
  // The best of a few rounds: what else runs here makes tasks longer, never shorter.
  const longest = Object.fromEntries(Object.keys(phases).map((phase) => [phase, Number.POSITIVE_INFINITY]))
  for (let round = 0; round < 3 && Math.max(...Object.values(longest)) >= taskMsMax; round++)
    for (const [phase, run] of Object.entries(phases))
      longest[phase] = Math.min(longest[phase] ?? 0, await longestTaskMs(browser, page, run))
  expect(Math.max(...Object.values(longest)), JSON.stringify(longest)).toBeLessThan(taskMsMax)
  await expectClean()
  await close()
})
