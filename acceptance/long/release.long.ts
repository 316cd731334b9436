// `npm run release`, twice in two places: the same bytes, sums and a signature that hold, SBOMs that name what is inside, and a server that starts.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bash } from '../support/run.ts'
import { repository, temporaryDirectory } from '../support/server.ts'

let directory: string
beforeAll(async () => {
  directory = await temporaryDirectory()
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const env = { HOME: process.env.HOME ?? '/' }
const sh = (script: string, cwd: string) => bash(script, env, cwd)
async function succeed(script: string, cwd: string): Promise<string> {
  const { code, stdout, stderr } = await sh(script, cwd)
  expect(code, stdout + stderr).toBe(0)
  return stdout
}

const released = (place: string) => join(directory, place, 'release')
const quiet = '--silent --no-audit --no-fund'

test('the same commit makes the same bytes, signed', async () => {
  await succeed(
    'ssh-keygen -q -t ed25519 -N \'\' -f key && echo "releases@example.com $(cat key.pub)" > allowed_signers',
    directory,
  )
  for (const place of ['one', 'two']) {
    await succeed(`git clone -q ${repository} ${place}`, directory)
    await succeed(`npm ci ${quiet} && npm run release -- --key ../key`, join(directory, place))
  }
  expect(await succeed('diff -r one/release two/release', directory)).toBe('')
  const files = await readdir(released('one'))
  const archives = files.filter((file) => file.endsWith('.tgz')).map((file) => file.replace(/\.tgz$/, ''))
  expect(archives.map((file) => file.replace(/-[^-]+$/, '')).sort()).toEqual([
    'aionvision-cli',
    'aionvision-sdk',
    'aionvision-server',
  ])
  for (const archive of archives) expect(files).toEqual(expect.arrayContaining([`${archive}.cdx.json`, `${archive}.spdx.json`]))
  await succeed('sha256sum --check --strict SHA256SUMS', released('one'))
  const verify = 'ssh-keygen -Y verify -f ../../allowed_signers -I releases@example.com -n file -s SHA256SUMS.sig < SHA256SUMS'
  await succeed(verify, released('one'))
  await succeed('echo >> SHA256SUMS', released('two'))
  expect((await sh(verify, released('two'))).code).not.toBe(0)
}, 1_200_000)

test('provenance names the commit and every file by its sum; an SBOM names what the server needs and nothing that builds it', async () => {
  const commit = (await succeed('git rev-parse HEAD', repository)).trim()
  const { subject, predicate } = JSON.parse(await readFile(join(released('one'), 'provenance.json'), 'utf8'))
  expect(predicate.buildDefinition.resolvedDependencies[0].digest.gitCommit).toBe(commit)
  const sums = await readFile(join(released('one'), 'SHA256SUMS'), 'utf8')
  for (const { name, digest } of subject) expect(sums).toContain(`${digest.sha256}  ${name}\n`)
  const file = (await readdir(released('one'))).find((name) => /^aionvision-server-.*\.cdx\.json$/.test(name)) ?? ''
  const { components } = JSON.parse(await readFile(join(released('one'), file), 'utf8'))
  const names = (components as { name: string; group?: string }[]).map(({ name, group }) => (group ? `${group}/${name}` : name))
  expect(names).toEqual(expect.arrayContaining(['fastify', 'pg']))
  // TypeScript is there: npm installs it for a package that reads its settings in it, if they are.
  for (const tool of ['vitest', '@biomejs/biome', 'openapi-typescript']) expect(names).not.toContain(tool)
})

test('the server starts from its archive', async () => {
  await succeed(`mkdir unpacked && tar -xzf one/release/aionvision-server-*.tgz -C unpacked --strip-components=1`, directory)
  const place = join(directory, 'unpacked')
  await succeed(`npm ci --omit=dev ${quiet}`, place)
  const script = `
    PORT=0 AION_DATA_DIR=${directory}/data node server/dist/main.js > out & server=$!
    trap 'kill $server; wait $server || true' EXIT
    for _ in $(seq 300); do grep -q http:// out && break; sleep 0.1; done
    curl -sS --fail-with-body "$(grep -oE 'http://[^ ]+' out | head -n 1)/healthz"`
  expect(await succeed(script, place)).toContain('ok')
}, 300_000)

test('what is not the commit is refused with a sentence', async () => {
  const two = join(directory, 'two')
  await writeFile(join(two, 'left-over'), '')
  const { code, stderr } = await sh('node deploy/release/release.mjs', two)
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^The working tree differs from its commit \(\?\? left-over\): /)])
})
