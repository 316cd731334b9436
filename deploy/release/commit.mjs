// What a release is made of: one commit, whole and nothing beside it, with the packages that its lock file names.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'

/** Refuses with a sentence. Answers id, time (seconds), tag (or null) and version. */
export async function readCommit(root) {
  const git = (...args) => run('git', ['-C', root, ...args])
  const changes = await git('status', '--porcelain').catch(() => {
    throw new Error('A release is made of a commit: this is no git checkout.')
  })
  if (changes !== '') {
    const [first] = changes.split('\n')
    throw new Error(
      `The working tree differs from its commit (${first.trim()}): commit or remove that, because a release is made of a commit.`,
    )
  }
  const version = oneVersion(root)
  const tags = (await git('tag', '--points-at', 'HEAD', '--list', 'v*')).split('\n').filter(Boolean)
  const tag = tags.find((name) => name === `v${version}`) ?? null
  if (tags.length > 0 && !tag) throw new Error(`The commit is tagged ${tags.join(', ')}, but package.json says ${version}.`)
  checkModules(root)
  return { id: await git('rev-parse', 'HEAD'), time: Number(await git('show', '-s', '--format=%ct', 'HEAD')), tag, version }
}

const readJson = (root, path) => JSON.parse(readFileSync(join(root, path), 'utf8'))

function oneVersion(root) {
  const { version } = readJson(root, 'package.json')
  const others = {
    ...Object.fromEntries(
      ['server', 'sdk', 'cli', 'web'].map((name) => [`${name}/package.json`, readJson(root, `${name}/package.json`).version]),
    ),
    'contract/openapi.json': readJson(root, 'contract/openapi.json').info.version,
  }
  for (const [file, other] of Object.entries(others))
    if (other !== version) throw new Error(`package.json says ${version}, but ${file} says ${other}.`)
  return version
}

/** npm keeps what it installed, and from which bytes, in node_modules/.package-lock.json. */
function checkModules(root) {
  const wanted = readJson(root, 'package-lock.json').packages
  let installed
  try {
    installed = readJson(root, 'node_modules/.package-lock.json').packages
  } catch {
    throw new Error('The packages are not installed: run npm ci.')
  }
  for (const [path, { link, optional, version, integrity }] of Object.entries(wanted)) {
    if (!path.includes('node_modules/') || link || (optional && !installed[path])) continue
    const there = installed[path]
    if (there?.version !== version || there.integrity !== integrity)
      throw new Error(`${path} is not what package-lock.json names: run npm ci.`)
  }
}
