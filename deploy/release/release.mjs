// `npm run release`: of the commit that is checked out makes release/, with SBOMs and provenance; the same commit makes the same bytes.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build, packClients, packServer } from './artifacts.mjs'
import { readCommit } from './commit.mjs'
import { provenanceOf } from './provenance.mjs'
import { run } from './run.mjs'
import { readSboms, sbomsOf } from './sbom.mjs'
import { sha256, writeJson, writeSums } from './sums.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const out = join(root, 'release')

async function main() {
  const { values } = parseArgs({ options: { key: { type: 'string' }, builder: { type: 'string' } } })
  const commit = await readCommit(root)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out)
  const stage = mkdtempSync(join(tmpdir(), 'aionvision-release-'))
  try {
    await build(root, commit)
    const [server, clients, sboms] = await Promise.all([
      packServer({ root, out, stage, commit }),
      packClients({ root, out, commit }),
      readSboms(root),
    ])
    for (const artifact of [server, ...clients])
      for (const [name, sbom] of Object.entries(
        sbomsOf(artifact, { root, sboms, commit, digest: sha256(join(out, artifact.file)) }),
      ))
        writeJson(join(out, name), sbom)
    writeJson(join(out, 'provenance.json'), await provenanceOf({ root, out, commit, builder: values.builder }))
    writeSums(out)
    if (values.key)
      await run('ssh-keygen', ['-q', '-Y', 'sign', '-f', values.key, '-n', 'file', join(out, 'SHA256SUMS')], { ask: true })
    console.log(`release/ holds ${commit.version} of ${commit.id}${values.key ? ', signed' : ', not signed (--key)'}.`)
  } catch (error) {
    rmSync(out, { recursive: true, force: true })
    throw error
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
