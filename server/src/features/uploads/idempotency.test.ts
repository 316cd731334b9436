// Idempotency keys: an hour of the same answer, whatever arrives at once.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { inBucket } from '../../testing/s3.ts'
import { confirm, jpeg, pdf, put, request } from '../../testing/uploads.ts'

const clock = fakeClock()
let server: TestServer
let owner: Person
let other: Person
beforeAll(async () => {
  server = await startTestServer({ clock })
  owner = await signUp(server)
  other = await signUp(server)
})
afterAll(() => server?.stop())

it('gives 20 parallel requests one answer', async () => {
  const bytes = jpeg()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => request(server, owner, bytes, { idempotency_key: 'twenty' })),
  )
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]))
  expect(new Set(answers.map((answer) => answer.text)).size).toBe(1)
})

it('refuses another request under the same key, here and only in this tenant', async () => {
  const first = await request(server, owner, jpeg(), { idempotency_key: 'one' })
  for (const body of [{ filename: 'b.jpg' }, { size_bytes: 9 }, { content_type: 'image/png' }, { purpose: 'other' }]) {
    const answer = await request(server, owner, jpeg(), { idempotency_key: 'one', ...body })
    expect([answer.status, answer.body.error.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT'])
  }
  const twin = await request(server, owner, pdf, { idempotency_key: 'one', content_type: 'application/pdf' }, 'document-uploads')
  expect(twin.status).toBe(409)
  const theirs = await request(server, other, jpeg(), { idempotency_key: 'one' })
  expect(theirs.status).toBe(200)
  expect(theirs.body.object_key).not.toBe(first.body.object_key)
})

it('renews a dead URL of the same upload, and forgets after an hour', async () => {
  const bytes = jpeg()
  const first = await request(server, owner, bytes, { idempotency_key: 'hour' })
  clock.advance(11 * 60_000)
  // A bucket goes by its own clock, which no test moves.
  if (!inBucket) expect((await put(first.body.upload_url, bytes)).status).toBe(403)
  const again = await request(server, owner, bytes, { idempotency_key: 'hour' })
  expect(again.body.object_key).toBe(first.body.object_key)
  expect((await put(again.body.upload_url, bytes)).status).toBe(200)
  expect((await confirm(server, owner, again.body.object_key, bytes)).status).toBe(200)
  clock.advance(50 * 60_000)
  const later = await request(server, owner, jpeg(9), { idempotency_key: 'hour' })
  expect(later.status).toBe(200)
  expect(later.body.object_key).not.toBe(first.body.object_key)
})

it('holds for batches as a whole', async () => {
  const file = (key: string) => ({ filename: 'a.jpg', content_type: 'image/jpeg', size_bytes: 5, idempotency_key: key })
  const prepare = (files: unknown[]) =>
    call(server, 'POST', '/api/v2/uploads/batch-prepare', { token: owner.token, body: { intent: 'describe', files } })
  const answers = await Promise.all(Array.from({ length: 8 }, () => prepare([file('b1'), file('b2')])))
  expect(new Set(answers.map((answer) => answer.text)).size).toBe(1)
  expect(answers[0]?.status).toBe(200)
  expect((await prepare([file('b1')])).body.error.code).toBe('IDEMPOTENCY_CONFLICT')
  expect((await prepare([file('b2'), file('b1')])).body.error.code).toBe('IDEMPOTENCY_CONFLICT')
  expect((await prepare([file('b1'), file('b2'), file('b3')])).body.error.code).toBe('IDEMPOTENCY_CONFLICT')
  expect((await prepare([file('b4'), file('b4')])).status).toBe(422)
})
