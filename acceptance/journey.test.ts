// The whole way by real python3 with requests: sign-up, session, plan, key, document, deletion, reset, revocation.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { read } from './support/documents.ts'
import { python } from './support/run.ts'
import { serverUnderTest } from './support/server.ts'

let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest()
})
afterAll(() => server.discard())

test('the journey works by python3', async () => {
  const { code, stdout, stderr } = await python(read('acceptance/examples/journey.py'), { AION: server.url })
  expect(`${code} ${stderr}`).toBe('0 ')
  expect(stdout).toBe('Done.\n')
})
