// Files as their owners see them: every filter, every sort, titles and tags, deletion and its undoing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { jpeg, png, upload } from '../../testing/uploads.ts'

const clock = fakeClock()
let server: TestServer
let owner: Person
const ids: Record<'big' | 'small' | 'red', string> = { big: '', small: '', red: '' }
const times: Record<string, string> = {}

beforeAll(async () => {
  server = await startTestServer({ clock })
  owner = await signUp(server)
  for (const [name, bytes, body] of [
    ['big', jpeg(5_000), { filename: 'Big_100%.jpg' }],
    ['small', png, { filename: 'small.png', content_type: 'image/png' }],
    ['red', jpeg(900), { filename: 'red.jpg' }],
  ] as const) {
    clock.advance(1_000)
    ids[name] = await upload(server, owner, bytes, body)
    times[name] = new Date(clock.now()).toISOString()
  }
  await patch(ids.red, { title: 'A sunset', tags: ['sky', ' red ', 'sky'] })
  await patch(ids.small, { tags: ['sky'] })
})
afterAll(() => server?.stop())

const patch = (id: string, body: unknown) => call(server, 'PATCH', `/api/v2/user-files/${id}`, { token: owner.token, body })
const get = (path: string) => call(server, 'GET', `/api/v2/user-files${path}`, { token: owner.token })
const nameOf = (id: string) => Object.entries(ids).find(([, value]) => value === id)?.[0]
const names = async (query: string) => (await get(`?${query}`)).body.files.map((file: { id: string }) => nameOf(file.id))

describe('the list', () => {
  it.each([
    ['', ['red', 'small', 'big']],
    ['sort_order=asc', ['big', 'small', 'red']],
    ['sort_by=size_bytes', ['big', 'red', 'small']],
    ['sort_by=title&sort_order=asc&limit=1', ['red']],
    ['sort_by=created_at&limit=1&offset=1', ['small']],
    ['search=sunset', ['red']],
    ['search=100%25', ['big']],
    ['search=_', ['big']],
    ['search=RED', ['red']],
    ['search=red&search_mode=metadata', ['red']],
    ['search=red&search_mode=visible_text', []],
    ['tags=sky', ['red', 'small']],
    ['tags=sky&tags=red', ['red']],
    ['tags=blue', []],
    ['has_description=true', []],
    ['has_description=false', ['red', 'small', 'big']],
    ['media_types=image&media_types=document', ['red', 'small', 'big']],
    ['media_types=document,video', []],
    ['folder_id=00000000-0000-4000-8000-000000000000', []],
  ])('?%s', async (query, expected) => {
    expect(await names(query)).toEqual(expected)
  })

  it('filters by id and by date', async () => {
    expect(await names(`ids=${ids.big}&ids=${ids.red}`)).toEqual(['red', 'big'])
    expect(await names(`date_from=${times.small}`)).toEqual(['red', 'small'])
    expect(await names(`date_to=${times.small}`)).toEqual(['small', 'big'])
    expect(await names(`date_to=${times.small?.replace('Z', '')}`)).toEqual(['small', 'big'])
    expect(await names(`date_to=${times.small?.replace('Z', '+00:00')}`)).toEqual(['small', 'big'])
    expect(await names('date_from=2020-01-01&date_to=2020-12-31')).toEqual([])
  })

  it('counts all and says whether there is more', async () => {
    expect((await get('?limit=2')).body).toMatchObject({ total_count: 3, has_more: true })
    expect((await get('?limit=2&offset=2')).body).toMatchObject({ total_count: 3, has_more: false })
    expect((await get('?limit=2&offset=99')).body).toMatchObject({ files: [], has_more: false })
  })

  it.each([
    'limit=0',
    'limit=101',
    'offset=-1',
    'sort_by=hash',
    'sort_order=up',
    'media_types=sound',
    'ids=x',
    'date_from=yesterday',
    'date_to=2026-13-45',
    'search_mode=deep',
  ])('refuses ?%s', async (query) => {
    const answer = await get(`?${query}`)
    expect([answer.status, answer.body.error.code]).toEqual([422, 'VALIDATION_ERROR'])
    expect(answer.body.detail[0].loc[0]).toBe('query')
  })
})

it('reads a file by its id or the first eight characters of it', async () => {
  const whole = await get(`/${ids.red}`)
  expect(whole.body).toMatchObject({
    id: ids.red,
    title: 'A sunset',
    tags: ['sky', 'red'],
    original_filename: 'red.jpg',
    format: 'jpeg',
  })
  expect((await get(`/${ids.red.slice(0, 8)}`)).body.id).toBe(ids.red)
  for (const id of ['abcdefgh', ids.red.slice(0, 7), '00000000']) expect((await get(`/${id}`)).status).toBe(404)
})

it('changes what is given and leaves the rest', async () => {
  expect((await patch(ids.big, { title: 'Large' })).body).toMatchObject({ id: ids.big, title: 'Large', tags: [] })
  expect((await patch(ids.big, { tags: ['x'], title: null })).body).toMatchObject({ title: 'Large', tags: ['x'] })
  expect((await patch(ids.big, { title: '', tags: [] })).body).toMatchObject({ title: null, tags: [] })
  expect((await patch(ids.big, { tags: ['x'.repeat(51)] })).status).toBe(422)
  expect((await patch(ids.big, { tags: Array.from({ length: 41 }, String) })).status).toBe(422)
  expect((await patch(ids.big, { title: 'x'.repeat(256) })).status).toBe(422)
})

it('deletes softly, once, and brings back', async () => {
  const id = await upload(server, owner)
  const path = `/api/v2/user-files/${id}`
  const deleted = await call(server, 'DELETE', path, { token: owner.token })
  expect(deleted.body).toEqual({ id, deleted_at: new Date(clock.now()).toISOString(), message: expect.any(String) })
  expect((await call(server, 'DELETE', path, { token: owner.token })).status).toBe(404)
  for (const rest of ['', '/download']) expect((await get(`/${id}${rest}`)).status).toBe(404)
  expect((await patch(id, { title: 'x' })).status).toBe(404)
  expect((await call(server, 'GET', `/api/v2/uploads/status/${id}`, { token: owner.token })).status).toBe(404)
  const restored = await call(server, 'POST', `${path}/restore`, { token: owner.token })
  expect(restored.body.id).toBe(id)
  expect((await get(`/${id}`)).status).toBe(200)
  expect((await call(server, 'POST', `${path}/restore`, { token: owner.token })).body.error.code).toBe('CONFLICT')
  const trail = await server.db
    .selectFrom('audit_events')
    .select('action')
    .where('resource_id', '=', id)
    .orderBy('sequence')
    .execute()
  expect(trail.map((row) => row.action)).toEqual(['upload.confirm', 'file.delete', 'file.restore'])
})

it('deletes many, and says which it could not', async () => {
  const [one, two] = [await upload(server, owner), await upload(server, owner)]
  const missing = '00000000-0000-4000-8000-000000000000'
  const remove = (file_ids: string[]) =>
    call(server, 'POST', '/api/v2/user-files/batch-delete', { token: owner.token, body: { file_ids } })
  const answer = await remove([one, two.toUpperCase(), missing, one])
  expect(answer.body.summary).toEqual({ total: 3, deleted: 2, skipped: 0, failed: 1 })
  expect(answer.body.deleted.map((file: { id: string }) => file.id).sort()).toEqual([one, two].sort())
  expect(answer.body.failed).toMatchObject([{ id: missing, status: 'failed' }])
  expect((await remove([])).status).toBe(422)
})
