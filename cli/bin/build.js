// Bundles the command line with the SDK into dist/aion.js, and does nothing when that is newer than the source.
import { readdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const sdk = join(root, '..', 'sdk')
const target = join(root, 'dist', 'aion.js')

function newest(directory) {
  let latest = 0
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs)
  return latest
}

function builtAt() {
  return statSync(target, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

export async function build() {
  const source = Math.max(newest(join(root, 'src')), newest(join(sdk, 'src')), statSync(join(root, 'package.json')).mtimeMs)
  if (builtAt() > source) return
  const { buildSync } = await import('esbuild')
  const own = `${target}.${process.pid}`
  buildSync({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outfile: own,
    alias: { '@aionvision/sdk': join(sdk, 'src', 'index.ts') },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  })
  // Two commands may build at once: each sees a whole file.
  renameSync(own, target)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
