// Every path, variable, script and link that the documents name exists.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { documents, read } from './support/documents.ts'
import { repository } from './support/server.ts'

const files = documents()
/** Read by the acceptance suite and the tests, not by the server. */
const ours = ['AION_BASE_URL', 'AION_CHROMIUM', 'AION_TEST_DATABASE_URL', 'AION_TEST_REDIS_URL']

function named(file: string, pattern: RegExp): string[] {
  return [...new Set([...read(file).matchAll(pattern)].map((match) => match[1] ?? match[0]))]
}

test.each(files)('%s names only paths of the contract', (file) => {
  const { paths } = JSON.parse(read('contract/openapi.json')) as { paths: Record<string, unknown> }
  const templates = Object.keys(paths).map((path) => path.split('/'))
  const unknown = named(file, /\/api\/v2\/[\w\-/{}]*/g).filter((path) => {
    const wanted = path.replace(/\/$/, '').split('/')
    // A path, or a group of paths named by how they begin.
    return !templates.some((steps) =>
      wanted.every((step, index) => step === steps[index] || (steps[index]?.startsWith('{') && step !== '')),
    )
  })
  expect(unknown).toEqual([])
})

test.each(files)('%s names only variables that are read', (file) => {
  const config = read('server/src/config.ts')
  expect(named(file, /\bAION_[A-Z_]+\b/g).filter((name) => !config.includes(`'${name}'`) && !ours.includes(name))).toEqual([])
})

test('the table of settings names every variable, and no other', () => {
  const listed = named('docs/guide/self-hosting.md', /^\| `([A-Z][A-Z0-9_]+)` +\|/gm)
  const config = read('server/src/config.ts')
  const known = [
    ...new Set(
      [
        ...config.matchAll(
          /'((?:AION_[A-Z_]+)|(?:S3_[A-Z_]+)|(?:OTEL_[A-Z_]+)|HOST|PORT|DATABASE_URL|DATABASE_REPLICA_URL|REDIS_URL|SMTP_URL)'/g,
        ),
      ].map((match) => match[1] ?? ''),
    ),
  ]
  expect(listed.sort()).toEqual([...known, 'NODE_ENV'].sort())
})

test.each(files)('%s names only scripts that there are', (file) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  expect(named(file, /npm run ([a-z-]+)/g).filter((name) => !(name in scripts))).toEqual([])
})

test.each(files)('%s links only to files that there are', (file) => {
  const links = named(file, /\]\(([^)#]+)(?:#[^)]*)?\)/g).filter((link) => !link.includes(':'))
  expect(links.filter((link) => !existsSync(join(repository, dirname(file), link)))).toEqual([])
})

test.each(files)('%s names only source files that there are', (file) => {
  const paths = named(file, /`((?:server|acceptance|docs|contract|bench)\/[\w\-./]+)`/g)
  expect(paths.filter((path) => !/NNNN|THE_CODE/.test(path) && !existsSync(join(repository, path)))).toEqual([])
})
