// `npm run crash`, `npm run usage`, `npm run revocation`: the tests that take minutes, by the names given.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = join(dirname(fileURLToPath(import.meta.url)), '..')
const vitest = join(repository, 'node_modules/vitest/vitest.mjs')
const args = [vitest, 'run', '--config', 'acceptance/long/vitest.config.ts', '--root', repository, ...process.argv.slice(2)]
process.exitCode = spawnSync(process.execPath, args, { cwd: repository, stdio: 'inherit' }).status ?? 1
