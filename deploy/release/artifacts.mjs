// What people get: the server as the image holds it, and the SDK and the CLI as npm packs them.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { run } from './run.mjs'

/** Anew, from nothing; and the SDK is what programs that import it expect. */
export async function build(root, commit) {
  for (const part of ['server', 'web', 'sdk', 'cli']) rmSync(join(root, part, 'dist'), { recursive: true, force: true })
  const env = environment(commit)
  await Promise.all([
    run(process.execPath, ['server/bin/build.js'], { cwd: root, env }).then(() =>
      run(process.execPath, ['cli/bin/build.js'], { cwd: root, env }),
    ),
    run('npm', ['run', 'check', '--workspace', 'sdk'], { cwd: root, env }),
  ])
}

/** `npm ci --omit=dev && node server/dist/main.js` where it is unpacked. */
const serverFiles = [
  'LICENSE',
  'package.json',
  'package-lock.json',
  'server/package.json',
  'server/dist/main.js',
  'server/dist/admin.js',
  'web/dist',
]

export async function packServer({ root, out, stage, commit }) {
  const name = `aionvision-server-${commit.version}`
  for (const file of serverFiles) {
    mkdirSync(dirname(join(stage, name, file)), { recursive: true })
    cpSync(join(root, file), join(stage, name, file), { recursive: true })
  }
  const tar = join(stage, 'server.tar')
  const fixed = ['--sort=name', `--mtime=@${commit.time}`, '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX']
  await run('tar', ['--format=ustar', ...fixed, '-cf', tar, '-C', stage, name]).catch((error) => {
    throw new Error(`GNU tar is needed, because only it puts files in order. ${error.message}`)
  })
  const file = `${name}.tgz`
  writeFileSync(join(out, file), gzipSync(readFileSync(tar), { level: 9 }))
  return { name: '@aionvision/server', file, parts: ['@aionvision/server', '@aionvision/web'] }
}

/** npm gives its archives one time and one owner. What they hold is built already. */
export async function packClients({ root, out, commit }) {
  const args = ['pack', '--ignore-scripts', '--workspace', 'sdk', '--workspace', 'cli', '--pack-destination', out]
  await run('npm', args, { cwd: root, env: environment(commit) })
  return [
    { name: '@aionvision/sdk', file: `aionvision-sdk-${commit.version}.tgz`, parts: ['@aionvision/sdk'] },
    { name: '@aionvision/cli', file: `aionvision-cli-${commit.version}.tgz`, parts: ['@aionvision/cli', '@aionvision/sdk'] },
  ]
}

function environment({ time }) {
  return { SOURCE_DATE_EPOCH: String(time), TZ: 'UTC', LC_ALL: 'C', NODE_ENV: '' }
}
