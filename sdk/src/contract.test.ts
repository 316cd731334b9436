import { readFile } from 'node:fs/promises'
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'
import { expect, it } from 'vitest'

it('contract.ts is not stale (npm run types -w sdk writes it anew)', async () => {
  const made = astToString(await openapiTS(new URL('../../contract/openapi.json', import.meta.url)))
  expect(await readFile(new URL('contract.ts', import.meta.url), 'utf8')).toBe(COMMENT_HEADER + made)
})
