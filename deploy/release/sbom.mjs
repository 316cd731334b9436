// SBOMs of an artifact, CycloneDX and SPDX: npm's own of the whole lock file, cut down to what the artifact needs to run.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'

/**
 * Of everything, and of all platforms. Not `--omit dev`: that leaves out of one workspace what another one lists under devDependencies,
 * which here were sharp and pg.
 */
export async function readSboms(root) {
  const read = async (format) =>
    JSON.parse(await run('npm', ['sbom', '--package-lock-only', '--sbom-format', format], { cwd: root }))
  const [cyclonedx, spdx] = await Promise.all([read('cyclonedx'), read('spdx')])
  return { cyclonedx, spdx }
}

/** File names and documents. Ids and times come from the artifact and its commit instead of chance and the clock. */
export function sbomsOf({ name, file, parts }, { root, sboms, commit, digest }) {
  const own = new Map(parts.map((part) => readPart(root, part)).map((part) => [part.name, part]))
  const uuid = digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5')
  const at = new Date(commit.time * 1000).toISOString().replace('.000', '')
  const base = file.replace(/\.tgz$/, '')
  const given = { name, file, version: commit.version, own, uuid, at, digest, base }
  return { [`${base}.cdx.json`]: cutCyclonedx(sboms.cyclonedx, given), [`${base}.spdx.json`]: cutSpdx(sboms.spdx, given) }
}

function readPart(root, part) {
  const {
    name,
    dependencies = {},
    optionalDependencies = {},
  } = JSON.parse(readFileSync(join(root, part, 'package.json'), 'utf8'))
  return { name, needs: new Set(Object.keys({ ...dependencies, ...optionalDependencies })) }
}

/** Everything that can be reached from `start`; `below` answers what one of them needs. */
function reach(start, below) {
  const found = new Set()
  const open = [...start]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (found.has(one)) continue
    found.add(one)
    open.push(...below(one))
  }
  return found
}

const nameOf = (ref) => ref.replace(/@[^@]+$/, '')

function cutCyclonedx(whole, { name, version, own, uuid, at, digest }) {
  const dependsOn = new Map(whole.dependencies.map((entry) => [entry.ref, entry.dependsOn]))
  // Of what is ours, only what it needs to run; of others, npm installs nothing else.
  const below = (ref) => {
    const part = own.get(nameOf(ref))
    const all = dependsOn.get(ref) ?? []
    return part ? all.filter((each) => part.needs.has(nameOf(each))) : all
  }
  const parts = [...own.keys()].map((each) => `${each}@${version}`)
  const all = reach(parts, below)
  const main = `${name}@${version}`
  all.delete(main)
  const component = whole.components.find((each) => each['bom-ref'] === main)
  return {
    ...whole,
    serialNumber: `urn:uuid:${uuid}`,
    metadata: {
      ...whole.metadata,
      timestamp: at,
      component: { ...component, type: 'application', name, hashes: [{ alg: 'SHA-256', content: digest }] },
    },
    components: whole.components
      .filter((each) => all.has(each['bom-ref']))
      // npm names a workspace by its folder.
      .map((each) => (own.has(nameOf(each['bom-ref'])) ? { ...each, name: nameOf(each['bom-ref']) } : each)),
    dependencies: [main, ...[...all].sort()].map((ref) => ({
      ref,
      dependsOn: [...below(ref), ...(ref === main ? parts.filter((part) => part !== main) : [])],
    })),
  }
}

function cutSpdx(whole, { name, file, version, own, uuid, at, digest, base }) {
  const nameOfId = new Map(whole.packages.map((each) => [each.SPDXID, each.name]))
  const idOf = (each) => whole.packages.find((one) => one.name === each && one.versionInfo === version).SPDXID
  // "A is a dependency of B", of whatever kind.
  const edges = whole.relationships.filter(({ relationshipType }) => relationshipType !== 'DESCRIBES')
  const isNeeded = ({ spdxElementId, relatedSpdxElement }) => {
    const part = own.get(nameOfId.get(relatedSpdxElement))
    return part ? part.needs.has(nameOfId.get(spdxElementId)) : true
  }
  const needed = new Map()
  for (const edge of edges.filter(isNeeded))
    needed.set(edge.relatedSpdxElement, [...(needed.get(edge.relatedSpdxElement) ?? []), edge.spdxElementId])
  const parts = [...own.keys()].map(idOf)
  const main = idOf(name)
  const all = reach(parts, (id) => needed.get(id) ?? [])
  const describes = { spdxElementId: whole.SPDXID, relatedSpdxElement: main, relationshipType: 'DESCRIBES' }
  const contained = parts
    .filter((id) => id !== main)
    .map((id) => ({ spdxElementId: id, relatedSpdxElement: main, relationshipType: 'DEPENDENCY_OF' }))
  return {
    ...whole,
    name: base,
    documentNamespace: `http://spdx.org/spdxdocs/${base}-${uuid}`,
    creationInfo: { ...whole.creationInfo, created: at },
    documentDescribes: [main],
    packages: whole.packages
      .filter(({ SPDXID }) => all.has(SPDXID))
      .map((each) =>
        each.SPDXID === main
          ? {
              ...each,
              packageFileName: file,
              primaryPackagePurpose: 'APPLICATION',
              checksums: [{ algorithm: 'SHA256', checksumValue: digest }],
            }
          : each,
      ),
    relationships: [
      describes,
      ...contained,
      ...edges.filter((edge) => all.has(edge.spdxElementId) && all.has(edge.relatedSpdxElement) && isNeeded(edge)),
    ],
  }
}
