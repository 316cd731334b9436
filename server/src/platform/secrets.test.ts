// The master secret: drawn once, kept private, refused where it is missing or short.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadSecrets, secretsFrom } from './secrets.ts'

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'aion-secret-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

test('is drawn on the first start with mode 0600 and is the same on the next', async () => {
  const config = { production: false, dataDir: join(dataDir, 'new'), secret: null }
  const all = await Promise.all(Array.from({ length: 8 }, () => loadSecrets(config)))
  const again = await loadSecrets(config)
  for (const one of all) expect(one.derive('sessions').equals(again.derive('sessions'))).toBe(true)
  expect((await stat(join(dataDir, 'new', 'secret'))).mode & 0o777).toBe(0o600)
  expect((await readFile(join(dataDir, 'new', 'secret'), 'utf8')).trim()).toHaveLength(64)
})

test('gives every purpose a key of its own', () => {
  const secrets = secretsFrom('a'.repeat(40))
  expect(secrets.derive('audit')).toHaveLength(32)
  expect(secrets.derive('audit').equals(secrets.derive('uploads'))).toBe(false)
  expect(secrets.derive('audit').equals(secretsFrom('b'.repeat(40)).derive('audit'))).toBe(false)
})

test('is required in production, and refused when short anywhere', async () => {
  await expect(loadSecrets({ production: true, dataDir, secret: null })).rejects.toThrow(/AION_SECRET is required in production/)
  await expect(loadSecrets({ production: false, dataDir, secret: 'short' })).rejects.toThrow(/at least 32 bytes/)
  await writeFile(join(dataDir, 'secret'), 'short')
  await expect(loadSecrets({ production: false, dataDir, secret: null })).rejects.toThrow(/shorter than 32 bytes/)
})
