// Retention: what a plan no longer keeps goes from the front, and what is left is proved as before.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { pruneTrail } from './prune-trail.ts'
import { recordEvent } from './record-event.ts'
import { verifyChain } from './verify-chain.ts'

const dayMs = 24 * 3_600_000
const clock = fakeClock()
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ clock })
})
afterAll(() => server.stop())

const verdictOf = ({ tenantId }: Person) => verifyChain(server.db, server.deps.audit, tenantId)
const prune = ({ tenantId }: Person) => pruneTrail(server.deps, tenantId)
const rowsOf = ({ tenantId }: Person) =>
  server.db.selectFrom('audit_events').selectAll().where('tenant_id', '=', tenantId).orderBy('sequence').execute()

/** A workspace on STARTER (90 days) with one row a day for `days` days, the last of them today. */
async function aged(days: number): Promise<Person> {
  const person = await signUp(server)
  for (let day = 0; day < days; day++) {
    clock.advance(dayMs)
    await server.db.transaction().execute((trx) =>
      recordEvent(trx, server.deps.audit, {
        tenantId: person.tenantId,
        eventType: 'file.renamed',
        action: 'file.rename',
        result: 'success',
        metadata: { day },
        at: clock.now(),
      }),
    )
  }
  return person
}

test('the table of plans keeps 30 days, 90 days, a year and seven years', () => {
  const { free, starter, professional, enterprise } = server.deps.plans
  expect([free, starter, professional, enterprise].map((plan) => plan.auditRetentionDays)).toEqual([30, 90, 365, 2557])
})

test('only what is older than the plan keeps goes, and the rest is proved from there', async () => {
  const person = await aged(120)
  const before = (await rowsOf(person)).length
  const removed = await prune(person)
  const [first, ...rest] = await rowsOf(person)
  expect(removed).toBe(before - 1 - rest.length)
  expect(first?.event_timestamp.getTime()).toBeGreaterThanOrEqual(clock.now() - 90 * dayMs)
  expect(rest).toHaveLength(90)
  expect(await verdictOf(person)).toMatchObject({ intact: true, rows: 91, firstSequence: removed + 1 })
  expect(await prune(person)).toBe(0)
  // More than once, and down to nothing.
  clock.advance(30 * dayMs)
  expect(await prune(person)).toBe(30)
  expect(await verdictOf(person)).toMatchObject({ intact: true, rows: 61 })
  clock.advance(365 * dayMs)
  expect(await prune(person)).toBe(61)
  expect(await verdictOf(person)).toMatchObject({ intact: true, rows: 0 })
  await recordFor(person)
  expect(await verdictOf(person)).toMatchObject({ intact: true, rows: 1 })
})

const recordFor = ({ tenantId }: Person) =>
  server.db.transaction().execute((trx) =>
    recordEvent(trx, server.deps.audit, {
      tenantId,
      eventType: 'file.renamed',
      action: 'file.rename',
      result: 'success',
      at: clock.now(),
    }),
  )

test('the daily task prunes every trail', async () => {
  const people = [await aged(1), await aged(1)]
  clock.advance(100 * dayMs)
  const { auditTasks } = await import('./tasks.ts')
  await auditTasks(server.deps).tasks['prune-trails']?.({})
  for (const person of people) expect(await rowsOf(person)).toHaveLength(0)
})

describe('S41 in a pruned trail', () => {
  const edit = (person: Person, set: object, sequence: number) =>
    server.db
      .updateTable('audit_events')
      .set(set)
      .where('tenant_id', '=', person.tenantId)
      .where('sequence', '=', sequence)
      .execute()
  const basesOf = ({ tenantId }: Person) => server.db.selectFrom('audit_bases').selectAll().where('tenant_id', '=', tenantId)

  async function pruned(): Promise<{ person: Person; first: number }> {
    const person = await aged(100)
    await prune(person)
    return { person, first: (await rowsOf(person))[0]?.sequence ?? 0 }
  }

  test('an edit and a deletion are found and named', async () => {
    const { person, first } = await pruned()
    const other = await pruned()
    await edit(person, { action: 'nothing' }, first + 7)
    expect(await verdictOf(person)).toMatchObject({ intact: false, rows: 7, sequence: first + 7 })
    await server.db
      .deleteFrom('audit_events')
      .where('tenant_id', '=', other.person.tenantId)
      .where('sequence', '=', other.first)
      .execute()
    expect(await verdictOf(other.person)).toMatchObject({ intact: false, rows: 0, sequence: other.first })
  })

  test('a front removed by hand, without a base or with one of their making, is found', async () => {
    const { person, first } = await pruned()
    const next = (await rowsOf(person))[2]
    await server.db
      .deleteFrom('audit_events')
      .where('tenant_id', '=', person.tenantId)
      .where('sequence', '<=', first + 2)
      .execute()
    expect(await verdictOf(person)).toMatchObject({ intact: false, sequence: first })
    await server.db
      .updateTable('audit_bases')
      .set({ sequence: first + 2, base: next?.hmac ?? Buffer.alloc(32) })
      .where('tenant_id', '=', person.tenantId)
      .execute()
    expect(await verdictOf(person)).toMatchObject({ intact: false, problem: 'the beginning of the trail was altered' })
  })

  test('a base removed or replaced by an older one is found', async () => {
    const person = await aged(95)
    await prune(person)
    const old = await basesOf(person).executeTakeFirstOrThrow()
    clock.advance(10 * dayMs)
    await prune(person)
    await server.db.updateTable('audit_bases').set(old).where('tenant_id', '=', person.tenantId).execute()
    expect(await verdictOf(person)).toMatchObject({ intact: false, sequence: old.sequence + 1 })
    await server.db.deleteFrom('audit_bases').where('tenant_id', '=', person.tenantId).execute()
    expect(await verdictOf(person)).toMatchObject({ intact: false, sequence: 1 })
  })

  test('a row edited before it is due, its date included, is not washed away by pruning', async () => {
    const person = await aged(20)
    await edit(person, { action: 'nothing' }, 4)
    clock.advance(365 * dayMs)
    expect(await prune(person)).toBe(3)
    expect(await verdictOf(person)).toMatchObject({ intact: false, sequence: 4 })
    const other = await aged(20)
    await edit(other, { event_timestamp: new Date(0) }, 1)
    expect(await prune(other)).toBe(0)
    expect(await verdictOf(other)).toMatchObject({ intact: false, sequence: 1 })
    expect(server.logs()).toContain('this trail is broken: it is not pruned beyond here')
  })
})
