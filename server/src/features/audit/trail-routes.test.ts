// /tenant/audit-*: what an admin reads, exports and proves, and what nobody else sees.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { type AuditEvent, recordEvent } from './record-event.ts'

let server: TestServer
let ada: Person
beforeAll(async () => {
  server = await startTestServer()
  ada = await signUp(server)
})
afterAll(() => server.stop())

function record(person: Person, event: Partial<AuditEvent> = {}): Promise<void> {
  return server.db.transaction().execute((trx) =>
    recordEvent(trx, server.deps.audit, {
      tenantId: person.tenantId,
      eventType: 'file.renamed',
      action: 'file.rename',
      result: 'success',
      at: Date.now(),
      ...event,
    }),
  )
}

const get = (path: string, person: Person = ada) => call(server, 'GET', `/api/v2/tenant/${path}`, { token: person.token })
const verify = (person: Person) => call(server, 'POST', '/api/v2/tenant/audit-verify', { token: person.token })

describe('list', () => {
  test('entries in the shape of the contract, newest first', async () => {
    await createKey(server, ada, { name: 'first' })
    const { status, body } = await get('audit-logs')
    expect(status).toBe(200)
    expect(body.entries[0]).toMatchObject({
      event_type: 'api_key.created',
      severity: 'info',
      user_id: ada.userId,
      action: 'api_key.create',
      result: 'success',
      ip_address: '127.0.0.1',
      resource_type: 'api_key',
      error_message: null,
      metadata: { name: 'first' },
    })
    expect(body.entries[0].event_timestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const places = body.entries.map(({ sequence }: { sequence: number }) => sequence)
    expect(places).toEqual(places.toSorted((a: number, b: number) => b - a))
    expect(body).toMatchObject({ total_count: body.entries.length, has_more: false })
    const one = await get(`audit-logs/${body.entries[0].id}`)
    expect(one.body).toEqual(body.entries[0])
  })

  test('pages of 1 to 100, and whether there are more', async () => {
    const bob = await signUp(server)
    for (let row = 0; row < 5; row++) await record(bob)
    const { body: all } = await get('audit-logs', bob)
    const first = await get('audit-logs?limit=2', bob)
    expect(first.body).toMatchObject({ total_count: all.total_count, has_more: true })
    const rest = await get(`audit-logs?limit=100&offset=2`, bob)
    expect([...first.body.entries, ...rest.body.entries]).toEqual(all.entries)
    expect(rest.body.has_more).toBe(false)
    expect((await get('audit-logs?offset=1000', bob)).body).toMatchObject({ entries: [], has_more: false })
    for (const wrong of [
      'limit=0',
      'limit=101',
      'offset=-1',
      'user_id=me',
      'date_from=yesterday',
      'date_to=2026-13-01',
      'event_type=a%00b',
    ])
      expect([wrong, (await get(`audit-logs?${wrong}`, bob)).status]).toEqual([wrong, 422])
  })

  test('each filter narrows, dates inclusively', async () => {
    const bob = await signUp(server)
    const other = randomUUID()
    const at = Date.UTC(2026, 0, 2, 3, 4, 5)
    await record(bob, { at, userId: other, result: 'denied', severity: 'critical', eventType: 'permission.denied' })
    await record(bob, { at: at + 1000, userId: other, result: 'failure' })
    const count = async (filter: string) => (await get(`audit-logs?${filter}`, bob)).body.total_count
    expect(await count(`user_id=${other}`)).toBe(2)
    expect(await count(`user_id=${other}&event_type=permission.denied`)).toBe(1)
    expect(await count('severity=critical')).toBe(1)
    expect(await count('severity=unheard-of')).toBe(0)
    expect(await count('result=failure')).toBe(1)
    const instant = new Date(at).toISOString()
    expect(await count(`date_from=${instant}&date_to=${instant}`)).toBe(1)
    expect(await count('date_from=2026-01-02T03:04:05&date_to=2026-01-02T03:04:06Z')).toBe(2)
    expect(await count('date_from=2026-01-02T05:04:06%2B02:00&date_to=2026-01-03')).toBe(1)
  })
})

test("another workspace's entry, an unknown one and no UUID at all are the same 404", async () => {
  const bob = await signUp(server)
  const { id } = (await get('audit-logs', bob)).body.entries[0]
  for (const wrong of [id, randomUUID(), 'log_abc123', '%00'])
    expect([wrong, (await get(`audit-logs/${wrong}`)).status]).toEqual([wrong, 404])
})

describe('export', () => {
  test('NDJSON holds every row in order, however many pages that is', async () => {
    const bob = await signUp(server)
    await server.db.transaction().execute(async (trx) => {
      for (let row = 0; row < 1_100; row++)
        await recordEvent(trx, server.deps.audit, {
          tenantId: bob.tenantId,
          eventType: 'file.renamed',
          action: 'file.rename',
          result: 'success',
          metadata: { row },
          at: Date.now(),
        })
    })
    const { headers, text } = await get('audit-export', bob)
    expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    expect(headers.get('content-disposition')).toBe('attachment; filename="audit-trail.ndjson"')
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => index + 1))
    expect(rows.at(-1).metadata).toEqual({ row: 1_099 })
    expect((await get('audit-logs?limit=1', bob)).body.total_count).toBe(rows.length)
  })

  test('S21 CSV cells that a spreadsheet would execute are text; quotes, commas and line ends stay inside their cell', async () => {
    const bob = await signUp(server)
    const cells = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', 'a,b', 'say "hi"', 'two\r\nlines', '\n=1']
    for (const text of cells) await record(bob, { errorMessage: text, resourceId: text })
    const { headers, text } = await get('audit-export?format=csv', bob)
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const [head = [], ...rows] = parseCsv(text)
    expect(head.slice(0, 3)).toEqual(['sequence', 'id', 'event_timestamp'])
    const column = (name: string) => rows.map((row) => row[head.indexOf(name)] ?? '')
    expect(column('error_message').slice(-cells.length)).toEqual(
      cells.map((cell) => (/^[=+\-@\t\r\n]/.test(cell) ? `'${cell}` : cell)),
    )
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/)
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([head.length]))
  })

  test('a period is inclusive', async () => {
    const bob = await signUp(server)
    const at = Date.UTC(2020, 0, 1)
    for (const passed of [0, 1, 2]) await record(bob, { at: at + passed * 1000 })
    const { text } = await get('audit-export?date_from=2020-01-01T00:00:01Z&date_to=2020-01-01T00:00:02Z', bob)
    expect(text.trimEnd().split('\n')).toHaveLength(2)
    expect((await get('audit-export?format=csv&date_to=2019-01-01', bob)).text.split('\r\n')).toHaveLength(2)
    expect((await get('audit-export?format=xml', bob)).status).toBe(422)
  })
})

/** RFC 4180, read strictly. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(match[1]?.replace(/""/g, '"') ?? match[2] ?? '')
    if (match[3] === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}

describe('S41 verify', () => {
  test('says that a trail is intact, and names the first broken link', async () => {
    const bob = await signUp(server)
    for (let row = 0; row < 5; row++) await record(bob)
    const { body: sound } = await verify(bob)
    expect(sound).toEqual({ intact: true, rows: expect.any(Number), first_sequence: 1 })
    const { id, sequence } = (await get('audit-logs?limit=3', bob)).body.entries[2]
    await server.db.updateTable('audit_events').set({ action: 'nothing' }).where('id', '=', id).execute()
    expect((await verify(bob)).body).toEqual({
      intact: false,
      rows: sequence - 1,
      first_sequence: 1,
      sequence,
      event_id: id,
      problem: 'this row or its link was altered',
    })
    await server.db.deleteFrom('audit_events').where('id', '=', id).execute()
    expect((await verify(bob)).body).toMatchObject({ intact: false, sequence, event_id: null, problem: 'this row is missing' })
  })

  test('six a minute', async () => {
    const bob = await signUp(server)
    for (let times = 0; times < 6; times++) expect((await verify(bob)).status).toBe(200)
    expect((await verify(bob)).status).toBe(429)
  })

  test('CR/LF in names forge no log line and no line of an export', async () => {
    const forged = 'x\r\n{"level":50,"msg":"forged"}\nforged'
    const bob = await signUp(server)
    await record(bob, { errorMessage: forged, metadata: { [forged]: forged } })
    await call(server, 'GET', `/api/v2/${encodeURIComponent(forged)}`, { headers: { 'user-agent': 'x forged' } })
    await call(server, 'POST', '/api/v2/api-keys', { token: bob.token, body: { name: forged } })
    await call(server, 'POST', '/api/v2/auth/session/login', { body: { email: `${forged}@example.com`, password: forged } })
    const lines = server.logs().trimEnd().split('\n')
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ time: expect.any(Number) })
    expect(lines.filter((line) => JSON.parse(line).msg === 'forged')).toEqual([])
    const { text } = await get('audit-export', bob)
    for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line).sequence).toBeGreaterThan(0)
  })
})
