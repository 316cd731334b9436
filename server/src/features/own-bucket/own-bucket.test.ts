// A workspace brings a bucket: it is tried, kept sealed, used by uploads that ask for it, and forgotten; nobody else's network is reached.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { awsClient, makeBucket, testS3 } from '../../testing/s3.ts'
import { confirm, jpeg, pdf, png, request, sha256 } from '../../testing/uploads.ts'
import { rotateKey } from './rotate-key.ts'
import { openCredentials, sealCredentials } from './seal-credentials.ts'

let server: TestServer
let owner: Person
const s3 = testS3('tenant')
const path = '/api/v2/tenant/s3-config'
const keys = { access_key_id: 'AKIAIOSFODNN7EXAMPLE', secret_access_key: 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY' }
const ask = (method: string, body?: unknown, person = owner, at = path) => call(server, method, at, { token: person.token, body })

beforeAll(async () => {
  server = await startTestServer({ env: s3 ? { AION_OUTBOUND_ALLOW: '127.0.0.1' } : {} })
  owner = await signUp(server)
})
afterAll(() => server?.stop())

const none = {
  configured: false,
  bucket_name: null,
  region: null,
  endpoint_url: null,
  configured_at: null,
  is_validated: null,
  error: null,
}

it('has none to begin with', async () => {
  expect((await ask('GET')).body).toEqual(none)
  expect((await ask('DELETE')).body).toEqual({ removed: false, message: 'This workspace has no bucket of its own.' })
  const looked = await ask('POST', undefined, owner, `${path}/validate`)
  expect(looked.body).toEqual({
    valid: false,
    bucket_name: null,
    region: null,
    error: 'This workspace has no bucket of its own.',
  })
  const asked = await request(server, owner, jpeg(), { storage_target: 'custom' })
  expect([asked.status, asked.body.error.code]).toEqual([501, 'STORAGE_NOT_CONFIGURED'])
})

it.each([
  ['bucket_name', { bucket_name: 'Evil.example/x' }],
  ['bucket_name', { bucket_name: 'ab' }],
  ['region', { region: 'eu.evil.example/' }],
  ['endpoint_url', { endpoint_url: 'https://s3.example.com/path' }],
  ['endpoint_url', { endpoint_url: 'file:///etc/passwd' }],
  ['endpoint_url', { endpoint_url: 'https://0x7f.1' }],
  ['endpoint_url', { endpoint_url: 'https://user:password@s3.example.com' }],
  ['access_key_id', { access_key_id: 'short' }],
])('refuses a wrong %s', async (field, change) => {
  const fresh = await signUp(server)
  const answer = await ask('POST', { ...keys, bucket_name: 'a-bucket', region: 'eu-west-1', ...change }, fresh)
  expect([answer.status, answer.body.detail?.[0].loc]).toEqual([422, ['body', field]])
})

it('S33 does not call what is not on the public internet', async () => {
  const closed = await startTestServer()
  try {
    for (const endpoint_url of [
      'http://169.254.169.254',
      'https://169.254.169.254',
      'https://10.0.0.8:9000',
      'https://[::1]:9000',
      'https://localhost:9000',
      'http://8.8.8.8',
    ]) {
      // At most five tries a minute.
      const person = await signUp(closed)
      const answer = await call(closed, 'POST', path, {
        token: person.token,
        body: { ...keys, bucket_name: 'a-bucket', region: 'eu-west-1', endpoint_url },
      })
      expect([endpoint_url, answer.status, answer.body.error.code]).toEqual([endpoint_url, 400, 'BUCKET_NOT_ACCESSIBLE'])
      expect(answer.body.error.message).toContain('is not called')
      expect((await call(closed, 'GET', path, { token: person.token })).body.configured).toBe(false)
    }
  } finally {
    await closed.stop()
  }
})

it('seals credentials so that another tenant, another key or a changed row opens nothing', () => {
  const { secrets } = server.deps
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const sealed = sealCredentials(secrets, 1, 'tenant-1', credentials)
  expect(openCredentials(secrets, 1, 'tenant-1', sealed)).toEqual(credentials)
  expect(() => openCredentials(secrets, 2, 'tenant-1', sealed)).toThrow()
  expect(() => openCredentials(secrets, 1, 'tenant-2', sealed)).toThrow()
  sealed[14] = (sealed[14] ?? 0) ^ 1
  expect(() => openCredentials(secrets, 1, 'tenant-1', sealed)).toThrow()
})

describe.skipIf(!s3)('with a store (AION_TEST_S3_ENDPOINT)', () => {
  let bucket: string
  const given = () => ({
    access_key_id: s3?.accessKeyId ?? '',
    secret_access_key: s3?.secretAccessKey ?? '',
    bucket_name: bucket,
    region: 'us-east-1',
    endpoint_url: s3?.endpoint ?? '',
  })
  const inBucket = async (key: string) =>
    s3 ? (await awsClient(s3).fetch(`${s3.endpoint}/${bucket}/${key}`, { method: 'HEAD' })).status : 0
  beforeAll(async () => {
    if (s3) bucket = await makeBucket(s3)
  })

  async function uploadTo(bytes: Buffer, fields: Record<string, unknown> = {}, twin = 'uploads') {
    const begun = await request(server, owner, bytes, { storage_target: 'custom', ...fields }, twin)
    expect(begun.body).toMatchObject({ storage_target: 'custom', bucket_name: bucket })
    const sent = await fetch(begun.body.upload_url, { method: 'PUT', headers: begun.body.upload_headers, body: bytes })
    expect(sent.status).toBe(200)
    return begun.body.object_key as string
  }

  it('tries it before it keeps it', async () => {
    const wrong = await ask('POST', { ...given(), secret_access_key: 'x'.repeat(40) })
    expect([wrong.status, wrong.body.error.code]).toEqual([400, 'BUCKET_NOT_ACCESSIBLE'])
    const missing = await ask('POST', { ...given(), bucket_name: 'there-is-no-such-bucket' })
    expect(missing.body.error.message).toContain('cannot be opened')
    expect((await ask('GET')).body).toEqual(none)
  })

  it('keeps it, and shows no credential anywhere (S10)', async () => {
    const kept = await ask('POST', given())
    expect(kept.body).toEqual({
      configured: true,
      bucket_name: bucket,
      region: 'us-east-1',
      endpoint_url: s3?.endpoint,
      configured_at: expect.any(String),
      is_validated: true,
      error: null,
    })
    expect((await ask('GET')).body).toEqual(kept.body)
    const { rows } = await server.deps.pool.query('SELECT o::text AS row FROM own_buckets o')
    const trail = await server.db.selectFrom('audit_events').selectAll().where('tenant_id', '=', owner.tenantId).execute()
    expect(trail.map((row) => row.event_type)).toContain('tenant.storage_configured')
    for (const text of [JSON.stringify(rows), JSON.stringify(trail), server.logs(), kept.text]) {
      expect(text).not.toContain(s3?.secretAccessKey)
      expect(text).not.toContain(s3?.accessKeyId)
    }
  })

  it('takes images and documents, with their copies, and gives them back through this server', async () => {
    const key = await uploadTo(png, { filename: 'a.png', content_type: 'image/png' })
    const confirmed = await confirm(server, owner, key, png, { checksum: sha256(png) })
    expect(confirmed.status).toBe(200)
    expect(await inBucket(key)).toBe(200)
    const { upload_id } = confirmed.body
    const variants = () => server.db.selectFrom('files').select('variant_count').where('id', '=', upload_id).executeTakeFirst()
    await expect.poll(async () => (await variants())?.variant_count, { timeout: 30_000 }).toBe(4)
    expect(await inBucket(`variants/${owner.tenantId}/${upload_id}/small_256.webp`)).toBe(200)
    const details = await ask('GET', undefined, owner, `/api/v2/user-files/${upload_id}`)
    const got = await fetch(details.body.original_url, { redirect: 'manual' })
    expect([got.status, got.headers.get('x-content-type-options')]).toEqual([200, 'nosniff'])
    expect(Buffer.from(await got.arrayBuffer()).equals(png)).toBe(true)
    const document = await uploadTo(pdf, { filename: 'a.pdf', content_type: 'application/pdf' }, 'document-uploads')
    expect((await confirm(server, owner, document, pdf, { content_type: 'application/pdf' }, 'document-uploads')).status).toBe(
      201,
    )
  })

  it('goes into batches file by file', async () => {
    const [here, there] = [jpeg(600), jpeg(700)]
    const file = (bytes: Buffer, storage_target: string) => ({
      filename: 'a.jpg',
      content_type: 'image/jpeg',
      size_bytes: bytes.length,
      storage_target,
    })
    const prepared = await call(server, 'POST', '/api/v2/uploads/batch-prepare', {
      token: owner.token,
      body: { intent: 'describe', files: [file(here, 'default'), file(there, 'custom')] },
    })
    const [first, second] = prepared.body.presigned_urls
    for (const [target, bytes] of [
      [first, here],
      [second, there],
    ])
      expect((await fetch(target.upload_url, { method: 'PUT', headers: target.upload_headers, body: bytes })).status).toBe(200)
    const answer = await call(server, 'POST', '/api/v2/uploads/batch-confirm', {
      token: owner.token,
      body: {
        batch_id: prepared.body.batch_id,
        confirmations: [first, second].map(({ object_key }, index) => ({
          object_key,
          success: true,
          file_size: [here, there][index]?.length,
        })),
      },
    })
    expect(answer.body).toMatchObject({ successful_uploads: 2, failed_uploads: 0 })
    expect([await inBucket(first.object_key), await inBucket(second.object_key)]).toEqual([404, 200])
  })

  it('S34 refuses what is longer than declared, and what was swapped after the confirmation', async () => {
    const bytes = jpeg(600)
    const key = await uploadTo(bytes)
    const begun = await request(server, owner, bytes, { storage_target: 'custom' })
    await fetch(begun.body.upload_url, { method: 'PUT', headers: begun.body.upload_headers, body: jpeg(601) })
    expect((await confirm(server, owner, begun.body.object_key, bytes)).body.error.code).toBe('FILE_TOO_LARGE')
    const { upload_id } = (await confirm(server, owner, key, bytes)).body
    if (s3) await awsClient(s3).fetch(`${s3.endpoint}/${bucket}/${key}`, { method: 'PUT', body: 'other bytes' })
    const details = await ask('GET', undefined, owner, `/api/v2/user-files/${upload_id}`)
    expect((await fetch(details.body.original_url)).status).toBe(404)
  })

  it('goes on while the key of the credentials is rotated', async () => {
    const before = await server.db.selectFrom('own_buckets').selectAll().executeTakeFirstOrThrow()
    expect(before.key_version).toBe(1)
    expect(await rotateKey(server.db, server.deps.secrets, Date.now())).toEqual({ version: 2, resealed: 1 })
    const after = await server.db.selectFrom('own_buckets').selectAll().executeTakeFirstOrThrow()
    expect([after.key_version, after.credentials.equals(before.credentials)]).toEqual([2, false])
    const bytes = jpeg(600)
    expect((await confirm(server, owner, await uploadTo(bytes), bytes)).status).toBe(200)
    expect((await ask('POST', undefined, owner, `${path}/validate`)).body).toMatchObject({ valid: true, bucket_name: bucket })
    expect(await rotateKey(server.db, server.deps.secrets, Date.now())).toEqual({ version: 3, resealed: 1 })
  })

  it('is nobody else’s, and no viewer’s to change', async () => {
    const stranger = await signUp(server)
    expect((await ask('GET', undefined, stranger)).body).toEqual(none)
    expect((await request(server, stranger, jpeg(), { storage_target: 'custom' })).body.error.code).toBe('STORAGE_NOT_CONFIGURED')
    await server.db
      .insertInto('memberships')
      .values({ tenant_id: owner.tenantId, user_id: stranger.userId, role: 'editor', joined_at: new Date() })
      .execute()
    server.deps.changes.apply({ kind: 'user', id: stranger.userId })
    const as = (method: string, at = path, body?: unknown) =>
      call(server, method, at, { token: stranger.token, headers: { 'x-tenant-id': owner.tenantId }, body })
    expect((await as('GET')).body.configured).toBe(true)
    for (const answer of [await as('POST', path, given()), await as('DELETE'), await as('POST', `${path}/validate`)])
      expect([answer.status, answer.body.error.code]).toEqual([403, 'INSUFFICIENT_PERMISSIONS'])
  })

  it('says what is wrong when the bucket no longer lets us in', async () => {
    const bytes = jpeg(600)
    const key = await uploadTo(bytes)
    await server.db
      .updateTable('own_buckets')
      .set({
        credentials: sealCredentials(server.deps.secrets, 3, owner.tenantId, {
          accessKeyId: s3?.accessKeyId ?? '',
          secretAccessKey: 'no longer this one, no longer this one',
        }),
        configured_at: new Date(Date.now() + 1),
      })
      .execute()
    const answer = await confirm(server, owner, key, bytes)
    expect([answer.status, answer.body.error.code]).toEqual([400, 'BUCKET_NOT_ACCESSIBLE'])
    const looked = await ask('POST', undefined, owner, `${path}/validate`)
    expect(looked.body).toMatchObject({ valid: false, error: expect.stringContaining('403') })
    expect((await ask('GET')).body).toMatchObject({ is_validated: false, error: looked.body.error })
    expect((await ask('POST', given())).body.is_validated).toBe(true)
    expect((await confirm(server, owner, key, bytes)).status).toBe(200)
  })

  it('is forgotten at once, and its files come back with it', async () => {
    const bytes = jpeg(600)
    const { upload_id } = (await confirm(server, owner, await uploadTo(bytes), bytes)).body
    const open = (await request(server, owner, bytes, { storage_target: 'custom' })).body
    expect((await ask('DELETE')).body.removed).toBe(true)
    expect((await ask('GET')).body).toEqual(none)
    const { original_url } = (await ask('GET', undefined, owner, `/api/v2/user-files/${upload_id}`)).body
    expect((await fetch(original_url)).status).toBe(501)
    const late = await confirm(server, owner, open.object_key, bytes)
    expect([late.status, late.body.error.code]).toEqual([501, 'STORAGE_NOT_CONFIGURED'])
    expect((await ask('POST', given())).status).toBe(200)
    expect((await fetch(original_url)).status).toBe(200)
  })
})
