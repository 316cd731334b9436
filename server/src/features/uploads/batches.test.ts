// Batches of both kinds: prepared, half sent, confirmed, recovered and given up.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answer, call, fakeClock, type Person, signUp, startTestServer, type TestServer } from '../../testing/harness.ts'
import { jpeg, pdf, put } from '../../testing/uploads.ts'

const clock = fakeClock()
let server: TestServer
let owner: Person
beforeAll(async () => {
  server = await startTestServer({ clock })
  owner = await signUp(server)
})
afterAll(() => server?.stop())

const post = (path: string, body?: unknown) =>
  call(server, 'POST', `/api/v2${path}`, { token: owner.token, ...(body !== undefined && { body }) })
const get = (path: string) => call(server, 'GET', `/api/v2${path}`, { token: owner.token })
const image = (bytes: Buffer, filename = 'a.jpg') => ({ filename, content_type: 'image/jpeg', size_bytes: bytes.length })
const document = (filename = 'a.pdf') => ({ filename, content_type: 'application/pdf', size_bytes: pdf.length })

async function prepare(files: unknown[]): Promise<{
  id: string
  urls: { upload_url: string; object_key: string; image_id: string; upload_headers: Record<string, string> }[]
  answer: Answer
}> {
  const answer = await post('/uploads/batch-prepare', { intent: 'describe', files })
  return { id: answer.body.batch_id, urls: answer.body.presigned_urls, answer }
}

it('confirms what arrived and reports what did not', async () => {
  const bytes = jpeg()
  const { id, urls, answer } = await prepare([
    image(bytes, 'one.jpg'),
    document('two.pdf'),
    image(bytes, 'three.jpg'),
    image(bytes, 'four.jpg'),
  ])
  expect(answer.status).toBe(200)
  expect(answer.body.total_size_bytes).toBe(3 * bytes.length + pdf.length)
  expect(answer.body.upload_plan).toMatchObject({ strategy: 'parallel', max_concurrent: 4 })
  expect((await get('/uploads/pending-batches')).body).toMatchObject({
    has_recoverable: true,
    batches: [{ batch_id: id, total_files: 4 }],
  })
  for (const [index, sent] of [bytes, pdf, bytes].entries()) {
    const url = urls[index]
    if (url) expect((await put(url.upload_url, sent, url.upload_headers)).status).toBe(200)
  }
  const keys = urls.map((url) => url.object_key)
  const confirmations = [
    { object_key: keys[0], success: true, file_size: bytes.length },
    { object_key: keys[1], success: true, file_size: pdf.length },
    { object_key: keys[2], success: false, file_size: bytes.length, error_message: 'the tab was closed' },
    { object_key: keys[3], success: true, file_size: bytes.length },
    { object_key: 'uploads/of/somebody/else', success: true, file_size: 1 },
    { object_key: keys[0], success: true, file_size: bytes.length },
  ]
  const confirmed = await post('/uploads/batch-confirm', { batch_id: id, confirmations })
  expect(confirmed.body).toMatchObject({
    batch_id: id,
    successful_uploads: 2,
    failed_uploads: 3,
    processing_status: 'partial',
    failed_files: ['three.jpg', 'four.jpg', 'uploads/of/somebody/else'],
  })
  expect(confirmed.body.stored_images.map((stored: { image_id: string }) => stored.image_id)).toEqual([
    urls[0]?.image_id,
    urls[1]?.image_id,
  ])
  const status = await get(`/uploads/batch/${id}/status`)
  expect(status.body).toMatchObject({
    overall_status: 'partially_completed',
    completion_percentage: 100,
    counts: { total: 4, completed: 2, failed: 2 },
    error_summary: { count: 2, messages: expect.arrayContaining(['the tab was closed']) },
  })
  const again = await post('/uploads/batch-confirm', { batch_id: id, confirmations: confirmations.slice(0, 2) })
  expect(again.body).toMatchObject({ successful_uploads: 2, failed_uploads: 0, processing_status: 'queued', failed_files: null })
  expect(again.body.stored_images).toMatchObject(
    confirmed.body.stored_images.map(({ image_id, created_at }: Record<string, unknown>) => ({ image_id, created_at })),
  )
  expect((await get('/user-files?media_types=document')).body.total_count).toBe(1)
})

it('recovers what arrived after the client was gone', async () => {
  const bytes = jpeg()
  const { id, urls } = await prepare([image(bytes), image(bytes)])
  expect((await post(`/uploads/batch/${id}/auto-recover`)).body).toMatchObject({
    status: 'nothing_to_recover',
    recovered_files: 0,
    failed_files: 0,
  })
  await put(urls[1]?.upload_url ?? '', bytes)
  expect((await post(`/uploads/batch/${id}/auto-recover`)).body).toMatchObject({
    status: 'recovered',
    recovered_files: 1,
    failed_files: 1,
  })
  expect((await post(`/uploads/batch/${id}/auto-recover`)).body.status).toBe('already_processed')
  for (const unknown of ['x', '00000000-0000-4000-8000-000000000000'])
    expect((await post(`/uploads/batch/${unknown}/auto-recover`)).body.status).toBe('not_found')
})

it('gives up batches that nobody finished', async () => {
  const { id } = await prepare([image(jpeg())])
  expect((await post('/uploads/cleanup-stale-batches')).body.cleaned_count).toBe(0)
  clock.advance(2 * 3_600_000 + 1)
  expect((await get('/uploads/stuck-uploads?stuck_minutes=60')).body).toMatchObject({
    stuck_count: 1,
    images: [{ batch_id: id, is_stuck: true }],
  })
  expect((await get('/uploads/pending-batches')).body).toEqual({ batches: [], has_recoverable: false })
  expect((await post('/uploads/cleanup-stale-batches')).body.cleaned_count).toBe(1)
  expect((await get(`/uploads/batch/${id}/status`)).body.overall_status).toBe('failed')
})

it('takes as many files as the plan says, of types it knows', async () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => image(Buffer.alloc(9), `${index}.jpg`))
  expect((await prepare(many(50))).urls).toHaveLength(50)
  expect((await prepare(many(51))).answer.status).toBe(422)
  expect((await prepare([])).answer.status).toBe(422)
  expect((await prepare([...many(1), { ...image(jpeg()), content_type: 'video/mp4' }])).answer.body.error.code).toBe(
    'UNSUPPORTED_CONTENT_TYPE',
  )
  expect((await prepare([{ ...image(jpeg()), filename: 'a/b' }])).answer.body.detail[0].loc).toEqual([
    'body',
    'files',
    0,
    'filename',
  ])
})

it('knows batches of documents', async () => {
  const prepared = await post('/document-uploads/batch-prepare', { files: [document('a.pdf'), document('b.pdf')] })
  expect(prepared.status).toBe(200)
  const [first, second] = prepared.body.presigned_urls
  expect(first).toMatchObject({ file_index: 0, filename: 'a.pdf', upload_intent_id: expect.any(String) })
  const id = prepared.body.batch_id
  expect((await get(`/document-uploads/batch/${id}/status`)).body).toMatchObject({
    status: 'pending',
    total_documents: 2,
    confirmed_documents: 0,
  })
  await put(first.upload_url, pdf, first.upload_headers)
  const body = {
    batch_id: id,
    confirmations: [
      { object_key: first.object_key, success: true, file_size: pdf.length },
      { object_key: second.object_key, success: false, file_size: pdf.length },
    ],
  }
  expect((await post('/uploads/batch-confirm', body)).status).toBe(404)
  const confirmed = await post('/document-uploads/batch-confirm', body)
  expect(confirmed.body).toMatchObject({
    processing_status: 'partial',
    failed_files: ['b.pdf'],
    documents: [{ document_id: first.upload_intent_id, document_type: 'pdf', text_extraction_status: 'pending' }],
  })
  expect((await get(`/document-uploads/batch/${id}/status`)).body).toMatchObject({
    status: 'completed',
    confirmed_documents: 1,
    failed_documents: 1,
  })
  expect((await post('/document-uploads/batch-prepare', { files: [image(jpeg())] })).body.error.code).toBe(
    'UNSUPPORTED_CONTENT_TYPE',
  )
})
