// The import rules of ARCHITECTURE.md, held against the source: who may know whom, and who reads the environment.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = dirname(fileURLToPath(import.meta.url))
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('.long.ts'),
)

/** Every edge between two features there may be: who leans on whom. */
const edges: Readonly<Record<string, readonly string[]>> = {
  accounts: ['audit', 'sessions', 'tenants', 'rate-limits', 'second-factor'],
  sessions: ['audit', 'plans', 'tenants'],
  tenants: ['accounts', 'api-keys', 'audit', 'plans', 'sessions', 'uploads'],
  billing: ['audit', 'plans', 'tenants'],
  'api-keys': ['audit', 'plans', 'tenants', 'usage'],
  'rate-limits': [],
  uploads: ['audit', 'files', 'own-bucket', 'plans', 'tenants'],
  'own-bucket': ['files', 'tenants'],
  files: ['audit', 'plans', 'tenants', 'uploads'],
  documents: ['files'],
  'cli-login': ['accounts', 'audit', 'sessions'],
  plans: [],
  audit: [],
  operator: [],
  'second-factor': ['accounts', 'audit', 'sessions'],
  identities: ['accounts', 'audit', 'second-factor', 'sessions', 'tenants'],
  profile: ['accounts', 'audit', 'rate-limits', 'second-factor', 'sessions', 'tenants', 'uploads'],
  webhooks: ['audit', 'tenants'],
  usage: ['audit', 'plans', 'tenants', 'uploads'],
  leaks: ['api-keys', 'audit', 'tenants'],
}

function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?from\s+'(\.[^']+)'/gms)].map((match) => ({
    typeOnly: match[1] !== undefined,
    target: relative(root, join(root, dirname(file), match[2] ?? '')),
  }))
}

const layer = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : 'edge')
const feature = (file: string) => (layer(file) === 'features' ? file.split('/')[1] : undefined)

it('platform knows neither HTTP nor features, http knows features by type only, features know the declared ones', () => {
  const broken: string[] = []
  for (const file of sources)
    for (const { target, typeOnly } of importsOf(file)) {
      const [from, to] = [layer(file), layer(target)]
      const own = feature(file)
      const other = feature(target)
      if (from === 'platform' && to !== 'platform') broken.push(`${file} → ${target}`)
      if (from === 'http' && to !== 'http' && to !== 'platform' && !typeOnly) broken.push(`${file} → ${target}`)
      if (from === 'features' && to === 'edge' && !typeOnly) broken.push(`${file} → ${target}`)
      if (own && other && own !== other && !typeOnly && !edges[own]?.includes(other)) broken.push(`${file} → ${target}`)
      if (from !== 'testing' && from !== 'edge' && to === 'testing') broken.push(`${file} → ${target}`)
    }
  expect(sources.length).toBeGreaterThan(40)
  expect(broken).toEqual([])
})

it('only the process edges read the environment', () => {
  const readers = sources.filter(
    (file) => /process\.env/.test(readFileSync(join(root, file), 'utf8')) && layer(file) !== 'testing',
  )
  expect(readers.sort()).toEqual(['admin.ts', 'main.ts'])
})
