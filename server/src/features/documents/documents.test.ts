// Documents as their owners see them, and as nobody else does.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, createKey, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { confirm, docx, pdf, put, request, upload } from '../../testing/uploads.ts'

const clock = fakeClock()
let server: TestServer
let owner: Person
let image: string
const documents: { id: string; filename: string }[] = []

const docxType = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const ask = (method: string, path: string, { body, token = owner.token }: { body?: unknown; token?: string } = {}) =>
  call(server, method, `/api/v2/documents${path}`, { token, body })

async function store(bytes: Buffer, filename: string, content_type: string): Promise<string> {
  clock.advance(1_000)
  const begun = await request(server, owner, bytes, { filename, content_type }, 'document-uploads')
  await put(begun.body.upload_url, bytes, begun.body.upload_headers)
  const confirmed = await confirm(server, owner, begun.body.object_key, bytes, { content_type }, 'document-uploads')
  return confirmed.body.document_id
}

beforeAll(async () => {
  server = await startTestServer({ clock })
  owner = await signUp(server)
  image = await upload(server, owner)
  for (const [filename, bytes, type] of [
    ['a.pdf', pdf, 'application/pdf'],
    ['b.docx', docx(), docxType],
    ['c.txt', Buffer.from('plain words'), 'text/plain'],
  ] as const)
    documents.unshift({ id: await store(bytes, filename, type), filename })
})
afterAll(() => server?.stop())

it('are listed page by page, the newest first, without images', async () => {
  const all = await ask('GET', '')
  expect(all.body).toMatchObject({ documents, total_count: 3, page: 1, page_size: 20 })
  expect(all.body.documents.length).toBe(3)
  expect(all.body.documents[0]).toEqual({
    id: documents[0]?.id,
    filename: 'c.txt',
    title: null,
    tags: [],
    content_type: 'text/plain',
    document_type: 'txt',
    size_bytes: 11,
    page_count: null,
    chunk_count: null,
    extraction_status: 'pending',
    created_at: expect.any(String),
  })
  expect((await ask('GET', '?page=2&page_size=2')).body).toMatchObject({
    documents: documents.slice(2),
    total_count: 3,
    page: 2,
    page_size: 2,
  })
  expect((await ask('GET', '?page=2147483647&page_size=100')).body).toMatchObject({ documents: [], total_count: 3 })
})

it.each([
  ['pending', 3],
  ['', 3],
  ['completed', 0],
  ['failed', 0],
])('with status_filter=%s are %i', async (status, count) => {
  expect((await ask('GET', `?status_filter=${status}`)).body.total_count).toBe(count)
})

it.each(['page=0', 'page=x', 'page_size=0', 'page_size=101'])('refuse ?%s', async (query) => {
  expect((await ask('GET', `?${query}`)).body.error.code).toBe('VALIDATION_ERROR')
})

it('are read, described and downloaded', async () => {
  const id = documents[2]?.id ?? ''
  expect((await ask('GET', `/${id}`)).body).toMatchObject({ id, filename: 'a.pdf', document_type: 'pdf' })
  const changed = await ask('PATCH', `/${id}`, { body: { title: 'Report', tags: ['2026', ' tax '] } })
  expect(changed.body).toEqual({ id, title: 'Report', tags: ['2026', 'tax'], updated_at: new Date(clock.now()).toISOString() })
  expect((await ask('GET', `/${id}`)).body).toMatchObject({ title: 'Report', tags: ['2026', 'tax'] })
  expect((await ask('PATCH', `/${id}`, { body: { title: 'x'.repeat(256) } })).status).toBe(422)
  const redirect = await ask('GET', `/${id}/download`)
  expect([redirect.status, redirect.text]).toEqual([302, ''])
  const got = await fetch(redirect.headers.get('location') ?? '')
  expect(Buffer.from(await got.arrayBuffer()).equals(pdf)).toBe(true)
  expect(got.headers.get('content-disposition')).toContain('attachment')
})

it('are no images, no strangers’ and nothing that is not an id', async () => {
  const stranger = await signUp(server)
  for (const [id, token] of [
    [image, owner.token],
    [documents[0]?.id ?? '', stranger.token],
    ['not-an-id', owner.token],
    ['00000000-0000-4000-8000-000000000000', owner.token],
  ] as const)
    for (const [method, rest] of [
      ['GET', ''],
      ['GET', '/download'],
      ['PATCH', ''],
      ['DELETE', ''],
    ] as const) {
      const answer = await ask(method, `/${id}${rest}`, { token, ...(method === 'PATCH' && { body: { title: 'mine' } }) })
      expect([id, method, answer.status, answer.body.error.code]).toEqual([id, method, 404, 'NOT_FOUND'])
    }
  expect((await ask('GET', '', { token: stranger.token })).body.documents).toEqual([])
})

it('are deleted softly, alone', async () => {
  const id = await store(pdf, 'gone.pdf', 'application/pdf')
  const deleted = await ask('DELETE', `/${id.toUpperCase()}`)
  expect([deleted.status, deleted.text]).toEqual([204, ''])
  expect((await ask('DELETE', `/${id}`)).status).toBe(404)
  expect((await ask('GET', '')).body.total_count).toBe(3)
  const restored = await call(server, 'POST', `/api/v2/user-files/${id}/restore`, { token: owner.token })
  expect(restored.status).toBe(200)
  expect((await ask('GET', `/${id}`)).status).toBe(200)
  await ask('DELETE', `/${id}`)
  const trail = await server.db
    .selectFrom('audit_events')
    .select('action')
    .where('resource_id', '=', id)
    .orderBy('sequence')
    .execute()
  expect(trail.map((row) => row.action)).toEqual(['upload.confirm', 'file.delete', 'file.restore', 'file.delete'])
})

it('are deleted many at once, images excepted', async () => {
  const [one, two] = [await store(pdf, 'one.pdf', 'application/pdf'), await store(pdf, 'two.pdf', 'application/pdf')]
  const document_ids = [one, two.toUpperCase(), image, one]
  const answer = await ask('POST', '/batch-delete', { body: { document_ids } })
  expect(answer.body.summary).toEqual({ total: 3, deleted: 2, skipped: 0, failed: 1 })
  expect(answer.body.deleted.map(({ id }: { id: string }) => id).sort()).toEqual([one, two].sort())
  expect(answer.body.failed).toMatchObject([{ id: image, status: 'failed', deleted_at: null }])
  expect((await call(server, 'GET', `/api/v2/user-files/${image}`, { token: owner.token })).status).toBe(200)
  expect((await ask('POST', '/batch-delete', { body: { document_ids: [] } })).status).toBe(422)
})

it('open to keys with their scopes', async () => {
  const id = documents[0]?.id
  const statusOf = async (scope: string, method: string, path: string, body?: unknown) => {
    const { api_key } = await createKey(server, owner, { scopes: [scope] })
    return (await ask(method, path, { token: api_key, body })).status
  }
  expect(await statusOf('documents:read', 'GET', `/${id}`)).toBe(200)
  expect(await statusOf('documents:read', 'PATCH', `/${id}`, { title: 'x' })).toBe(403)
  expect(await statusOf('documents:write', 'PATCH', `/${id}`, { title: 'x' })).toBe(200)
  expect(await statusOf('documents:write', 'DELETE', `/${id}`)).toBe(403)
  expect(await statusOf('files:read', 'GET', `/${id}`)).toBe(403)
  expect(await statusOf('documents:delete', 'DELETE', `/${id}`)).toBe(204)
})
