// SBOMs of an artifact, CycloneDX and SPDX: npm's own of the whole lock file, cut down to what the artifact needs to run.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'

const workspaces = ['server', 'web', 'sdk', 'cli']

/**
 * Of everything, and for all platforms. Not `--omit dev`: npm 11 then leaves out of one workspace what another one names under
 * devDependencies, which here are sharp and pg.
 */
export async function readSboms(root) {
  const read = async (format) =>
    JSON.parse(await run('npm', ['sbom', '--package-lock-only', '--sbom-format', format], { cwd: root }))
  const [cyclonedx, spdx] = await Promise.all([read('cyclonedx'), read('spdx')])
  const needs = new Map(workspaces.map((part) => [`@aionvision/${part}`, readNeeds(join(root, part, 'package.json'))]))
  return { cyclonedx, spdx, needs }
}

function readNeeds(path) {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(path, 'utf8'))
  return new Set(Object.keys({ ...dependencies, ...optionalDependencies }))
}

/** By file name. Ids and times come from the artifact and its commit, where npm takes chance and the clock. */
export function sbomsOf({ name, file, parts }, { sboms, commit, digest }) {
  const base = file.replace(/\.tgz$/, '')
  const given = {
    name,
    file,
    base,
    digest,
    parts,
    version: commit.version,
    at: new Date(commit.time * 1000).toISOString().replace('.000', ''),
    uuid: digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5'),
    needs: sboms.needs,
  }
  return {
    [`${base}.cdx.json`]: cutCyclonedx(sboms.cyclonedx, given),
    [`${base}.spdx.json`]: cutSpdx(sboms.spdx, given),
  }
}

/** Of a part of ours only what it needs to run. Of others npm installs nothing else. */
function isNeeded(needs, part, dependency) {
  return needs.get(part)?.has(dependency) ?? true
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

function cutCyclonedx(whole, { name, digest, parts, version, at, uuid, needs }) {
  const nameOf = (ref) => ref.replace(/@[^@]+$/, '')
  const dependsOn = new Map(whole.dependencies.map((entry) => [entry.ref, entry.dependsOn]))
  const below = (ref) => (dependsOn.get(ref) ?? []).filter((each) => isNeeded(needs, nameOf(ref), nameOf(each)))
  const roots = parts.map((part) => `${part}@${version}`)
  const main = `${name}@${version}`
  const all = reach(roots, below)
  // npm names a workspace by its folder.
  const components = whole.components
    .filter((each) => all.has(each['bom-ref']))
    .map((each) => (needs.has(nameOf(each['bom-ref'])) ? { ...each, name: nameOf(each['bom-ref']) } : each))
  const hashes = [{ alg: 'SHA-256', content: digest }]
  return {
    ...whole,
    serialNumber: `urn:uuid:${uuid}`,
    metadata: {
      ...whole.metadata,
      timestamp: at,
      component: { ...components.find((each) => each['bom-ref'] === main), type: 'application', hashes },
    },
    components: components.filter((each) => each['bom-ref'] !== main),
    dependencies: [...all].sort().map((ref) => ({
      ref,
      dependsOn: [...below(ref), ...(ref === main ? roots.filter((root) => root !== main) : [])],
    })),
  }
}

function cutSpdx(whole, { name, file, base, digest, parts, version, at, uuid, needs }) {
  const names = new Map(whole.packages.map((each) => [each.SPDXID, each.name]))
  const idOf = (part) => whole.packages.find((each) => each.name === part && each.versionInfo === version).SPDXID
  // "A is a dependency of B", of whatever kind.
  const edges = whole.relationships.filter(
    ({ relationshipType, spdxElementId, relatedSpdxElement }) =>
      relationshipType !== 'DESCRIBES' && isNeeded(needs, names.get(relatedSpdxElement), names.get(spdxElementId)),
  )
  const below = new Map()
  for (const { relatedSpdxElement, spdxElementId } of edges)
    below.set(relatedSpdxElement, [...(below.get(relatedSpdxElement) ?? []), spdxElementId])
  const roots = parts.map(idOf)
  const main = idOf(name)
  const all = reach(roots, (id) => below.get(id) ?? [])
  const contained = roots.filter((id) => id !== main)
  const own = {
    packageFileName: file,
    primaryPackagePurpose: 'APPLICATION',
    checksums: [{ algorithm: 'SHA256', checksumValue: digest }],
  }
  return {
    ...whole,
    name: base,
    documentNamespace: `http://spdx.org/spdxdocs/${base}-${uuid}`,
    creationInfo: { ...whole.creationInfo, created: at },
    documentDescribes: [main],
    packages: whole.packages
      .filter(({ SPDXID }) => all.has(SPDXID))
      .map((each) => (each.SPDXID === main ? { ...each, ...own } : each)),
    relationships: [
      { spdxElementId: whole.SPDXID, relatedSpdxElement: main, relationshipType: 'DESCRIBES' },
      ...contained.map((id) => ({ spdxElementId: id, relatedSpdxElement: main, relationshipType: 'DEPENDENCY_OF' })),
      ...edges.filter(({ relatedSpdxElement }) => all.has(relatedSpdxElement)),
    ],
  }
}
