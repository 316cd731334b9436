// The committed promise is the one the routes make; where the public reference is at hand, every operation of ours agrees with it.
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { renderOpenapi } from './render-openapi.ts'

it('contract/openapi.json is not stale (npm run openapi writes it anew)', async () => {
  const committed = await readFile(new URL('../../contract/openapi.json', import.meta.url), 'utf8')
  expect(await renderOpenapi()).toBe(committed)
})
