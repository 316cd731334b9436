// Confirming: only what is really there, only once, and never beyond the plan.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { confirm, docx, gif, jpeg, pdf, png, put, request, sha256, upload } from '../../testing/uploads.ts'

let server: TestServer
let owner: Person
beforeAll(async () => {
  server = await startTestServer({
    env: {
      AION_PLAN_OVERRIDES: '{"professional":{"storageBytesMax":1500,"monthlyUploads":100},"enterprise":{"monthlyUploads":2}}',
    },
  })
  owner = await signUp(server)
})
afterAll(() => server?.stop())

const storageOf = async (tenantId: string) =>
  (await server.db.selectFrom('tenant_storage').select('bytes').where('tenant_id', '=', tenantId).executeTakeFirst())?.bytes
const filesOf = async (tenantId: string) => server.db.selectFrom('files').select('id').where('tenant_id', '=', tenantId).execute()

it('S27 of 50 parallel confirmations one makes the file, and all answer alike', async () => {
  const person = await signUp(server)
  const bytes = jpeg(1_000)
  const { body } = await request(server, person, bytes)
  await put(body.upload_url, bytes)
  const answers = await Promise.all(Array.from({ length: 50 }, () => confirm(server, person, body.object_key, bytes)))
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]))
  expect(new Set(answers.map((answer) => answer.text)).size).toBe(1)
  expect(await filesOf(person.tenantId)).toHaveLength(1)
  expect(await storageOf(person.tenantId)).toBe(1_000)
  const quota = await call(server, 'GET', '/api/v2/uploads/quota-check?file_count=1', { token: person.token })
  expect(quota.body).toMatchObject({ current_usage: 1, can_proceed: true, available: 9_999, monthly_limit: 10_000 })
  const events = await server.db
    .selectFrom('audit_events')
    .select('action')
    .where('tenant_id', '=', person.tenantId)
    .where('action', '=', 'upload.confirm')
    .execute()
  expect(events).toHaveLength(1)
})

it('S34 without an object is refused', async () => {
  const { body } = await request(server, owner, jpeg())
  const answer = await confirm(server, owner, body.object_key, jpeg())
  expect([answer.status, answer.body.error.code]).toEqual([404, 'OBJECT_NOT_FOUND'])
})

it('S34 of an unknown key is refused', async () => {
  for (const key of ['uploads/x', 'a\0b', '../../etc/passwd']) {
    const answer = await confirm(server, owner, key, jpeg())
    expect([404, 422]).toContain(answer.status)
  }
})

describe('what does not match', () => {
  it.each([
    ['another length', { size_bytes: 3 }],
    ['another checksum', { checksum: `sha256:${'0'.repeat(64)}` }],
    ['a checksum that is none', { checksum: 'abc' }],
    ['another type', { content_type: 'image/png' }],
  ])('%s is refused, and may be corrected', async (_what, body) => {
    const bytes = jpeg()
    const begun = await request(server, owner, bytes)
    await put(begun.body.upload_url, bytes)
    const answer = await confirm(server, owner, begun.body.object_key, bytes, body)
    expect([answer.status, answer.body.error.code]).toEqual([400, 'UPLOAD_MISMATCH'])
    const right = await confirm(server, owner, begun.body.object_key, bytes, {
      checksum: sha256(bytes).toUpperCase(),
      content_type: 'image/jpeg',
    })
    expect(right.status).toBe(200)
    expect((await confirm(server, owner, begun.body.object_key, bytes, body)).status).toBe(400)
  })

  it.each([
    ['image/png', jpeg()],
    ['image/jpeg', png],
    ['image/webp', gif],
    ['image/gif', Buffer.from('<script>alert(1)</script>')],
    ['image/jpeg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ])('S34 bytes that are not %s are refused', async (content_type, bytes) => {
    const begun = await request(server, owner, bytes, { content_type })
    await put(begun.body.upload_url, bytes, { 'content-type': content_type })
    expect((await confirm(server, owner, begun.body.object_key, bytes)).body.error.code).toBe('UPLOAD_MISMATCH')
  })

  const word = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
  it.each([
    ['application/pdf', pdf, 201],
    ['application/pdf', Buffer.from('no pdf'), 400],
    [word, docx(), 201],
    [word, Buffer.from('PK\x03\x04 no document'), 400],
    [word, pdf, 400],
    ['text/plain', Buffer.from('Grüße, 世界'), 201],
    ['text/plain', Buffer.from([0x47, 0xfc, 0x72]), 400],
    ['text/markdown', Buffer.from('# Title\0'), 400],
    ['text/markdown', Buffer.from('# Title'), 201],
    ['text/plain', Buffer.from('Grüße').subarray(0, 3), 400],
  ])('documents are read to the end: %s', async (content_type, bytes, status) => {
    const begun = await request(server, owner, bytes, { content_type, filename: 'a' }, 'document-uploads')
    await put(begun.body.upload_url, bytes, { 'content-type': content_type })
    expect((await confirm(server, owner, begun.body.object_key, bytes, { content_type }, 'document-uploads')).status).toBe(status)
  })
})

it('an image that cannot be measured is an image all the same', async () => {
  const bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(1_000, 0x20)])
  const id = await upload(server, owner, bytes)
  const details = await call(server, 'GET', `/api/v2/user-files/${id}`, { token: owner.token })
  expect(details.body.dimensions).toEqual({})
  const list = await call(server, 'GET', `/api/v2/user-files?ids=${id}`, { token: owner.token })
  expect(list.body.files[0].dimensions).toBeNull()
})

it('S34 of two uploads across the last free byte one is refused', async () => {
  const person = await signUp(server, { plan: 'professional' })
  const bytes = [jpeg(1_000), jpeg(1_000)] as const
  const begun = await Promise.all(bytes.map((one) => request(server, person, one)))
  await Promise.all(begun.map((answer, index) => put(answer.body.upload_url, bytes[index] ?? Buffer.alloc(0))))
  const answers = await Promise.all(
    begun.map((answer, index) => confirm(server, person, answer.body.object_key, bytes[index] ?? Buffer.alloc(0))),
  )
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 413])
  expect(answers.find((answer) => answer.status === 413)?.body.error.code).toBe('STORAGE_QUOTA_EXCEEDED')
  expect(await storageOf(person.tenantId)).toBe(1_000)
  expect((await request(server, person, jpeg(501))).body.error.code).toBe('STORAGE_QUOTA_EXCEEDED')
  expect((await request(server, person, jpeg(500))).status).toBe(200)
})

it('spends the last monthly upload once, and says when the next month begins', async () => {
  const person = await signUp(server, { plan: 'enterprise' })
  const bytes = jpeg()
  const begun = await Promise.all([1, 2, 3, 4].map(() => request(server, person, bytes)))
  await Promise.all(begun.map((answer) => put(answer.body.upload_url, bytes)))
  const answers = await Promise.all(begun.map((answer) => confirm(server, person, answer.body.object_key, bytes)))
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 429, 429])
  expect(await storageOf(person.tenantId)).toBe(2 * bytes.length)
  const refused = await request(server, person, bytes)
  expect(refused.body.error.code).toBe('USAGE_LIMIT_EXCEEDED')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  const quota = await call(server, 'GET', '/api/v2/uploads/quota-check?file_count=1', { token: person.token })
  expect(quota.body).toMatchObject({ can_proceed: false, available: 0, message: expect.any(String) })
})
