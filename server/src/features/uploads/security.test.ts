// Other people's uploads and files: as unknown as if they did not exist.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, createKey, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { inBucket } from '../../testing/s3.ts'
import { confirm, jpeg, put, request, upload } from '../../testing/uploads.ts'

let server: TestServer
let victim: Person
let stranger: Person
let fileId: string
let openKey: string
let openId: string
let batchId: string
const bytes = jpeg()

beforeAll(async () => {
  server = await startTestServer()
  victim = await signUp(server)
  stranger = await signUp(server)
  fileId = await upload(server, victim, bytes)
  const begun = await request(server, victim, bytes)
  await put(begun.body.upload_url, bytes)
  openKey = begun.body.object_key
  openId = openKey.split('/')[2] ?? ''
  const batch = await call(server, 'POST', '/api/v2/uploads/batch-prepare', {
    token: victim.token,
    body: { intent: 'describe', files: [{ filename: 'a.jpg', content_type: 'image/jpeg', size_bytes: 5 }] },
  })
  batchId = batch.body.batch_id
})
afterAll(() => server?.stop())

describe('S05 S06', () => {
  const unknown = randomUUID()
  const withoutId = (text: string) => text.replace(/"request_id":"[^"]+"/, '')
  it.each([
    ['GET', '/user-files/:file', undefined],
    ['GET', '/user-files/:short', undefined],
    ['GET', '/user-files/:file/download', undefined],
    ['PATCH', '/user-files/:file', { title: 'mine' }],
    ['DELETE', '/user-files/:file', undefined],
    ['POST', '/user-files/:file/restore', undefined],
    ['GET', '/uploads/status/:file', undefined],
    ['GET', '/uploads/status/:open', undefined],
    ['GET', '/uploads/batch/:batch/status', undefined],
    ['GET', '/document-uploads/:file/status', undefined],
    ['GET', '/document-uploads/batch/:batch/status', undefined],
    [
      'POST',
      '/uploads/batch-confirm',
      { batch_id: ':batch', confirmations: [{ object_key: ':key', success: true, file_size: 5 }] },
    ],
    [
      'POST',
      '/document-uploads/batch-confirm',
      { batch_id: ':batch', confirmations: [{ object_key: ':key', success: true, file_size: 5 }] },
    ],
    ['POST', '/uploads/confirm', { object_key: ':key', size_bytes: bytes.length }],
    ['POST', '/document-uploads/confirm', { object_key: ':key', size_bytes: bytes.length, content_type: 'image/jpeg' }],
  ])('%s %s answers a stranger as it answers for an unknown id', async (method, path, body) => {
    const fill = (text: string, real: boolean) =>
      text
        .replace(':file', real ? fileId : unknown)
        .replace(':short', (real ? fileId : unknown).slice(0, 8))
        .replace(':open', real ? openId : unknown)
        .replace(':batch', real ? batchId : unknown)
        .replace(':key', real ? openKey : `uploads/${unknown}/${unknown}/a.jpg`)
    const ask = (real: boolean) =>
      call(server, method, fill(`/api/v2${path}`, real), {
        token: stranger.token,
        ...(body && { body: fill(JSON.stringify(body), real) }),
      })
    const [theirs, nobodys] = [await ask(true), await ask(false)]
    expect(theirs.status).toBe(404)
    expect(withoutId(theirs.text)).toBe(withoutId(nobodys.text))
  })

  it('lists, recovers and deletes nothing of theirs', async () => {
    const list = await call(server, 'GET', `/api/v2/user-files?ids=${fileId}`, { token: stranger.token })
    expect(list.body).toEqual({ files: [], total_count: 0, has_more: false })
    const recovered = await call(server, 'POST', `/api/v2/uploads/batch/${batchId}/auto-recover`, { token: stranger.token })
    expect(recovered.body.status).toBe('not_found')
    const deleted = await call(server, 'POST', '/api/v2/user-files/batch-delete', {
      token: stranger.token,
      body: { file_ids: [fileId] },
    })
    expect(deleted.body).toMatchObject({
      deleted: [],
      failed: [{ id: fileId, status: 'failed' }],
      summary: { total: 1, failed: 1 },
    })
    const known = await call(server, 'GET', `/api/v2/user-files/${fileId}`, { token: victim.token })
    const hashes = await call(server, 'POST', '/api/v2/uploads/check-duplicates', {
      token: stranger.token,
      body: { hashes: [known.body.hash] },
    })
    expect(hashes.body).toEqual({ duplicates: [], unique: [known.body.hash] })
    const mine = await call(server, 'POST', '/api/v2/uploads/check-duplicates', {
      token: victim.token,
      body: { hashes: [known.body.hash] },
    })
    expect(mine.body).toEqual({ duplicates: [known.body.hash], unique: [] })
  })

  it('a tenant named in a header is not entered', async () => {
    const answer = await call(server, 'GET', '/api/v2/user-files', {
      token: stranger.token,
      headers: { 'x-tenant-id': victim.tenantId },
    })
    expect(answer.status).toBe(404)
  })
})

it('S24 URLs are dead as soon as their tenant is', async () => {
  for (const end of ['inactive', 'gone'] as const) {
    const person = await signUp(server)
    const id = await upload(server, person, bytes)
    const redirect = await call(server, 'GET', `/api/v2/user-files/${id}/download`, { token: person.token })
    const begun = await request(server, person, bytes)
    if (end === 'inactive')
      await server.db.updateTable('tenants').set({ is_active: false }).where('id', '=', person.tenantId).execute()
    else await server.db.deleteFrom('tenants').where('id', '=', person.tenantId).execute()
    if (!inBucket) expect((await put(begun.body.upload_url, bytes)).status).toBe(403)
    expect((await fetch(redirect.headers.get('location') ?? '')).status).toBe(404)
  }
})

it.skipIf(inBucket)('S24 upload URLs are dead as soon as whoever asked for them may no longer upload', async () => {
  const urlOf = async (person: Person) => (await request(server, person, bytes)).body.upload_url
  const [gone, demoted, disabled] = [await signUp(server), await signUp(server), await signUp(server)]
  const urls = [await urlOf(gone), await urlOf(demoted), await urlOf(disabled)]
  await server.db.deleteFrom('memberships').where('user_id', '=', gone.userId).execute()
  await server.db.updateTable('memberships').set({ role: 'viewer' }).where('user_id', '=', demoted.userId).execute()
  await server.db.updateTable('users').set({ is_active: false }).where('id', '=', disabled.userId).execute()
  for (const url of urls) expect(await put(url, bytes)).toMatchObject({ status: 403, code: 'INVALID_SIGNATURE' })
})

it('a download URL is dead as soon as its file is deleted', async () => {
  const id = await upload(server, victim, bytes)
  const redirect = await call(server, 'GET', `/api/v2/user-files/${id}/download`, { token: victim.token })
  await call(server, 'DELETE', `/api/v2/user-files/${id}`, { token: victim.token })
  expect((await fetch(redirect.headers.get('location') ?? '')).status).toBe(404)
})

it('S36 answers to a caller are kept by nobody', async () => {
  for (const path of ['/user-files', `/user-files/${fileId}`, `/user-files/${fileId}/download`, `/uploads/status/${openId}`]) {
    const answer = await call(server, 'GET', `/api/v2${path}`, { token: victim.token })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  }
})

it('keys reach what their scopes say and no more', async () => {
  const reader = await createKey(server, victim, { scopes: ['files:read'] })
  expect((await call(server, 'GET', '/api/v2/user-files', { token: reader.api_key })).status).toBe(200)
  expect((await request(server, { token: reader.api_key }, bytes)).body.error).toMatchObject({
    code: 'INSUFFICIENT_PERMISSIONS',
    details: { required: expect.arrayContaining(['uploads:write']), held: ['files:read'] },
  })
  expect((await call(server, 'DELETE', `/api/v2/user-files/${fileId}`, { token: reader.api_key })).status).toBe(403)
  const uploader = await createKey(server, victim, { scopes: ['uploads:write'] })
  expect((await request(server, { token: uploader.api_key }, bytes)).status).toBe(200)
  expect((await call(server, 'GET', '/api/v2/user-files', { token: uploader.api_key })).status).toBe(403)
})

it('S32 text that a database cannot hold is refused, not stumbled over', async () => {
  const answers = await Promise.all([
    call(server, 'GET', '/api/v2/user-files?search=%00', { token: victim.token }),
    call(server, 'GET', '/api/v2/user-files?tags=%00', { token: victim.token }),
    call(server, 'GET', '/api/v2/uploads/status/%00', { token: victim.token }),
    call(server, 'PATCH', `/api/v2/user-files/${fileId}`, { token: victim.token, body: { title: 'a\0' } }),
    call(server, 'POST', '/api/v2/uploads/check-duplicates', { token: victim.token, body: { hashes: ['\0'] } }),
    confirm(server, victim, '\0', bytes),
    call(server, 'POST', '/api/v2/uploads/batch-prepare', {
      token: victim.token,
      body: {
        intent: 'describe',
        additional_params: { prompt: '\0' },
        files: [{ filename: 'a.jpg', content_type: 'image/jpeg', size_bytes: 5 }],
      },
    }),
    request(server, victim, bytes, { size_bytes: 1e300 }),
    call(server, 'GET', '/api/v2/user-files?offset=1e300', { token: victim.token }),
  ])
  for (const answer of answers) expect([404, 422]).toContain(answer.status)
})
