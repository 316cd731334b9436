// What happens when nobody looks: orphans go, leftovers go, deletions become final, and bytes are given back.
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { call, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { inBucket } from '../../testing/s3.ts'
import { confirm, jpeg, png, put, request, upload } from '../../testing/uploads.ts'
import { uploadTasks } from './sweep.ts'

const dayMs = 24 * 3_600_000
const clock = fakeClock()
let server: TestServer
let owner: Person
beforeAll(async () => {
  server = await startTestServer({ clock })
  owner = await signUp(server)
})
afterAll(() => server?.stop())

const run = (task: string) => uploadTasks(server.deps).tasks[task]?.({})
const filesOnDisk = async () =>
  (await readdir(join(server.dataDir, 'objects'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    .length
const rows = async () => (await server.db.selectFrom('stored_objects').select('object_key').execute()).length
// All test servers share a bucket: there the rows are counted, and the conformance suite looks at the bytes.
const stored = inBucket ? rows : filesOnDisk
const bytesHeld = async () =>
  (await server.db.selectFrom('tenant_storage').select('bytes').where('tenant_id', '=', owner.tenantId).executeTakeFirst())?.bytes

it.skipIf(inBucket)('replaces a file on disk when its PUT is repeated', async () => {
  const bytes = jpeg()
  const begun = await request(server, owner, bytes)
  await put(begun.body.upload_url, bytes)
  const before = await stored()
  await put(begun.body.upload_url, bytes)
  expect(await stored()).toBe(before)
})

it('sweeps uploads that were never confirmed, and leaves the others', async () => {
  const bytes = jpeg()
  const kept = await upload(server, owner, bytes)
  const begun = await request(server, owner, bytes)
  await put(begun.body.upload_url, bytes)
  await run('sweep-uploads')
  expect((await confirm(server, owner, begun.body.object_key, jpeg(7))).body.error.code).toBe('UPLOAD_MISMATCH')
  clock.advance(3 * 3_600_000 + 60_000)
  await run('sweep-uploads')
  expect((await confirm(server, owner, begun.body.object_key, bytes)).body.error.code).toBe('OBJECT_NOT_FOUND')
  expect(await stored()).toBe(1)
  const file = await call(server, 'GET', `/api/v2/user-files/${kept}/download`, { token: owner.token })
  expect((await fetch(file.headers.get('location') ?? '')).status).toBe(200)
})

it.skipIf(inBucket)('sweeps bytes that no object names, once they are old', async () => {
  const before = await stored()
  const old = new Date(Date.now() - 2 * 3_600_000)
  for (const [folder, name] of [
    ['incoming', '11111111-1111-4111-8111-111111111111'],
    ['incoming', '22222222-2222-4222-8222-222222222222'],
  ] as const) {
    const path = join(server.dataDir, 'objects', folder, name)
    await writeFile(path, 'left over')
    if (name.startsWith('1')) await utimes(path, old, old)
  }
  const shard = (await readdir(join(server.dataDir, 'objects'))).find((name) => name !== 'incoming') ?? ''
  const path = join(server.dataDir, 'objects', shard, `${shard}333333-3333-4333-8333-333333333333`)
  await writeFile(path, 'left over')
  await utimes(path, old, old)
  expect(await stored()).toBe(before + 3)
  await run('sweep-objects')
  expect(await stored()).toBe(before + 1)
})

it('purges what was deleted 30 days ago and gives its bytes back', async () => {
  const id = await upload(server, owner, jpeg(1_000))
  const held = await bytesHeld()
  await call(server, 'DELETE', `/api/v2/user-files/${id}`, { token: owner.token })
  expect(await bytesHeld()).toBe(held)
  clock.advance(29 * dayMs)
  await run('purge-files')
  const session = await signIn()
  expect((await call(server, 'POST', `/api/v2/user-files/${id}/restore`, { token: session })).status).toBe(200)
  await call(server, 'DELETE', `/api/v2/user-files/${id}`, { token: session })
  clock.advance(31 * dayMs)
  const before = await stored()
  expect((await call(server, 'POST', `/api/v2/user-files/${id}/restore`, { token: await signIn() })).status).toBe(404)
  await run('purge-files')
  expect(await bytesHeld()).toBe((held ?? 0) - 1_000)
  expect(await stored()).toBe(before - 1)
  expect(await server.db.selectFrom('uploads').select('id').where('id', '=', id).execute()).toEqual([])
})

it('purges the variants with their image, and those whose tenant is gone', async () => {
  const before = await stored()
  const session = await signIn()
  const id = await uploadWithVariants({ token: session })
  const stranger = await signUp(server)
  await uploadWithVariants(stranger)
  expect(await stored()).toBe(before + 10)
  clock.advance(2 * 3_600_000)
  await run('sweep-uploads')
  expect(await stored()).toBe(before + 10)
  await server.db.deleteFrom('tenants').where('id', '=', stranger.tenantId).execute()
  await run('sweep-uploads')
  expect(await stored()).toBe(before + 5)
  await call(server, 'DELETE', `/api/v2/user-files/${id}`, { token: session })
  clock.advance(31 * dayMs)
  await run('purge-files')
  expect(await stored()).toBe(before)
})

it('frees the objects of a tenant that is gone', async () => {
  const person = await signUp(server)
  await upload(server, person)
  const before = await stored()
  await server.db.deleteFrom('tenants').where('id', '=', person.tenantId).execute()
  clock.advance(2 * 3_600_000)
  await run('sweep-uploads')
  expect(await stored()).toBeLessThan(before)
})

async function uploadWithVariants(person: { token: string }): Promise<string> {
  const id = await upload(server, person, png, { content_type: 'image/png', filename: 'a.png' })
  const made = () => server.db.selectFrom('files').select('variant_count').where('id', '=', id).executeTakeFirst()
  await vi.waitFor(async () => expect((await made())?.variant_count).toBe(4), 30_000)
  return id
}

/** Sessions end after a week; these tests travel further. */
async function signIn(): Promise<string> {
  const answer = await call(server, 'POST', '/api/v2/auth/session/login', {
    body: { email: owner.email, password: owner.password },
  })
  return answer.body.session_token
}
