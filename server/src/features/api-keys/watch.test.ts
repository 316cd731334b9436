// Keys that are watched: their first use of a day is in the trail, and people hear of expiry and neglect, once.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, createKey, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { keyTasks } from './tasks.ts'

const dayMs = 24 * 3_600_000
/** A Monday. */
const clock = fakeClock(Date.UTC(2027, 0, 4, 8))
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ clock })
})
afterAll(() => server.stop())

const runTask = (name: string) => keyTasks(server.deps).tasks[name]?.({})

async function addMember(owner: Person, role: 'admin' | 'editor' | 'viewer'): Promise<Person> {
  const person = await signUp(server)
  await server.db
    .insertInto('memberships')
    .values({ tenant_id: owner.tenantId, user_id: person.userId, role, joined_at: new Date() })
    .execute()
  return person
}

const setKey = (id: string, set: object) => server.db.updateTable('api_keys').set(set).where('id', '=', id).execute()
const daysFromNow = (days: number) => new Date(clock.now() + days * dayMs)

/** Subjects of the mails so far but those of signing up, newest first; jobs in the queue are waited for. */
async function subjects(person: Person): Promise<string[]> {
  for (;;) {
    const { rows } = await server.deps.pool.query(`SELECT 1 FROM graphile_worker.jobs WHERE task_identifier LIKE 'mail-key-%'`)
    if (rows.length === 0) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return (await server.mail.to(person.email)).map(({ subject }) => subject).filter((subject) => /API key/.test(subject))
}

describe('expiry', () => {
  test('14, 7 and 1 days before, once each, to the maker, owner and admins', async () => {
    const owner = await signUp(server)
    const [admin, maker, viewer] = [
      await addMember(owner, 'admin'),
      await addMember(owner, 'editor'),
      await addMember(owner, 'viewer'),
    ]
    const { id } = await createKey(server, owner, { name: 'nightly\nimport', expires_at: daysFromNow(20).toISOString() })
    await setKey(id, { created_by: maker.userId })
    const end = clock.now() + 20 * dayMs
    const expected: string[] = []
    for (const [left, subject] of [
      [15, null],
      [14, 'An API key expires in 14 days'],
      [13, null],
      [7.5, null],
      [6.9, 'An API key expires in 7 days'],
      [1.1, null],
      [0.9, 'An API key expires in a day'],
      [-1, null],
    ] as const) {
      clock.advance(end - left * dayMs - clock.now())
      await runTask('warn-of-expiry')
      await runTask('warn-of-expiry')
      if (subject) expected.unshift(subject)
      for (const person of [owner, admin, maker]) expect([left, await subjects(person)]).toEqual([left, expected])
    }
    expect(await subjects(viewer)).toEqual([])
    const [mail] = await server.mail.to(maker.email)
    expect(mail?.text).toContain('The key "nightly import" (aion_live_')
    expect(mail?.text).toContain(`expires on ${new Date(end).toISOString().slice(0, 16).replace('T', ' ')} UTC`)
  })

  test('not of keys made for so short a time, revoked, rotated or without expiry; of late looks only the last mark', async () => {
    const owner = await signUp(server)
    await createKey(server, owner, { expires_at: daysFromNow(0.5).toISOString() })
    const [revoked, rotated, forever] = [
      await createKey(server, owner, { expires_at: daysFromNow(40).toISOString() }),
      await createKey(server, owner, { expires_at: daysFromNow(40).toISOString() }),
      await createKey(server, owner),
    ]
    await setKey(revoked.id, { revoked_at: new Date(clock.now()) })
    await setKey(rotated.id, { rotated_to: forever.id })
    await runTask('warn-of-expiry')
    clock.advance(35 * dayMs)
    await runTask('warn-of-expiry')
    expect(await subjects(owner)).toEqual([])
    const late = await signUp(server)
    await createKey(server, late, { expires_at: daysFromNow(30).toISOString() })
    clock.advance(29.5 * dayMs)
    await runTask('warn-of-expiry')
    expect(await subjects(late)).toEqual(['An API key expires in a day'])
  })
})

describe('the weekly digest', () => {
  const subject = 'API keys that need a look'

  test('names keys that never expire, were never used, or are idle, to owner and admins, once a week', async () => {
    const owner = await signUp(server)
    const [admin, editor] = [await addMember(owner, 'admin'), await addMember(owner, 'editor')]
    const far = daysFromNow(1_000).toISOString()
    await createKey(server, owner, { name: 'for ever' })
    const unused = await createKey(server, owner, { name: 'unused', expires_at: far })
    const idle = await createKey(server, owner, { name: 'idle', expires_at: far })
    const busy = await createKey(server, owner, { name: 'busy', expires_at: far })
    await setKey(unused.id, { created_at: daysFromNow(-31) })
    await setKey(idle.id, { last_used_at: daysFromNow(-91), created_at: daysFromNow(-200) })
    await setKey(busy.id, { last_used_at: daysFromNow(-1), created_at: daysFromNow(-200) })
    await runTask('send-key-digests')
    await runTask('send-key-digests')
    for (const person of [owner, admin]) expect(await subjects(person)).toEqual([subject])
    expect(await subjects(editor)).toEqual([])
    const [mail] = await server.mail.to(admin.email)
    expect(mail?.text).toMatch(/^1 never expire: "for ever" \(aion_live_.{4}…, made \d{4}-\d\d-\d\d\)\.$/m)
    expect(mail?.text).toMatch(/^1 were never used in 30 days or more: "unused"/m)
    expect(mail?.text).toMatch(/^1 were not used for 90 days or more: "idle"/m)
    expect(mail?.text).not.toContain('busy')
    clock.advance(7 * dayMs)
    await runTask('send-key-digests')
    expect(await subjects(owner)).toEqual([subject, subject])
  })

  test('is not sent when there is nothing to say', async () => {
    const owner = await signUp(server)
    await createKey(server, owner, { expires_at: daysFromNow(100).toISOString() })
    await setKey((await createKey(server, owner)).id, { revoked_at: new Date(clock.now()) })
    await runTask('send-key-digests')
    expect(await subjects(owner)).toEqual([])
  })
})

describe('api_key.used', () => {
  const used = (person: Person) =>
    server.db
      .selectFrom('audit_events')
      .selectAll()
      .where('tenant_id', '=', person.tenantId)
      .where('event_type', '=', 'api_key.used')
      .orderBy('sequence')
      .execute()

  /** By a server of its own, whose clean stop writes what it has. */
  async function use(keys: string[], times = 1): Promise<void> {
    const other = await startTestServer({ clock, beside: server })
    for (const token of keys)
      for (let count = 0; count < times; count++) await call(other, 'GET', '/api/v2/user-files', { token })
    await other.stop()
  }

  test('is one row per key and day (UTC), whatever the number of uses and servers', async () => {
    const owner = await signUp(server)
    const keys = [await createKey(server, owner), await createKey(server, owner)]
    const tokens = keys.map(({ api_key }) => api_key)
    await use(tokens, 3)
    await use(tokens, 2)
    expect((await used(owner)).map(({ api_key_id }) => api_key_id).sort()).toEqual(keys.map(({ id }) => id).sort())
    expect((await used(owner))[0]).toMatchObject({
      user_id: owner.userId,
      ip_address: '127.0.0.1',
      result: 'success',
      metadata: { name: 'test' },
    })
    clock.advance(dayMs)
    await use(tokens)
    expect(await used(owner)).toHaveLength(4)
  })

  test('is not written for a refusal', async () => {
    const owner = await signUp(server)
    const { api_key } = await createKey(server, owner, { allowed_ips: ['192.0.2.0/24'] })
    await use([api_key, `aion_live_${randomUUID()}`])
    expect(await used(owner)).toEqual([])
  })
})
