// Where the artifacts come from, as in-toto and SLSA write it down: https://slsa.dev/spec/v1.0/provenance
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'
import { sha256 } from './sums.mjs'

/** No times and no place of the checkout: what is built again elsewhere is to be the same. */
export async function provenanceOf({ root, out, commit, builder = 'urn:aionvision:builder:by-hand' }) {
  const versions = { node: process.version, npm: await run('npm', ['--version']) }
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: readdirSync(out)
      .sort()
      .map((name) => ({ name, digest: { sha256: sha256(join(out, name)) } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        // Described in docs/guide/deploying.md.
        buildType: 'urn:aionvision:npm-run-release:1',
        externalParameters: { command: 'npm ci && npm run release', tag: commit.tag },
        internalParameters: versions,
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: commit.id } },
          { name: 'package-lock.json', digest: { sha256: sha256(join(root, 'package-lock.json')) } },
        ],
      },
      runDetails: { builder: { id: builder, version: versions } },
    },
  }
}
