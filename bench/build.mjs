// Bundles the server's own entry point with hot-path-app.ts in place of app.ts, beside the shipped bundle.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build as buildPages } from '../web/bin/build.js'

const server = fileURLToPath(new URL('../server/', import.meta.url))
const require = createRequire(`${server}package.json`)

/** `uncounted`: the same without the line that counts usage, to see what it costs. */
export async function buildHotPath({ uncounted = false } = {}) {
  buildPages()
  const { build } = require('esbuild')
  const outfile = `${server}dist/bench-${uncounted ? 'uncounted' : 'main'}.js`
  await build({
    absWorkingDir: server,
    entryPoints: ['src/main.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [
      {
        name: 'one-more-route',
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /\/app\.ts$/ }, ({ importer }) =>
            importer.endsWith('/server/src/server.ts')
              ? { path: fileURLToPath(new URL('hot-path-app.ts', import.meta.url)) }
              : undefined,
          )
          if (uncounted)
            onLoad({ filter: /\/server\/src\/app\.ts$/ }, ({ path }) => ({ contents: withoutCounting(path), loader: 'ts' }))
        },
      },
    ],
  })
  return outfile
}

function withoutCounting(path) {
  const source = readFileSync(path, 'utf8')
  const stripped = source.replace(/.*usage\.record\(.*\n/, '')
  if (stripped === source) throw new Error('app.ts counts usage in another line than the bench looks for')
  return stripped
}
