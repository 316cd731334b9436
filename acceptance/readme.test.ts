// The README's quick start, pasted into one bash session, leads from sign-up to an identical file; with the limits as shipped.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { snippets } from './support/documents.ts'
import { bash } from './support/run.ts'
import { serverUnderTest } from './support/server.ts'

let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest({})
})
afterAll(() => server.discard())

test('the quick start works by curl alone', async () => {
  const script = snippets('README.md', 'bash').join('\n')
  const { code, stdout, stderr } = await bash(script, { AION: server.url })
  expect(`${code} ${stderr}`).toBe('0 ')
  expect(stdout).toContain('aion_live_')
  expect(stdout.trim().endsWith('Byte for byte the same.')).toBe(true)
})
