// The committed promise is the one the routes make; where the public reference is at hand, every operation of ours agrees with it.
import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import { expect, it } from 'vitest'
import { renderOpenapi } from './render-openapi.ts'

it('contract/openapi.json is not stale (npm run openapi writes it anew)', async () => {
  const committed = await readFile(new URL('../../contract/openapi.json', import.meta.url), 'utf8')
  expect(await renderOpenapi()).toBe(committed)
})

it('every schema of it compiles, which a running server finds out only at the first request', async () => {
  const document = JSON.parse(await readFile(new URL('../../contract/openapi.json', import.meta.url), 'utf8'))
  const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(document, 'openapi')
  const pointers: string[] = []
  const collect = (value: unknown, pointer: string) => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, child] of Object.entries(value)) {
      const at = `${pointer}/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`
      if (name === 'schema') pointers.push(at)
      else collect(child, at)
    }
  }
  collect(document.paths, '#/paths')
  expect(pointers.length).toBeGreaterThan(400)
  for (const pointer of pointers) expect(ajv.compile({ $ref: `openapi${pointer}` }), pointer).toBeTypeOf('function')
})
