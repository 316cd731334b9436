// The guide to leaked keys as a finder and a scanner read it: the report kills the key, and the pattern finds keys and no noise.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, signUp } from './support/client.ts'
import { snippets } from './support/documents.ts'
import { bash, python } from './support/run.ts'
import { serverUnderTest } from './support/server.ts'

const guide = 'docs/guide/leaked-keys.md'
let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest()
})
afterAll(() => server.discard())

test(`the snippets of ${guide} work: the reported key is dead within seconds`, async () => {
  const owner = await signUp(server.url)
  const { key } = await createKey(server.url, owner.session)
  const { code, stderr, stdout } = await bash(snippets(guide, 'bash').join('\n'), { AION: server.url, KEY: key })
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  const status = async () => (await call(server.url, 'GET', '/api/v2/user-files', { token: key })).status
  for (let waited = 0; (await status()) === 200 && waited < 10_000; waited += 100) await sleep(100)
  expect(await status()).toBe(401)
})

test('the pattern and its checksum find keys of ours and nothing else', async () => {
  const owner = await signUp(server.url)
  const keys = [await createKey(server.url, owner.session), await createKey(server.url, owner.session, { environment: 'test' })]
  const [find = ''] = snippets(guide, 'python')
  const [one = '', two = ''] = keys.map(({ key }) => key)
  const text = `KEY=${one}\n"${two}",\naion_live_${'x'.repeat(38)}\n${one.slice(0, -1)}\n${one}x`
  const { stdout, stderr } = await python(`${find}\nimport os\nprint('\\n'.join(find_keys(os.environ['TEXT'])))`, { TEXT: text })
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual([one, two])
})
