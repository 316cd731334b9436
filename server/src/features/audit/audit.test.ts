// The trail: written with its deed or not at all, and every later edit or removal found and named.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, type Db } from '../../platform/database/database.ts'
import { secretsFrom } from '../../platform/secrets.ts'
import { fillTrail } from '../../testing/fill-trail.ts'
import { createTenant } from '../tenants/create-tenant.ts'
import { brokenHead, headHmac } from './chain.ts'
import { recordEvent } from './record-event.ts'
import { verifyChain, verifyChains } from './verify-chain.ts'

const audit = secretsFrom(Buffer.alloc(32, 7)).derive('audit')
let db: Db
let name: string

beforeAll(async () => {
  name = `aion_test_${inject('template').split('_').at(-1)}_${randomUUID().slice(0, 8)}`
  await asAdmin((admin) => admin.query(`CREATE DATABASE "${name}" TEMPLATE ${inject('template')}`))
  db = connect({ ...inject('database'), database: name }, () => {}).db
})
afterAll(async () => {
  await db.destroy()
  await asAdmin((admin) => admin.query(`DROP DATABASE "${name}" WITH (FORCE)`))
})

async function asAdmin(work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ ...inject('database') })
  await admin.connect()
  await work(admin).finally(() => admin.end())
}

/** A tenant with `count` rows in its trail, the first of them its creation. */
async function tenantWithRows(count: number): Promise<string> {
  const ownerUserId = randomUUID()
  const at = new Date()
  await db
    .insertInto('users')
    .values({ id: ownerUserId, email: `${ownerUserId}@example.com`, name: 'Ada', created_at: at, updated_at: at })
    .execute()
  return db.transaction().execute(async (trx) => {
    const { tenantId } = await createTenant(trx, { audit }, { name: 'Lab', ownerUserId, at: at.getTime() })
    for (let row = 1; row < count; row++) await recordEvent(trx, audit, event(tenantId, { row }))
    return tenantId
  })
}

function event(tenantId: string, metadata: Record<string, unknown>) {
  return {
    tenantId,
    eventType: 'api_key.created' as const,
    action: 'api_key.create',
    result: 'success' as const,
    userId: randomUUID(),
    apiKeyId: randomUUID(),
    ip: '192.0.2.7',
    resourceType: 'api_key',
    resourceId: 'k1',
    errorMessage: 'none',
    metadata,
    at: Date.now(),
  }
}

const rowAt = (tenantId: string, sequence: number) =>
  db
    .selectFrom('audit_events')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('sequence', '=', sequence)
    .executeTakeFirstOrThrow()
const headOf = (tenantId: string) =>
  db.selectFrom('audit_heads').selectAll().where('tenant_id', '=', tenantId).executeTakeFirstOrThrow()

test('an untouched trail is intact, whatever its rows hold and however many they are', async () => {
  const tenantId = await tenantWithRows(19)
  const odd = {
    z: 1,
    a: { '10': 'x', '9': ['é', null, 1.5e-7] },
    text: 'nul \0 and half a pair \ud800',
    when: new Date(0),
    gone: undefined,
  }
  await db.transaction().execute((trx) => recordEvent(trx, audit, event(tenantId, odd)))
  expect(await verifyChain(db, audit, tenantId)).toEqual({ tenantId, intact: true, rows: 20, firstSequence: 1 })
  // A page that is full, the last one included, is not taken for the end.
  for (const pageSize of [1, 7, 10, 20])
    expect(await verifyChain(db, audit, tenantId, pageSize)).toMatchObject({ intact: true, rows: 20 })
})

test('rows written at the same time get one order', async () => {
  const tenantId = await tenantWithRows(1)
  await Promise.all(
    Array.from({ length: 40 }, (_, row) => db.transaction().execute((trx) => recordEvent(trx, audit, event(tenantId, { row })))),
  )
  expect(await verifyChain(db, audit, tenantId)).toEqual({ tenantId, intact: true, rows: 41, firstSequence: 1 })
})

test('a deed that fails leaves no row', async () => {
  const tenantId = await tenantWithRows(2)
  const deed = db.transaction().execute(async (trx) => {
    await recordEvent(trx, audit, event(tenantId, {}))
    throw new Error('the deed failed')
  })
  await expect(deed).rejects.toThrow('the deed failed')
  expect(await verifyChain(db, audit, tenantId)).toEqual({ tenantId, intact: true, rows: 2, firstSequence: 1 })
})

test.each([
  ['event_type', { event_type: 'api_key.deleted' }],
  ['severity', { severity: 'critical' as const }],
  ['user_id', { user_id: null }],
  ['api_key_id', { api_key_id: randomUUID() }],
  ['action', { action: 'nothing' }],
  ['result', { result: 'denied' as const }],
  ['ip_address', { ip_address: '192.0.2.8' }],
  ['resource_type', { resource_type: 'user' }],
  ['resource_id', { resource_id: 'k2' }],
  ['error_message', { error_message: null }],
  ['metadata', { metadata: '{"row":"2"}' }],
  ['metadata to null', { metadata: null }],
  ['event_timestamp', { event_timestamp: new Date(0) }],
  ['id', { id: randomUUID() }],
  ['hmac', { hmac: Buffer.alloc(32) }],
])('an edited %s is found and named', async (_column, edit) => {
  const tenantId = await tenantWithRows(5)
  await db.updateTable('audit_events').set(edit).where('tenant_id', '=', tenantId).where('sequence', '=', 3).execute()
  const { id } = await rowAt(tenantId, 3)
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false, rows: 2, sequence: 3, eventId: id })
})

test('an edit of a microsecond is found', async () => {
  const tenantId = await tenantWithRows(3)
  const { id } = await rowAt(tenantId, 2)
  await asTest(`UPDATE audit_events SET event_timestamp = event_timestamp + interval '1 microsecond' WHERE id = '${id}'`)
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false, sequence: 2, eventId: id })
})

async function asTest(statement: string): Promise<void> {
  const client = new pg.Client({ ...inject('database'), database: name })
  await client.connect()
  await client.query(statement).finally(() => client.end())
}

test.each([1, 3, 5])('a deleted row %i of 5 is found and named', async (sequence) => {
  const tenantId = await tenantWithRows(5)
  await db.deleteFrom('audit_events').where('tenant_id', '=', tenantId).where('sequence', '=', sequence).execute()
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false, rows: sequence - 1, sequence })
})

test('two rows exchanged are found', async () => {
  const tenantId = await tenantWithRows(5)
  const [second, third] = [await rowAt(tenantId, 2), await rowAt(tenantId, 3)]
  const place = (id: string, sequence: number) => db.updateTable('audit_events').set({ sequence }).where('id', '=', id).execute()
  await place(second.id, 99)
  await place(third.id, 2)
  await place(second.id, 3)
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false, sequence: 2, eventId: third.id })
})

test('a newest row deleted together with an edited head is found, and stays found after the next deed', async () => {
  const tenantId = await tenantWithRows(5)
  const { hmac } = await rowAt(tenantId, 4)
  await db.deleteFrom('audit_events').where('tenant_id', '=', tenantId).where('sequence', '=', 5).execute()
  await db.updateTable('audit_heads').set({ sequence: 4, head: hmac }).where('tenant_id', '=', tenantId).execute()
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false, problem: 'the head of the trail was altered' })
  await db.transaction().execute((trx) => recordEvent(trx, audit, event(tenantId, {})))
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false, rows: 4, sequence: 5 })
  expect((await headOf(tenantId)).head.equals(brokenHead)).toBe(false)
})

test('a removed head is found, and stays found after the next deed', async () => {
  const tenantId = await tenantWithRows(5)
  await db.deleteFrom('audit_heads').where('tenant_id', '=', tenantId).execute()
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false, problem: 'the head of the trail is missing' })
  await db.transaction().execute((trx) => recordEvent(trx, audit, event(tenantId, {})))
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false, rows: 5, sequence: 6 })
})

test('a trail removed whole is found, and stays found after the next deed', async () => {
  const tenantId = await tenantWithRows(5)
  await db.deleteFrom('audit_heads').where('tenant_id', '=', tenantId).execute()
  await db.deleteFrom('audit_events').where('tenant_id', '=', tenantId).execute()
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false })
  await db.transaction().execute((trx) => recordEvent(trx, audit, event(tenantId, {})))
  expect(await verifyChain(db, audit, tenantId)).toMatchObject({
    intact: false,
    sequence: 1,
    problem: 'the trail before this row was removed',
  })
})

test('a row of another tenant, and a head made without the key, are not taken for ours', async () => {
  const [ours, theirs] = [await tenantWithRows(3), await tenantWithRows(3)]
  await db.deleteFrom('audit_events').where('tenant_id', '=', ours).where('sequence', '=', 2).execute()
  await db
    .updateTable('audit_events')
    .set({ tenant_id: ours })
    .where('tenant_id', '=', theirs)
    .where('sequence', '=', 2)
    .execute()
  expect(await verifyChain(db, audit, ours)).toMatchObject({ intact: false, sequence: 2 })
  const forged = await tenantWithRows(3)
  const { sequence, head } = await headOf(forged)
  const otherKey = secretsFrom(Buffer.alloc(32, 8)).derive('audit')
  await db
    .updateTable('audit_heads')
    .set({ hmac: headHmac(otherKey, forged, sequence, head) })
    .where('tenant_id', '=', forged)
    .execute()
  expect(await verifyChain(db, audit, forged)).toMatchObject({ intact: false })
})

test('verifying all names the broken ones among the intact', async () => {
  const [good, bad] = [await tenantWithRows(2), await tenantWithRows(2)]
  await db.deleteFrom('audit_events').where('tenant_id', '=', bad).where('sequence', '=', 2).execute()
  const verdicts = new Map<string, boolean>()
  for await (const verdict of verifyChains(db, audit)) verdicts.set(verdict.tenantId, verdict.intact)
  expect(verdicts.get(good)).toBe(true)
  expect(verdicts.get(bad)).toBe(false)
})

describe('any one of 10,000 rows', () => {
  const count = 10_000
  let tenantId: string
  beforeAll(async () => {
    tenantId = await fillTrail(db, audit, count)
  }, 60_000)

  const anyRow = () => 1 + Math.floor(Math.random() * count)
  const edits = {
    event_type: `event_type || 'x'`,
    severity: `'critical'`,
    user_id: 'gen_random_uuid()',
    api_key_id: 'NULL',
    action: `upper(action)`,
    result: `'denied'`,
    ip_address: `'192.0.2.8'`,
    resource_type: `'user'`,
    resource_id: `'k2'`,
    error_message: 'NULL',
    metadata: `metadata || '{"by": "nobody"}'`,
    event_timestamp: `event_timestamp - interval '1 day'`,
    id: 'gen_random_uuid()',
    hmac: `sha256(hmac)`,
    tenant_id: 'gen_random_uuid()',
  }
  test.each(Object.entries(edits))('S41 edited in %s is found and named', async (column, edit) => {
    for (const sequence of [anyRow(), anyRow()]) {
      const kept = await rowAt(tenantId, sequence)
      await asTest(`UPDATE audit_events SET ${column} = ${edit} WHERE tenant_id = '${tenantId}' AND sequence = ${sequence}`)
      const verdict = await verifyChain(db, audit, tenantId)
      expect(verdict).toMatchObject({ intact: false, rows: sequence - 1, sequence })
      // Whatever was changed, the row still has either its id or its place.
      const changed = sql<boolean>`id = ${kept.id} OR (tenant_id = ${tenantId} AND sequence = ${sequence})`
      await db.deleteFrom('audit_events').where(changed).execute()
      await putBack(kept)
    }
    expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: true, rows: count })
  })

  test('S41 deleted is found and named', async () => {
    for (const sequence of [1, ...Array.from({ length: 20 }, anyRow), count]) {
      const kept = await rowAt(tenantId, sequence)
      await db.deleteFrom('audit_events').where('id', '=', kept.id).execute()
      expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: false, rows: sequence - 1, sequence })
      await putBack(kept)
    }
    expect(await verifyChain(db, audit, tenantId)).toMatchObject({ intact: true, rows: count })
  }, 60_000)

  const putBack = (row: Awaited<ReturnType<typeof rowAt>>) =>
    db
      .insertInto('audit_events')
      .values({ ...row, metadata: JSON.stringify(row.metadata) })
      .execute()
})
