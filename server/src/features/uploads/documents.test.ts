// One document, by the twin's own words.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { confirm, pdf, put, request } from '../../testing/uploads.ts'

let server: TestServer
let owner: Person
beforeAll(async () => {
  server = await startTestServer()
  owner = await signUp(server)
})
afterAll(() => server?.stop())

it('is confirmed with 201, again and again, and appears among the files', async () => {
  const begun = await request(
    server,
    owner,
    pdf,
    { content_type: 'application/pdf', filename: 'Bericht.pdf', idempotency_key: 'a.b-c_1' },
    'document-uploads',
  )
  expect(begun.body.max_size_bytes).toBe(50 * 2 ** 20)
  await put(begun.body.upload_url, pdf, begun.body.upload_headers)
  const confirmIt = () =>
    confirm(server, owner, begun.body.object_key, pdf, { content_type: 'application/pdf' }, 'document-uploads')
  const first = await confirmIt()
  expect(first.status).toBe(201)
  expect(first.body).toMatchObject({
    filename: 'Bericht.pdf',
    document_type: 'pdf',
    confirmed: true,
    deduplicated: false,
    is_idempotent_retry: false,
  })
  const id = first.body.document_id
  const second = await confirmIt()
  expect(second.status).toBe(201)
  expect(second.body).toMatchObject({ document_id: id, is_idempotent_retry: true })
  const status = await call(server, 'GET', `/api/v2/document-uploads/${id}/status`, { token: owner.token })
  expect(status.body).toMatchObject({ document_id: id, text_extraction_status: 'pending', page_count: null })
  const list = await call(server, 'GET', '/api/v2/user-files?media_types=document', { token: owner.token })
  expect(list.body.files).toMatchObject([
    { id, media_type: 'document', document_type: 'pdf', text_extraction_status: 'pending', dimensions: null },
  ])
  const quota = await call(server, 'GET', '/api/v2/document-uploads/quota-check?file_count=3', { token: owner.token })
  expect(quota.body).toMatchObject({ can_proceed: true, requested: 3, current_usage: 1 })
})

it('needs its content type at confirmation, and a key of its form', async () => {
  expect((await confirm(server, owner, 'x', pdf, {}, 'document-uploads')).status).toBe(422)
  const spaced = await request(
    server,
    owner,
    pdf,
    { content_type: 'application/pdf', idempotency_key: 'a b' },
    'document-uploads',
  )
  expect(spaced.status).toBe(422)
  expect((await call(server, 'GET', '/api/v2/document-uploads/quota-check', { token: owner.token })).status).toBe(422)
})
