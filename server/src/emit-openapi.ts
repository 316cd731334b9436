// Writes contract/openapi.json from the route table; connects to nothing.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderOpenapi } from './render-openapi.ts'

const file = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'contract', 'openapi.json')
await mkdir(dirname(file), { recursive: true })
await writeFile(file, await renderOpenapi())
