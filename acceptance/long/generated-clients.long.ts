// The contract is one that linters accept and generators read: docs/guide/clients.md, run as it stands with the tools of acceptance/clients.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '../support/client.ts'
import { snippets } from '../support/documents.ts'
import { bash, run } from '../support/run.ts'
import { relaxed, repository, serverUnderTest } from '../support/server.ts'

const tools = join(repository, 'acceptance/clients')
const contract = join(repository, 'contract/openapi.json')
const guide = 'docs/guide/clients.md'

let server: Awaited<ReturnType<typeof serverUnderTest>>
beforeAll(async () => {
  server = await serverUnderTest(relaxed)
})
afterAll(() => server.discard())

/** Node itself at a program of `acceptance/clients`. */
const tool = (name: string, args: string[], cwd = tools) =>
  run(process.execPath, [join(tools, 'node_modules/.bin', name), ...args], '', {}, cwd)

test.concurrent.each([
  ['redocly', ['lint', contract, '--extends', 'recommended-strict']],
  ['spectral', ['lint', contract, '--ruleset', 'spectral.yaml', '--fail-severity', 'hint']],
])('%s finds nothing to say against the contract', async (name, args) => {
  const { code, stdout, stderr } = await tool(name, args)
  expect(code, stdout + stderr).toBe(0)
})

test.concurrent.each(['openapi-fetch', '@hey-api/openapi-ts'])(
  '%s: generated, type-checked, and through the journey',
  async (name) => {
    const section = name === 'openapi-fetch' ? 0 : 1
    await mkdir(join(tools, 'dist'), { recursive: true })
    const directory = await mkdtemp(join(tools, 'dist/'))
    const env = { AION: server.url, SESSION: (await signUp(server.url)).session, HOME: process.env.HOME ?? '/' }
    const generated = await bash(snippets(guide, 'bash')[section] ?? '', env, directory)
    expect(generated.code, generated.stdout + generated.stderr).toBe(0)

    const journey = join(directory, 'journey.ts')
    await writeFile(journey, snippets(guide, 'ts')[section] ?? '')
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler']
    const checked = await tool('tsc', [...options, '--types', 'node', '--skipLibCheck', 'journey.ts'], directory)
    expect(checked.stdout).toBe('')

    const program = join(directory, 'journey.mjs')
    await build({ entryPoints: [journey], outfile: program, bundle: true, platform: 'node', format: 'esm' })
    const { stdout, stderr } = await run(process.execPath, [program], '', env, directory)
    expect(`${stderr}${stdout}`).toBe(snippets(guide, 'text')[0])
    await rm(directory, { recursive: true })
  },
)
