// Builds the pages into dist/, each file compressed beside itself, and does nothing when dist/ is newer than what it is made of.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const target = join(root, 'dist')
const sources = [
  'src',
  'public',
  'docs',
  'index.html',
  'package.json',
  'vite.config.ts',
  '../sdk/src',
  '../docs',
  '../contract/openapi.json',
  '../README.md',
  'measurements.ts',
]
const compressible = /\.(js|css|svg|json|txt|md)$/

function newest(path) {
  if (!existsSync(path)) return 0
  const { mtimeMs } = statSync(path)
  if (!statSync(path).isDirectory()) return mtimeMs
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0)
}

function builtAt() {
  return statSync(join(target, 'index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** In a process of its own: what the bundler loads is not kept for as long as the server lives. */
export function build() {
  if (builtAt() > Math.max(...sources.map((path) => newest(join(root, path))))) return
  const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`The pages could not be built.\n${stderr}`)
}

function compress(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) compress(path)
    else if (compressible.test(entry.name)) {
      const bytes = readFileSync(path)
      writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // Whatever it says, in tests or on a developer's machine, people get React's production build.
  process.env.NODE_ENV = 'production'
  const { build: bundle } = await import('vite')
  // Two servers may build at once: each replaces the whole.
  const own = `${target}.${process.pid}`
  await bundle({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn', build: { outDir: own, emptyOutDir: true } })
  compress(own)
  rmSync(target, { recursive: true, force: true })
  renameSync(own, target)
}
