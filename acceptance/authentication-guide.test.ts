// The steps that an existing client's guide shows, by real curl and real python3, with nothing of ours in between but host and key.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKey, signUp } from './support/client.ts'
import { read, snippets } from './support/documents.ts'
import { bash, python } from './support/run.ts'
import { serverUnderTest } from './support/server.ts'

/** A PNG of one pixel, hexadecimal. */
const pixel =
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489' +
  '0000000d4944415478da6364f8cf500f00038601805a347d6b0000000049454e44ae426082'

let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest()
})
afterAll(() => server.discard())

async function newKey(): Promise<string> {
  const owner = await signUp(server.url)
  return (await createKey(server.url, owner.session)).key
}

test('curl asks for a presigned URL', async () => {
  const KEY = await newKey()
  const { stdout } = await bash(read('acceptance/examples/presigned-request.sh'), { AION: server.url, KEY })
  const [body = '', status] = stdout.trim().split('\n').slice(-2)
  expect(status).toBe('200')
  const answer = JSON.parse(body) as Record<string, unknown>
  expect(answer).toMatchObject({
    upload_method: 'PUT',
    upload_headers: { 'Content-Type': 'image/jpeg' },
    storage_target: 'default',
  })
  expect(answer.upload_url).toMatch(/^http/)
  expect(Number(answer.max_size_bytes)).toBeGreaterThanOrEqual(1048576)
})

test('python with requests asks for a presigned URL', async () => {
  const env = { AION: server.url, AIONVISION_API_KEY: await newKey() }
  const { stdout, stderr } = await python(read('acceptance/examples/presigned_request.py'), env)
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^Upload URL: http\S+\n$/)
})

test('python honours Retry-After: one wait is enough, and it is no longer than a minute', async () => {
  const env = { AION: server.url, AIONVISION_API_KEY: await newKey() }
  const { stdout, stderr } = await python(read('acceptance/examples/retry_after.py'), env)
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^limit 30, waits 1, longest ([1-9]|[1-5]\d|60)\n$/)
}, 120_000)

test.each(['authentication.md', 'api-keys.md', 'rate-limits.md', 'plans.md', 'quick-start.md'])(
  'the snippets of docs/guide/%s work',
  async (page) => {
    const owner = await signUp(server.url)
    const { key } = await createKey(server.url, owner.session)
    const env = { AION: server.url, KEY: key, SESSION: owner.session }
    const shell = snippets(`docs/guide/${page}`, 'bash').join('\n')
    if (shell) {
      const { code, stderr, stdout } = await bash(shell, env)
      expect(`${code} ${stderr}`, stdout).toBe('0 ')
    }
    const picture = `open('pixel.png', 'wb').write(bytes.fromhex('${pixel}'))\n`
    for (const snippet of snippets(`docs/guide/${page}`, 'python')) {
      const { code, stderr } = await python(picture + snippet, env)
      expect(`${code} ${stderr}`).toBe('0 ')
    }
  },
)
